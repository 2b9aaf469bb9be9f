import { describe, expect, test } from "@jest/globals";
import type { TranscriptReply } from "../../../../server/domain/processes/process.ts";
import type { ScriptedProcess } from "../../../support/claude/scriptedHost.ts";
import { minuteMs, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const reply: TranscriptReply = {
  texts: [
    { messageId: "w1", text: "I will look." },
    { messageId: "w2", text: "It is there." },
  ],
  usage: { inputTokens: 4, outputTokens: 3, cacheReadTokens: 2, cacheCreationTokens: 1 },
  durationMs: 1_234,
  numTurns: 2,
};
const said = (sessionId: string) =>
  rig.current.events(sessionId).flatMap((event) => (event.type === "message" ? [event.data] : []));

describe("F2 a reply that is in the transcript only", () => {
  test("F2: is the reply of a turn whose process died; what it had said already is not said again", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    host.written.set(turnId, reply);
    process.message("I will look.", "w1");
    const before = pool.session(sessionId).lease.expiresAt;
    await clock.run(minuteMs);
    process.crash({ code: null, signal: "SIGKILL" });
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(said(sessionId)).toEqual(reply.texts);
    expect((await pool.waitForTurn(turnId, 0)).reply).toEqual({
      messageId: "w2",
      text: "It is there.",
      costUsd: 0,
      usage: reply.usage,
      durationMs: 1_234,
      numTurns: 2,
    });
    const view = pool.session(sessionId);
    expect(view).toMatchObject({ state: "parked", turnCount: 1, tokens: { input: 7, output: 3 } });
    expect(view.lease.expiresAt).toBe(before + minuteMs);
  });

  test("F2: makes no session that answers a failing one, however often its process dies afterwards", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    for (let round = 1; round <= 8; round += 1) {
      const { turnId } = rig.current.submit({ sessionId, message: `${round}` });
      await clock.settle();
      const texts = [{ messageId: `r${round}`, text: "Done." }];
      host.written.set(turnId, { ...reply, texts });
      host.process(sessionId).crash({ code: null, signal: "SIGKILL" });
      await clock.settle();
      expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    }
    expect(rig.current.types(sessionId)).not.toContain("session.quarantined");
  });

  test("F1 F2: is the reply of a silent turn, when the process obeys the interrupt and lives on", async () => {
    await rig.current.open({ turnStallMs: 5 * minuteMs, healthIntervalMs: minuteMs });
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    host.written.set(turnId, reply);
    await clock.run(6 * minuteMs);
    expect(process.interrupts).toHaveLength(1);
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(said(sessionId)).toEqual(reply.texts);
    expect([rig.current.state(sessionId), host.process(sessionId) === process]).toEqual(["idle", true]);
    rig.current.submit({ sessionId, message: "Next" });
    expect(process.sent.at(-1)?.text).toBe("Next");
  });

  test("F1 F2: is the reply of a silent turn, when the process has to be ended", async () => {
    await rig.current.open({ turnStallMs: 5 * minuteMs, healthIntervalMs: minuteMs });
    const { clock, host } = rig.current;
    host.manners.interrupt = "deaf";
    const { sessionId, turnId } = await rig.current.busySession();
    host.written.set(turnId, reply);
    await clock.run(7 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(rig.current.types(sessionId)).toContain("session.recycled");
  });

  test("F1: a silent turn without one is stalled, as before", async () => {
    await rig.current.open({ turnStallMs: 5 * minuteMs, healthIntervalMs: minuteMs });
    const { turnId } = await rig.current.busySession();
    await rig.current.clock.run(6 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("F2: is not looked for when the owner interrupts: that turn is interrupted", async () => {
    await rig.current.open();
    const { pool, host } = rig.current;
    const { sessionId, turnId } = await rig.current.busySession();
    host.written.set(turnId, reply);
    await pool.interrupt(sessionId, undefined, { deviceId: "phone", scope: "chat" });
    expect(rig.current.ends(turnId)).toEqual(["turn.interrupted interrupted"]);
  });
});

describe("F13 a conversation that the API refuses", () => {
  const lost = { outcome: "failed" as const, failure: { code: "conversation_lost" as const, detail: "400" } };
  const promptOf = (process: ScriptedProcess) => process.sent.at(-1);

  test("F13: is begun anew once, the message runs in it, and it is said once", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "Go on" });
    process.result(lost);
    await clock.settle();
    const second = host.process(sessionId);
    expect(second.spec.claudeSessionId).not.toBe(process.spec.claudeSessionId);
    expect(promptOf(second)).toMatchObject({ text: "Go on", preamble: expect.stringContaining("Hi.") });
    second.reply("Gone on.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(rig.current.types(sessionId).filter((type) => type === "session.recovered")).toHaveLength(1);
  });

  test("F13: that is refused in the new conversation too fails the turn, instead of going round", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "Go on" });
    process.result(lost);
    await clock.settle();
    host.process(sessionId).result(lost);
    await clock.run(60 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed conversation_lost"]);
    expect(host.specs).toHaveLength(2);
    // The next message has a try of its own.
    const next = rig.current.submit({ sessionId, message: "Again" });
    host.process(sessionId).result(lost);
    await clock.settle();
    host.process(sessionId).reply("At last.");
    await clock.settle();
    expect(rig.current.ends(next.turnId)).toEqual(["turn.completed"]);
    expect(host.specs).toHaveLength(3);
  });

  test("F13: after Claude has acted in the turn is not run again; the next message begins anew", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const { turnId } = rig.current.submit({ sessionId, message: "Delete it" });
    process.startTool("t1");
    process.result(lost);
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed conversation_lost"]);
    expect(host.specs).toHaveLength(1);
  });
});
