import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { deferred, hourMs, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

/**
 * A message whose process came up in an older mode and is just being told the newer one; `answer` is Claude's word that
 * it is in force.
 */
async function startInOlderMode() {
  const { clock, host, pool } = rig.current;
  host.manners.start = "held";
  const { sessionId, turnId } = rig.current.submit({ message: "Hello", permissionMode: "acceptEdits" });
  await clock.settle();
  await pool.updateSession(sessionId, { permissionMode: "default" }, owner);
  const process = host.starts[0]!.comeUp();
  const answer = deferred();
  process.setPermissionMode = (mode) => {
    process.modes.push(mode);
    return answer.promise;
  };
  await clock.settle();
  host.manners.start = "at-once";
  expect(process.modes).toEqual(["default"]);
  return { sessionId, turnId, process, answer };
}

describe("a start during which the session is changed", () => {
  test("NET-3: gives the prompt only when the stricter mode is in force", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, process, answer } = await startInOlderMode();
    expect([process.sent, rig.current.types(sessionId).includes("session.woken")]).toEqual([[], false]);
    answer.resolve();
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello"]);
    expect(rig.current.types(sessionId)).toContain("session.woken");
  });

  test("NET-3: gives the prompt only when the newer model is in force", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    host.manners.start = "held";
    const { sessionId } = rig.current.submit({ message: "Hello", model: "claude-x" });
    await clock.settle();
    await pool.updateSession(sessionId, { model: "claude-y" }, owner);
    const process = host.starts[0]!.comeUp();
    const answer = deferred();
    const models: Array<string | null> = [];
    process.setModel = (model) => {
      models.push(model);
      return answer.promise;
    };
    await clock.settle();
    expect([models, process.modes, process.sent]).toEqual([["claude-y"], [], []]);
    answer.resolve();
    await clock.settle();
    expect(process.sent).toHaveLength(1);
  });

  test("that was not changed asks the process for nothing", async () => {
    await rig.current.open();
    const { process } = await rig.current.idleSession();
    expect([process.models, process.modes]).toEqual([[], []]);
  });

  test("fails the turn and ends the process when Claude does not take the newer mode", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process, answer } = await startInOlderMode();
    answer.reject(new DaylongError("session_busy", "Claude did not answer."));
    await clock.settle();
    expect([process.sent, process.alive, rig.current.ends(turnId)]).toEqual([
      [],
      false,
      ["turn.failed process_stopped"],
    ]);
    expect(rig.current.events(sessionId).findLast(({ type }) => type === "session.parked")?.data).toEqual({
      reason: "process_ended",
    });
    const next = rig.current.submit({ sessionId, message: "Again" });
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect([rig.current.ends(next.turnId), host.process(sessionId).spec.permissionMode]).toEqual([
      ["turn.completed"],
      "default",
    ]);
  });
});

describe("what happens while a start is under way", () => {
  test("an interrupt takes the turn back, and the process is there for the next message", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId, turnId, process, answer } = await startInOlderMode();
    await pool.interrupt(sessionId, turnId, owner);
    answer.resolve();
    await clock.settle();
    expect([process.sent, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      [],
      ["turn.interrupted interrupted"],
      "idle",
    ]);
    rig.current.submit({ sessionId, message: "Next" });
    expect(process.sent.map(({ text }) => text)).toEqual(["Next"]);
  });

  test("a close leaves nothing given, nothing said after it, and no process", async () => {
    await rig.current.open();
    const { clock, pool, host } = rig.current;
    const { sessionId, turnId, process, answer } = await startInOlderMode();
    host.manners.stop = "held";
    const closed = pool.closeSession(sessionId, owner);
    answer.resolve();
    await clock.settle();
    process.leave();
    await closed;
    expect([process.sent, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      [],
      ["turn.interrupted interrupted"],
      "closed",
    ]);
    expect(rig.current.types(sessionId).at(-1)).toBe("session.closed");
    expect([pool.active(), pool.stats().availableSlots]).toEqual([[], 3]);
  });

  test("the end of the process is the end of that start: no word of a wake, nothing given", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process, answer } = await startInOlderMode();
    host.manners.start = "held";
    process.crash();
    await clock.settle();
    // Nothing had been given: the turn waits for the next process.
    answer.resolve();
    await clock.settle();
    expect([process.sent, rig.current.ends(turnId)]).toEqual([[], []]);
    expect(rig.current.types(sessionId)).not.toContain("session.woken");
    host.starts[0]!.comeUp();
    await clock.settle();
    host.process(sessionId).reply("Hi.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(rig.current.types(sessionId).filter((type) => type === "session.woken")).toHaveLength(1);
  });

  test("a stop of the server keeps the message for the next run", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { turnId, process, answer } = await startInOlderMode();
    const stopped = pool.stop(1_000);
    answer.resolve();
    await clock.settle();
    await stopped;
    expect([process.sent, process.alive, rig.current.ends(turnId)]).toEqual([[], false, []]);
    expect(rig.current.store.turns.get(turnId)?.state).toBe("queued");
  });

  test("a project or a record that is looked at for long is not started in after the session was closed", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.stopProcesses(sessionId, owner);
    const looked = deferred<boolean>();
    host.hasTranscript = () => looked.promise;
    const starts = host.specs.length;
    const { turnId } = rig.current.submit({ sessionId, message: "Again" });
    await clock.settle();
    await pool.closeSession(sessionId, owner);
    looked.resolve(true);
    await clock.settle();
    expect([host.specs.length, rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([
      starts,
      ["turn.interrupted interrupted"],
      "closed",
    ]);
    expect(pool.stats().availableSlots).toBe(3);
  });
});

describe("what a process says before its start is over", () => {
  /** A process that has come up, which the pool takes notice of when the test settles the clock. */
  async function comingUp() {
    const { clock, host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.stopProcesses(sessionId, owner);
    host.manners.start = "held";
    const { turnId } = rig.current.submit({ sessionId, message: "Next" });
    await clock.settle();
    const process = host.starts[0]!.comeUp();
    host.manners.start = "at-once";
    return { sessionId, turnId, process };
  }

  test("may be the result of its turn: then the message is not given, and the next one is", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { sessionId, turnId, process } = await comingUp();
    const behind = rig.current.submit({ sessionId, message: "Behind" });
    process.result({ text: "Early.", messageIds: [] });
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "idle"]);
    await clock.settle();
    expect(process.sent.map(({ text }) => text)).toEqual(["Behind"]);
    process.reply("Done.");
    await clock.settle();
    expect([rig.current.ends(behind.turnId), rig.current.state(sessionId)]).toEqual([
      ["turn.completed"],
      "idle",
    ]);
  });

  test("may be the result of its turn and its end: the session is parked and the place is free", async () => {
    await rig.current.open();
    const { clock, pool, logged } = rig.current;
    const { sessionId, turnId, process } = await comingUp();
    process.result({ text: "Early.", messageIds: [] });
    process.crash({ code: 0 });
    await clock.settle();
    expect([rig.current.ends(turnId), rig.current.state(sessionId)]).toEqual([["turn.completed"], "parked"]);
    expect(pool.stats().availableSlots).toBe(3);
    expect(logged.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  test("may be a refused login: the turn runs all the same, and the process is replaced after it", async () => {
    await rig.current.open();
    const { clock } = rig.current;
    const { turnId, process } = await comingUp();
    process.refused({ kind: "login-refused" });
    await clock.settle();
    await clock.run(6_000);
    expect([process.sent.map(({ text }) => text), process.alive]).toEqual([["Next"], true]);
    process.reply("Done.");
    await clock.settle();
    expect([rig.current.ends(turnId), process.alive]).toEqual([["turn.completed"], false]);
  });

  test("is no act of the turn: a conversation that is lost then is begun anew", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, turnId, process } = await comingUp();
    const ownTurnId = process.beginOwn();
    process.message("The build is done.");
    await clock.settle();
    const failure = { code: "conversation_lost" as const, detail: "Refused." };
    process.result({ outcome: "failed", failure, messageIds: [] });
    await clock.settle();
    expect([rig.current.ends(turnId), process.alive]).toEqual([[], false]);
    expect(rig.current.ends(ownTurnId)).toEqual(["turn.failed process_stopped"]);
    host.process(sessionId).reply("Here.");
    await clock.settle();
    expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
  });
});

describe("a process that is to be brought up without a message", () => {
  /** An expired session whose process is still on its way out while it is kept alive. */
  async function keptAliveWhileLeaving() {
    const { clock, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    await clock.run(24 * hourMs);
    expect([rig.current.state(sessionId), process.stopCount]).toEqual(["expired", 1]);
    pool.keepAlive(sessionId, owner);
    host.manners.stop = "at-once";
    return { sessionId, process, starts: host.specs.length };
  }

  test("comes up when the old one is gone", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process, starts } = await keptAliveWhileLeaving();
    expect(host.specs).toHaveLength(starts);
    process.leave();
    await clock.settle();
    expect([host.specs.length, rig.current.state(sessionId), host.mostOfOneSession]).toEqual([
      starts + 1,
      "idle",
      1,
    ]);
  });

  test("comes up when the end of the old one is written, which may take longer than the end itself", async () => {
    await rig.current.open();
    const { clock, disk, host, pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    host.manners.stop = "held";
    await clock.run(24 * hourMs);
    disk.failing = true;
    process.leave();
    disk.failing = false;
    expect(pool.keepAlive(sessionId, owner).state).toBe("parked");
    await clock.settle();
    expect(host.specs).toHaveLength(1);
    await clock.run(1_000);
    expect([host.specs.length, rig.current.state(sessionId), host.mostOfOneSession]).toEqual([2, "idle", 1]);
  });

  test("does not come up for a session that was closed meanwhile", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, process, starts } = await keptAliveWhileLeaving();
    const closed = pool.closeSession(sessionId, owner);
    process.leave();
    await closed;
    await clock.settle();
    expect([host.specs.length, rig.current.state(sessionId)]).toEqual([starts, "closed"]);
  });

  test("does not come up in a pool that is stopping", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { process, starts } = await keptAliveWhileLeaving();
    const stopped = pool.stop(0);
    process.leave();
    await stopped;
    await clock.settle();
    expect(host.specs).toHaveLength(starts);
  });

  test("does not come up where its place was taken meanwhile, or a login is over", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host } = rig.current;
    const { sessionId, process, starts } = await keptAliveWhileLeaving();
    const other = rig.current.submit({ message: "Other" });
    process.leave();
    await clock.settle();
    expect(host.specs.slice(starts).map((spec) => spec.sessionId)).toEqual([other.sessionId]);
    expect([rig.current.state(sessionId), host.mostAtOnce]).toEqual(["parked", 1]);
    host.process(other.sessionId).refused({ kind: "login-refused" });
    await clock.settle();
    await clock.run(23 * hourMs);
    rig.current.pool.keepAlive(sessionId, owner);
    expect(host.specs).toHaveLength(starts + 1);
  });

  test("is not brought up twice, nor beside one that is there", async () => {
    await rig.current.open();
    const { clock, host, pool } = rig.current;
    const { sessionId, process, starts } = await keptAliveWhileLeaving();
    const asked = [pool.contextUse(sessionId), pool.contextUse(sessionId)];
    process.leave();
    await Promise.all(asked);
    await clock.settle();
    expect([host.specs.length, host.mostOfOneSession]).toEqual([starts + 1, 1]);
  });
});

describe("advancing that fails", () => {
  test("is tried again after a second, once, and the messages run in their order", async () => {
    await rig.current.open();
    const { clock, disk, host } = rig.current;
    disk.plan(false, true, false, true);
    const first = rig.current.submit({ message: "first" });
    expect([host.specs.length, first.state]).toEqual([0, "running"]);
    const second = rig.current.submit({ message: "second" });
    expect(rig.current.logged.filter((line) => line === "error pool.advance_failed")).toHaveLength(2);
    await clock.run(999);
    expect(host.specs).toEqual([]);
    const before = clock.armed;
    await clock.run(1);
    expect(host.specs.map((spec) => spec.sessionId)).toEqual([first.sessionId, second.sessionId]);
    expect(clock.armed).toBeLessThan(before);
  });

  test("is tried until it is written, and not any more when the pool has stopped", async () => {
    await rig.current.open();
    const { clock, disk, host, pool } = rig.current;
    disk.plan(false, true, true, true, true);
    rig.current.submit({ message: "first" });
    await clock.run(2_000);
    expect(host.specs).toEqual([]);
    const stopped = pool.stop(0);
    await clock.settle();
    await stopped;
    await clock.run(10_000);
    expect([host.specs, clock.armed]).toEqual([[], 0]);
  });
});

describe("the timer of scheduled messages", () => {
  test("is armed again after each, and a message that is due goes although advancing failed at that moment", async () => {
    await rig.current.open();
    const { clock, disk } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const at = clock.now();
    for (const minutes of [5, 10])
      rig.current.submit({ sessionId, message: `${minutes}`, sendAt: at + minutes * minuteMs });
    await clock.run(5 * minuteMs - 1);
    expect(process.sent).toHaveLength(1);
    disk.plan(true);
    await clock.run(1);
    expect(process.sent).toHaveLength(1);
    await clock.run(1_000);
    process.reply("Five.");
    await clock.run(5 * minuteMs - 1_001);
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "5"]);
    await clock.run(1);
    expect(process.sent.map(({ text }) => text)).toEqual(["Hello", "5", "10"]);
  });

  test("has one timer however many are scheduled, none when none is left", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(1_000);
    const before = clock.armed;
    const turns = [1, 2, 3].map((hours) =>
      rig.current.submit({ sessionId, message: "Later", sendAt: clock.now() + hours * hourMs }),
    );
    expect(clock.armed).toBe(before + 1);
    for (const { turnId } of turns) pool.cancelTurn(sessionId, turnId, owner);
    await clock.run(minuteMs);
    expect(clock.armed).toBe(before);
  });
});

describe("places", () => {
  test("that are being vacated go to those that wait longest, and one more has to go for each further one", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock, host } = rig.current;
    const older = await rig.current.idleSession();
    await clock.run(minuteMs);
    const newer = await rig.current.idleSession();
    host.manners.stop = "held";
    const first = rig.current.submit({ message: "first" });
    expect([older.process.stopCount, newer.process.stopCount]).toEqual([1, 0]);
    const second = rig.current.submit({ message: "second" });
    expect([older.process.stopCount, newer.process.stopCount]).toEqual([1, 1]);
    newer.process.leave();
    await clock.settle();
    older.process.leave();
    await clock.settle();
    expect(host.live().map(({ spec }) => spec.sessionId)).toEqual([first.sessionId, second.sessionId]);
    expect(host.mostAtOnce).toBe(2);
  });

  test("of a lowered number are vacated by the longest idle, no more than are too many", async () => {
    await rig.current.open({ maxConcurrentSessions: 3 });
    const { clock, host } = rig.current;
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      ids.push((await rig.current.idleSession()).sessionId);
      await clock.run(1_000);
    }
    host.manners.stop = "held";
    await rig.current.changeLimits({ maxConcurrentSessions: 2 });
    await rig.current.changeLimits({ maxConcurrentSessions: 2 });
    expect(host.processes.map(({ stopCount }) => stopCount)).toEqual([1, 0, 0]);
    await rig.current.changeLimits({ maxConcurrentSessions: 1 });
    expect(host.processes.map(({ stopCount }) => stopCount)).toEqual([1, 1, 0]);
  });
});

test("a process that took long to come up without a message is idle from then on, not from its start", async () => {
  await rig.current.open({ sessionIdleMs: minuteMs, resourceSampleMs: 5_000 });
  const { clock, host, pool } = rig.current;
  const { sessionId } = await rig.current.idleSession();
  await pool.stopProcesses(sessionId, owner);
  host.manners.start = "held";
  const asked = pool.contextUse(sessionId);
  await clock.run(50_000);
  host.starts[0]!.comeUp();
  await asked;
  await clock.run(50_000);
  expect(rig.current.state(sessionId)).toBe("idle");
  await clock.run(15_000);
  expect(rig.current.state(sessionId)).toBe("parked");
});
