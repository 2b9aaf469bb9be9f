import { describe, expect, test } from "@jest/globals";
import type { TranscriptReply } from "../../../../server/domain/processes/process.ts";
import { deferred, hourMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

const written = (text: string): TranscriptReply => ({
  texts: [{ messageId: "written-1", text }],
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 1,
  numTurns: 1,
});

/** A turn whose process has crashed, while Claude's record is still being read for its answer. */
async function crashedAndRead() {
  const { clock, host } = rig.current;
  const { sessionId, turnId, process } = await rig.current.busySession();
  const read = deferred<TranscriptReply | undefined>();
  host.replyInTranscript = () => read.promise;
  process.crash();
  await clock.settle();
  return { sessionId, turnId, process, read };
}

describe("a process that ended, while Claude's record is read", () => {
  test("keeps its place, and no second process of its session is started", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool } = rig.current;
    const { sessionId, turnId, read } = await crashedAndRead();
    const next = rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    expect([next.state, host.specs.length, pool.stats().availableSlots]).toEqual(["queued", 1, 0]);
    expect(rig.current.ends(turnId)).toEqual([]);
    read.resolve(undefined);
    await clock.settle();
    expect([rig.current.ends(turnId), host.process(sessionId).sent.length]).toEqual([
      ["turn.failed process_crashed"],
      1,
    ]);
  });

  test("ends the turn once when the session was closed meanwhile, which stays closed", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, read } = await crashedAndRead();
    const closed = pool.closeSession(sessionId, owner);
    read.resolve(written("Too late."));
    await closed;
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.interrupted interrupted"],
      "closed",
    ]);
    expect([rig.current.types(sessionId).at(-1), pool.stats().availableSlots]).toEqual(["session.closed", 3]);
    expect(rig.current.over).toEqual([sessionId]);
  });

  test("ends the turn once when the lease ended meanwhile, which stays expired", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, read } = await crashedAndRead();
    await clock.run(24 * hourMs + 10_000);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed lease_expired"]);
    read.resolve(written("Too late."));
    await clock.settle();
    expect([rig.current.ends(turnId).length, rig.current.state(sessionId)]).toEqual([1, "expired"]);
    expect([rig.current.types(sessionId).at(-1), pool.active()]).toEqual(["session.expired", []]);
  });

  test("ends the turn once when the owner stopped it meanwhile", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, read } = await crashedAndRead();
    const stopped = pool.stopProcesses(sessionId, owner);
    read.resolve(written("Too late."));
    expect(await stopped).toEqual([sessionId]);
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.interrupted interrupted"],
      "parked",
    ]);
  });

  test("the reply that is found is the turn's, moves the lease, and is no crash", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, read } = await crashedAndRead();
    await clock.run(hourMs);
    read.resolve(written("Here it is."));
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(pool.session(sessionId)).toMatchObject({
      state: "parked",
      lease: { expiresAt: clock.now() + 24 * hourMs, warnAt: clock.now() + 20 * hourMs },
    });
    await clock.run(20 * hourMs - 1);
    expect(rig.current.types(sessionId)).not.toContain("session.expiring");
    await clock.run(1);
    expect(rig.current.types(sessionId)).toContain("session.expiring");
  });
});

describe("a silent turn that obeyed its interrupt, while Claude's record is read", () => {
  const stalling = {
    resourceSampleMs: 600_000,
    healthIntervalMs: 30_000,
    turnStallMs: 60_000,
    drainMs: 60_000,
  };

  /** The reads of the record, in their order. */
  async function stalledAndRead() {
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const reads = [deferred<TranscriptReply | undefined>(), deferred<TranscriptReply | undefined>()];
    let count = 0;
    host.replyInTranscript = () => reads[count++]!.promise;
    await clock.run(60_000);
    expect([process.interrupts.length, count]).toEqual([1, 1]);
    return { sessionId, turnId, process, reads };
  }

  test("a process that dies meanwhile ends the turn once", async () => {
    await rig.current.open(stalling);
    const { clock, pool } = rig.current;
    const { sessionId, turnId, process, reads } = await stalledAndRead();
    process.crash();
    await clock.settle();
    reads[1]!.resolve(undefined);
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
    const next = rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    reads[0]!.resolve(written("Too late."));
    await clock.settle();
    expect([rig.current.ends(turnId).length, rig.current.state(sessionId)]).toEqual([1, "busy"]);
    rig.current.host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect([rig.current.ends(next.turnId), pool.active().length]).toEqual([["turn.completed"], 1]);
  });

  test("a session that is closed meanwhile stays closed, its turn ended once", async () => {
    await rig.current.open(stalling);
    const { clock, pool } = rig.current;
    const { sessionId, turnId, reads } = await stalledAndRead();
    const closed = pool.closeSession(sessionId, owner);
    await clock.settle();
    reads[0]!.resolve(written("Too late."));
    await closed;
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.interrupted interrupted"],
      "closed",
    ]);
  });
});

describe("what the log says of a process that is gone", () => {
  const last = (sessionId: string) => {
    const { type, data } = rig.current.events(sessionId).at(-1)!;
    return [type, data];
  };

  test("between turns: parked after an orderly end, crashed with the code or the signal after another", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const orderly = await rig.current.idleSession();
    orderly.process.crash({ code: 0 });
    const coded = await rig.current.idleSession();
    coded.process.crash({ code: 3 });
    const killed = await rig.current.idleSession();
    killed.process.crash({ code: null, signal: "SIGKILL" });
    await clock.settle();
    expect([last(orderly.sessionId), last(coded.sessionId), last(killed.sessionId)]).toEqual([
      ["session.parked", { reason: "process_ended" }],
      ["session.crashed", { detail: "Claude ended with exit code 3." }],
      ["session.crashed", { detail: "Claude ended by SIGKILL." }],
    ]);
  });

  test("in a turn an orderly end is a crash, and the turn fails with its words", async () => {
    await rig.current.open();
    const { sessionId, turnId, process } = await rig.current.busySession();
    process.crash({ code: 0 });
    await rig.current.clock.settle();
    expect(last(sessionId)).toEqual(["session.crashed", { detail: "Claude ended with exit code 0." }]);
    expect(rig.current.store.turns.get(turnId)?.error).toEqual({
      code: "process_crashed",
      detail: expect.stringContaining("Claude ended with exit code 0 in the middle of this turn."),
    });
  });

  test("says the first reason of its end, whatever is asked of it on its way out", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    rig.current.submit({ message: "Other" });
    const stopped = pool.stopProcesses(sessionId, owner);
    expect(process.stopCount).toBe(1);
    process.leave();
    await stopped;
    await clock.settle();
    expect(last(sessionId)).toEqual(["session.parked", { reason: "evicted" }]);
  });

  test("a prompt that was given to a process that is stopped for another reason fails as stopped", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    host.manners.interrupt = "deaf";
    const interrupted = rig.current.pool.interrupt(sessionId, turnId, owner);
    await clock.run(5_000);
    await clock.run(5_000);
    await interrupted;
    expect([process.alive, rig.current.ends(turnId), last(sessionId)]).toEqual([
      false,
      ["turn.interrupted interrupted"],
      ["session.parked", { reason: "process_ended" }],
    ]);
  });
});
