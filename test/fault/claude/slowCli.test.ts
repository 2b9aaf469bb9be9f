import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { owner, refusal } from "../../integration/pool/rig.ts";
import { eventually, processesOf } from "../../support/server/daylongServer.ts";
import { HostRig } from "./hostRig.ts";

/** Many times what a stand-in needs to come up on a busy machine; the server's own is a minute. */
const startDeadlineMs = 4_000;

let rig: HostRig;
afterEach(async () => {
  const { bench } = rig;
  await rig.close();
  expect(processesOf(bench)).toEqual([]);
});

describe("F14 a transcript that is too large to be resumed", () => {
  const standInTranscript = (sessionId: string) =>
    join(rig.bench.home, ".claude/projects/stand-in", `${sessionId}.jsonl`);

  test("F14: the start is bounded; the message runs once, in a new conversation that was told of the old one, said once", async () => {
    rig = new HostRig({ host: { startDeadlineMs } });
    await rig.pool.start();
    const { sessionId } = await rig.ask("Remember the number 42");
    await rig.pool.stopProcesses(sessionId, owner);
    truncateSync(standInTranscript(sessionId), 21 * 1_048_576);
    // The stand-in would hang for ever: that there is an answer is what shows the bound.
    const turn = await rig.ask("first?", sessionId);
    expect(turn.state).toBe("completed");
    // What the new conversation heard first.
    expect(turn.reply?.text).toContain("User: Remember the number 42");
    expect(turn.reply?.text.endsWith("first?")).toBe(true);
    const told = rig.events(sessionId);
    expect(told.filter((event) => event.type === "session.recovered")).toHaveLength(1);
    const ends = told.filter((event) => event.turnId === turn.turnId && /completed|failed/.test(event.type));
    expect(ends.map((event) => event.type)).toEqual(["turn.completed"]);
    // From then on the new conversation is resumed like any other, and quickly.
    await rig.pool.stopProcesses(sessionId, owner);
    expect((await rig.ask("And now?", sessionId)).reply?.text).toBe("You said: And now?");
    expect(rig.events(sessionId).filter((event) => event.type === "session.recovered")).toHaveLength(1);
  });

  test("F14 F18: a start that hangs with a small transcript is a failed start, and the conversation is kept", async () => {
    rig = new HostRig({ host: { startDeadlineMs } });
    await rig.pool.start();
    const { sessionId } = await rig.ask("Hello");
    await rig.ask("hang-on-resume", sessionId);
    await rig.pool.stopProcesses(sessionId, owner);
    const turn = await rig.ask("first?", sessionId);
    expect(turn).toMatchObject({ state: "failed", error: { code: "process_start_failed" } });
    expect(rig.events(sessionId).filter((event) => event.type === "session.recovered")).toEqual([]);
  });
});

describe("S22 a CLI that answers a change of its settings late", () => {
  test("S22: the change is refused without its answer, and in the end the CLI has what the store has", async () => {
    rig = new HostRig({ host: { orderDeadlineMs: 250 } });
    await rig.pool.start();
    const pass = join(rig.bench.dir, "pass");
    const { sessionId } = await rig.ask(`held-orders ${pass}`);
    const change = { model: "claude-other", permissionMode: "plan" as const };
    // There is no answer before the pass: whoever waited for it would wait for ever.
    expect(await refusal(() => rig.pool.updateSession(sessionId, change, owner))).toBe("session_busy");
    expect(rig.pool.session(sessionId)).toMatchObject({ model: null, permissionMode: "default" });
    const settings = async () => (await rig.ask("settings?", sessionId)).reply?.text;
    writeFileSync(pass, "");
    await eventually("it took the late one", async () => (await settings()) === "claude-other default");
    await eventually("it was told again what holds", async () => {
      writeFileSync(pass, "");
      return (await settings()) === "default default";
    });
    expect(rig.pool.session(sessionId)).toMatchObject({ model: null, permissionMode: "default" });
  });
});
