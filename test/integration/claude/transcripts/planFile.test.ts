import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { withPlan } from "../../../../server/claude/transcripts/planFile.ts";
import type { PermissionRequest } from "../../../../server/domain/processes/process.ts";
import { ManualClock } from "../../../support/manualClock.ts";

let configDir: string;
const clock = new ManualClock();
const ask: PermissionRequest = {
  turnId: "turn",
  toolName: "ExitPlanMode",
  toolUseId: "t",
  title: "Claude has made a plan",
  input: {},
  suggestions: [],
  signal: new AbortController().signal,
};
const note = (planFilePath: string) => ({
  type: "attachment",
  attachment: { type: "plan_mode", planFilePath },
});
const planOf = async (...lines: unknown[]) => {
  const folder = join(configDir, "projects", "-work");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "c1.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const asked = await withPlan(ask, "c1", { clock, environment: { CLAUDE_CONFIG_DIR: configDir } });
  expect(clock.armed).toBe(0);
  return asked.plan;
};

beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), "daylong-plan-"));
  mkdirSync(join(configDir, "plans"));
});
afterEach(() => rmSync(configDir, { recursive: true, force: true }));

test("P02: the plan is what Claude wrote into the file that the CLI named last", async () => {
  const [first, second] = ["a.md", "b.md"].map((name) => join(configDir, "plans", name));
  writeFileSync(first!, "the first plan");
  writeFileSync(second!, "# The plan\n1. touch\n");
  expect(await planOf(note(first!), { type: "user" }, note(second!))).toBe("# The plan\n1. touch");
});

test("P02: without a file, or without a transcript, there is no plan to add", async () => {
  expect(await planOf(note(join(configDir, "plans", "none.md")))).toBeUndefined();
  expect(await planOf({ type: "user" })).toBeUndefined();
  const parts = { clock, environment: { CLAUDE_CONFIG_DIR: configDir } };
  expect(await withPlan(ask, "unknown", parts)).toBe(ask);
  const other = { ...ask, toolName: "Bash" };
  expect(await withPlan(other, "c1", parts)).toBe(other);
});

test("P02 A08: what a transcript says leads to no file but a plan of Claude's own", async () => {
  const secret = join(configDir, "secret.md");
  writeFileSync(secret, "secret");
  const plan = join(configDir, "plans", "p.md");
  writeFileSync(plan, "plan");
  expect(await planOf(note(secret))).toBeUndefined();
  expect(await planOf(note(join(configDir, "plans", "..", "secret.md")))).toBeUndefined();
  // Words of a tool's input that look like the CLI's note.
  expect(
    await planOf({ type: "assistant", input: { attachment: { type: "plan_mode" }, planFilePath: plan } }),
  ).toBeUndefined();
});
