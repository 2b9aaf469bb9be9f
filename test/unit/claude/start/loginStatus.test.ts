import { expect, test } from "@jest/globals";
import { type LoginStatus, LoginWatch } from "../../../../server/claude/start/loginStatus.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const out: LoginStatus = { state: "out", detail: "Not logged in: run daylong login." };
const inside: LoginStatus = { state: "in", method: "claude.ai", detail: "Logged in." };

const watchOf = (answers: LoginStatus[], environment: Record<string, string> = {}) => {
  const clock = new ManualClock();
  let asked = 0;
  const ask = async () => answers[Math.min(asked++, answers.length - 1)]!;
  return { clock, watch: new LoginWatch({ clock, environment, ask }), asked: () => asked };
};

test("START-2: a missing login is known after one look, and noticed when it is there", async () => {
  const { clock, watch, asked } = watchOf([out, inside]);
  expect(watch.fault).toBeUndefined();
  await watch.look();
  expect([watch.fault, asked()]).toEqual([out.detail, 1]);
  clock.advance(10_001);
  expect(watch.fault).toBe(out.detail);
  await Promise.resolve();
  await Promise.resolve();
  expect([watch.fault, asked()]).toEqual([undefined, 2]);
});

test("START-2: health reports in quick succession ask the CLI once", async () => {
  const { watch, asked } = watchOf([out]);
  await watch.look();
  for (let report = 0; report < 5; report++) expect(watch.fault).toBe(out.detail);
  expect(asked()).toBe(1);
});

test.each([
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
])("START-2: with %s the CLI is not asked", async (name) => {
  const { watch, asked } = watchOf([out], { [name]: "set" });
  await watch.look();
  expect([watch.fault, asked()]).toEqual([undefined, 0]);
});

test("START-2: a CLI that says nothing that can be read is no fault of the login", async () => {
  const { watch } = watchOf([{ state: "unknown", detail: "The CLI did not answer." }]);
  await watch.look();
  expect(watch.fault).toBeUndefined();
});
