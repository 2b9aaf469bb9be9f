import { describe, expect, test } from "@jest/globals";
import { minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S24 messages behind one another", () => {
  test("run one at a time in the order they came, on one process", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const waiting = ["a", "b", "c"].map((message) => rig.current.submit({ sessionId, message }));
    expect(waiting.map(({ state, queuePosition }) => [state, queuePosition])).toEqual([
      ["queued", 1],
      ["queued", 2],
      ["queued", 3],
    ]);
    expect(process.sent).toHaveLength(1);
    for (const text of ["Work", "a", "b", "c"]) {
      expect(process.sent.at(-1)?.text).toBe(text);
      process.reply("Done.");
      await clock.settle();
    }
    for (const { turnId } of waiting) expect(rig.current.ends(turnId)).toEqual(["turn.completed"]);
    expect(host.specs).toHaveLength(1);
    expect(rig.current.state(sessionId)).toBe("idle");
  });

  test("wait while the process still starts, and the first is not overtaken", async () => {
    await rig.current.open();
    const { clock, host } = rig.current;
    host.manners.start = "held";
    const { sessionId } = rig.current.submit({ message: "first" });
    rig.current.submit({ sessionId, message: "second" });
    await clock.settle();
    const process = host.starts[0]!.comeUp();
    await clock.settle();
    process.reply("Done.");
    await clock.settle();
    expect(process.sent.map((prompt) => prompt.text)).toEqual(["first", "second"]);
  });

  test("are cancelled one by one, and only while they wait", async () => {
    await rig.current.open();
    const { pool, clock } = rig.current;
    const { sessionId, turnId, process } = await rig.current.busySession();
    const waiting = rig.current.submit({ sessionId, message: "a" });
    const behind = rig.current.submit({ sessionId, message: "b" });
    pool.cancelTurn(sessionId, waiting.turnId, owner);
    pool.cancelTurn(sessionId, waiting.turnId, owner);
    expect(rig.current.ends(waiting.turnId)).toEqual(["turn.cancelled"]);
    expect(await refusal(() => pool.cancelTurn(sessionId, turnId, owner))).toBe("turn_not_cancellable");
    expect(await refusal(() => pool.cancelTurn("other", behind.turnId, owner))).toBe("turn_not_found");
    process.reply("Done.");
    await clock.settle();
    expect(process.sent.map((prompt) => prompt.text)).toEqual(["Work", "b"]);
  });
});

describe("S09 S14 the places of the pool", () => {
  const busySessions = (count: number) =>
    Promise.all(Array.from({ length: count }, () => rig.current.busySession()));

  test("are never more than the cap, starting and stopping processes included", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock, host, pool } = rig.current;
    host.manners.start = "held";
    for (let index = 0; index < 5; index += 1) rig.current.submit({ message: `Number ${index}` });
    await clock.settle();
    expect(host.starts).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ totalSessions: 2, availableSlots: 0, queuedTurns: 3 });
    host.manners.stop = "held";
    for (const start of [...host.starts]) start.comeUp();
    await clock.settle();
    for (const process of host.live()) process.reply("Done.");
    await clock.settle();
    expect(host.processes.map((process) => process.stopCount)).toEqual([1, 1]);
    expect(host.starts).toHaveLength(0);
    host.processes[0]!.leave();
    await clock.settle();
    expect(host.starts).toHaveLength(1);
    expect(host.mostAtOnce).toBe(2);
  });

  test("are made by the session that has been idle longest, and it keeps its context", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock, host } = rig.current;
    const older = await rig.current.idleSession();
    await clock.run(minuteMs);
    const newer = await rig.current.idleSession();
    await clock.run(minuteMs);
    rig.current.submit({ sessionId: older.sessionId, message: "Again" });
    older.process.reply("Yes.");
    await clock.settle();
    const third = rig.current.submit({ message: "Third" });
    expect(third.state).toBe("queued");
    await clock.settle();
    expect([older.process.alive, newer.process.alive]).toEqual([true, false]);
    expect(rig.current.state(newer.sessionId)).toBe("parked");
    expect(rig.current.events(newer.sessionId).at(-1)?.data).toEqual({ reason: "evicted" });
    host.process(third.sessionId).reply("Done.");
    await clock.settle();
    rig.current.submit({ sessionId: newer.sessionId, message: "Back" });
    await clock.settle();
    expect(host.process(newer.sessionId).resumed).toBe(true);
    expect(host.mostAtOnce).toBe(2);
  });

  test("are never taken from a session at work", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const busy = await busySessions(2);
    const third = rig.current.submit({ message: "Third" });
    await rig.current.clock.run(minuteMs);
    expect(busy.map(({ process }) => process.stopCount)).toEqual([0, 0]);
    expect(third).toMatchObject({ state: "queued", queuePosition: 1 });
    busy[1]!.process.reply("Done.");
    await rig.current.clock.settle();
    expect(rig.current.host.process(third.sessionId).sent).toHaveLength(1);
  });

  test("go to whoever has waited longest, not to the next message of who had one", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { clock, host } = rig.current;
    const first = await rig.current.busySession();
    const other = rig.current.submit({ message: "Other" });
    const own = rig.current.submit({ sessionId: first.sessionId, message: "Mine again" });
    first.process.reply("Done.");
    await clock.settle();
    expect(host.process(other.sessionId).sent).toHaveLength(1);
    host.process(other.sessionId).reply("Done.");
    await clock.settle();
    expect(host.process(own.sessionId).sent.map((prompt) => prompt.text)).toEqual(["Mine again"]);
    expect(host.mostAtOnce).toBe(1);
  });

  test("that are being vacated are not made a second time", async () => {
    await rig.current.open({ maxConcurrentSessions: 2 });
    const { clock, host } = rig.current;
    const one = await rig.current.idleSession();
    await clock.run(1);
    const two = await rig.current.idleSession();
    host.manners.stop = "held";
    rig.current.submit({ message: "Third" });
    await clock.settle();
    rig.current.submit({ sessionId: one.sessionId, message: "Back, behind the third" });
    await clock.settle();
    expect([one.process.stopCount, two.process.stopCount]).toEqual([1, 0]);
  });

  test("are refused with pool_full and a time to come back when the queue is full as well", async () => {
    await rig.current.open({ maxConcurrentSessions: 1, maxQueuedTurns: 2 });
    const { pool, clock } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    rig.current.submit({ sessionId, message: "a" });
    rig.current.submit({ message: "b" });
    expect(pool.health().state).toBe("degraded");
    const before = rig.current.store.events.tip();
    expect(() => rig.current.submit({ message: "c" })).toThrow(
      expect.objectContaining({ code: "pool_full", status: 503, retryAfterMs: 10_000 }),
    );
    expect(rig.current.store.events.tip()).toBe(before);
    process.reply("Done.");
    await clock.settle();
    expect(rig.current.submit({ message: "c" }).state).toBe("queued");
  });
});

describe("S15 a session without work", () => {
  test("is parked after its time, and not while it works", async () => {
    await rig.current.open({ sessionIdleMs: 10 * minuteMs });
    const { clock } = rig.current;
    const idle = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    await clock.run(9 * minuteMs);
    expect(idle.process.alive).toBe(true);
    await clock.run(2 * minuteMs);
    expect([idle.process.alive, busy.process.alive]).toEqual([false, true]);
    expect(rig.current.events(idle.sessionId).at(-1)).toMatchObject({
      type: "session.parked",
      data: { reason: "idle" },
    });
  });

  test("keeps its process for good when parking is off", async () => {
    await rig.current.open();
    const { process } = await rig.current.idleSession();
    await rig.current.clock.run(19 * 60 * minuteMs);
    expect(process.alive).toBe(true);
  });
});

describe("S09: limits that change while the pool runs", () => {
  test("S09: with fewer places the longest idle processes go at once, and a busy one when it is idle", async () => {
    await rig.current.open({ maxConcurrentSessions: 3 });
    const { clock, host } = rig.current;
    const first = await rig.current.idleSession();
    await clock.run(1_000);
    const second = await rig.current.idleSession();
    const busy = await rig.current.busySession();
    expect(host.live()).toHaveLength(3);

    await rig.current.changeLimits({ maxConcurrentSessions: 2 });
    expect([first, second, busy].map(({ sessionId }) => rig.current.state(sessionId))).toEqual([
      "parked",
      "idle",
      "busy",
    ]);
    await rig.current.changeLimits({ maxConcurrentSessions: 1 });
    expect([second, busy].map(({ sessionId }) => rig.current.state(sessionId))).toEqual(["parked", "busy"]);
    busy.process.reply("Done.");
    await clock.settle();
    expect(rig.current.ends(busy.turnId)).toEqual(["turn.completed"]);
    expect(rig.current.pool.stats()).toMatchObject({ maxSessions: 1, totalSessions: 1 });
  });

  test("S09: with more places what waited for one runs at once", async () => {
    await rig.current.open({ maxConcurrentSessions: 1 });
    const { host } = rig.current;
    await rig.current.busySession();
    const waiting = rig.current.submit({ message: "Wait" });
    expect(waiting.state).toBe("queued");
    await rig.current.changeLimits({ maxConcurrentSessions: 2 });
    expect(rig.current.state(waiting.sessionId)).toBe("busy");
    expect(host.live()).toHaveLength(2);
  });

  test("S09: leases and permissions that begin after the change have the new length", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    await rig.current.changeLimits({
      sessionTimeoutMs: 30 * minuteMs,
      sessionWarningMs: 20 * minuteMs,
      sessionFinalWarningMs: 0,
      permissionTimeoutMs: minuteMs,
    });
    const { sessionId, process } = await rig.current.busySession();
    expect(store.sessions.get(sessionId)?.lease.expiresAt).toBe(clock.now() + 30 * minuteMs);
    void process.ask({ toolName: "Bash" });
    await clock.settle();
    expect(store.permissions.openOf(sessionId)[0]?.expiresAt).toBe(clock.now() + minuteMs);
  });

  test("S17: spares come and go with their number", async () => {
    rig.current.keepsSpares = true;
    await rig.current.open({ prewarmedProcesses: 0 });
    const { clock, host } = rig.current;
    await clock.settle();
    expect(host.spares?.count).toBe(0);
    await rig.current.changeLimits({ prewarmedProcesses: 1 });
    expect(host.spares?.count).toBe(1);
    await rig.current.changeLimits({ prewarmedProcesses: 0 });
    expect(host.spares?.count).toBe(0);
  });
});
