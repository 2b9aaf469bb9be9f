import { describe, expect, test } from "@jest/globals";
import type { ProcessUsage } from "../../../../server/domain/processes/process.ts";
import { deferred, minuteMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const mega = 1_024 ** 2;
const watched = { resourceSampleMs: 5_000, healthIntervalMs: 30_000 };
const limited = { ...watched, maxMemoryPerSessionBytes: 500 * mega };

const warnings = () =>
  rig.current.store.events
    .after(0, 100_000)
    .flatMap((event) => (event.type === "resource.warning" ? [event.data.kind] : []));
const count = (line: string) => rig.current.logged.filter((logged) => logged === line).length;

describe("a sample that fails", () => {
  test("NET-4: is followed by the next one, which ends what is over its limit", async () => {
    await rig.current.open(limited);
    const { clock, host } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const usage = host.usage.bind(host);
    host.usage = () => Promise.reject(new Error("ps failed"));
    process.uses.rssBytes = 600 * mega;
    await clock.run(10_000);
    expect([count("warn pool.sample_failed"), process.alive]).toEqual([2, true]);
    host.usage = usage;
    await clock.run(5_000);
    expect([process.alive, rig.current.types(sessionId).at(-1)]).toEqual([false, "session.recycled"]);
    expect(count("warn pool.sample_failed")).toBe(2);
  });

  test("does not keep what is idle from being parked", async () => {
    await rig.current.open({ ...watched, sessionIdleMs: minuteMs });
    const { clock, host } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    host.usage = () => Promise.reject(new Error("ps failed"));
    await clock.run(minuteMs - 1);
    expect(rig.current.state(sessionId)).toBe("idle");
    await clock.run(5_000);
    expect(rig.current.state(sessionId)).toBe("parked");
    expect(rig.current.events(sessionId).at(-1)?.data).toEqual({ reason: "idle" });
  });

  test("has one timer, and none after the stop, also when its answer comes only then", async () => {
    await rig.current.open({ ...limited, sessionIdleMs: 0 });
    const { clock, host, pool } = rig.current;
    const { process } = await rig.current.idleSession();
    await clock.run(1_000);
    const before = clock.armed;
    await clock.run(5_000);
    expect(clock.armed).toBe(before);
    process.uses.rssBytes = 600 * mega;
    const answer = deferred<Map<string, ProcessUsage>>();
    host.usage = () => answer.promise;
    await clock.run(5_000);
    const stopped = pool.stop(0);
    answer.resolve(new Map([[process.processId, { ...process.uses }]]));
    await clock.settle();
    await stopped;
    expect([clock.armed, pool.stats().memoryUsageBytes]).toEqual([0, 0]);
  });
});

describe("a pass that fails", () => {
  test("is logged, and the next one breaks off the silent turn", async () => {
    await rig.current.open({ ...watched, resourceSampleMs: 600_000, turnStallMs: minuteMs });
    const { clock, store } = rig.current;
    const { turnId } = await rig.current.busySession();
    const { permissions } = store;
    const openCountOf = permissions.openCountOf.bind(permissions);
    permissions.openCountOf = () => {
      throw new Error("disk I/O error");
    };
    await clock.run(90_000);
    expect([count("error health.pass_failed"), rig.current.ends(turnId)]).toEqual([2, []]);
    permissions.openCountOf = openCountOf;
    await clock.run(30_000);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });
});

describe("what a pass takes for silence", () => {
  const stalling = { resourceSampleMs: 600_000, healthIntervalMs: 30_000, turnStallMs: 10 * minuteMs };

  test("is measured from the last sign, to the pass", async () => {
    await rig.current.open(stalling);
    const { clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    await clock.run(5 * minuteMs);
    process.think();
    await clock.run(10 * minuteMs - 1);
    expect(rig.current.ends(turnId)).toEqual([]);
    await clock.run(1);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
    const failed = rig.current.store.turns.get(turnId)?.error?.detail;
    expect(failed).toContain("no sign of life for 10 min");
  });

  test("is told in seconds while it is short", async () => {
    await rig.current.open({ ...stalling, turnStallMs: 90_000 });
    const { turnId } = await rig.current.busySession();
    await rig.current.clock.run(90_000);
    expect(rig.current.store.turns.get(turnId)?.error?.detail).toContain("for 90 s,");
  });

  test.each([-24 * 60 * minuteMs, 24 * 60 * minuteMs])(
    "V17: is as long as before when the clock is set by %d ms",
    async (byMs) => {
      await rig.current.open(stalling);
      const { clock } = rig.current;
      const { turnId } = await rig.current.busySession();
      await clock.run(5 * minuteMs);
      clock.step(byMs);
      await clock.run(5 * minuteMs - 1_000);
      expect(rig.current.ends(turnId)).toEqual([]);
      await clock.run(minuteMs);
      expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
    },
  );

  test("is shortened by a sleep of the computer, and by no ordinary delay", async () => {
    await rig.current.open(stalling);
    const { clock } = rig.current;
    const { turnId } = await rig.current.busySession();
    await clock.run(9 * minuteMs);
    clock.jump(3 * 60 * minuteMs);
    await clock.run(29_999);
    expect(rig.current.ends(turnId)).toEqual([]);
    await clock.run(1);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });

  test("is broken off once, however long the interrupt takes", async () => {
    await rig.current.open({ ...stalling, drainMs: 5 * minuteMs });
    const { clock, host } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    host.manners.interrupt = "deaf";
    await clock.run(13 * minuteMs);
    expect(process.interrupts).toHaveLength(1);
    await clock.run(20 * minuteMs);
    expect([process.interrupts.length, rig.current.ends(turnId)]).toEqual([1, ["turn.failed stalled"]]);
  });

  test("is none of a process that still starts, and none between turns", async () => {
    await rig.current.open(stalling);
    const { clock, host } = rig.current;
    const { process } = await rig.current.idleSession();
    host.manners.start = "held";
    const { turnId } = rig.current.submit({ message: "Starts" });
    await clock.run(30 * minuteMs);
    expect([process.interrupts, process.alive, rig.current.ends(turnId)]).toEqual([[], true, []]);
  });
});

describe("incidents that are over", () => {
  test("are closed, and told anew when they come again", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 1_000 * mega });
    const { clock, pool } = rig.current;
    const { process } = await rig.current.busySession();
    for (const round of [1, 2]) {
      process.uses.rssBytes = 1_100 * mega;
      await clock.run(10_000);
      expect([warnings(), pool.health().state]).toEqual([Array(round).fill("memory"), "degraded"]);
      process.uses.rssBytes = 100 * mega;
      await clock.run(5_000);
      expect(pool.health()).toEqual({ state: "ok" });
    }
    expect(count("info health.incident_closed")).toBe(2);
  });

  test("of one session are closed by the pass after its process was ended", async () => {
    await rig.current.open(limited);
    const { clock, pool } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    process.uses.rssBytes = 501 * mega;
    await clock.run(5_000);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed memory_limit"]);
    expect(pool.health().state).toBe("degraded");
    await clock.run(30_000);
    expect([pool.health(), warnings()]).toEqual([{ state: "ok" }, ["session_memory"]]);
  });

  test("of the CPU need three readings either way", async () => {
    await rig.current.open({ ...watched, cpuUsageLimitPercent: 50 });
    const { clock, pool } = rig.current;
    const { process } = await rig.current.busySession();
    process.uses.cpuPercent = 240;
    await clock.run(10_000);
    expect(warnings()).toEqual([]);
    await clock.run(5_000);
    expect([warnings(), pool.health().state]).toEqual([["cpu"], "degraded"]);
    process.uses.cpuPercent = 100;
    await clock.run(10_000);
    expect(pool.health().state).toBe("degraded");
    await clock.run(5_000);
    expect([pool.health().state, warnings()]).toEqual(["ok", ["cpu"]]);
  });
});

describe("memory over the pool's limit", () => {
  test("counts what is on its way out as free, so that no further one goes for it", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 1_000 * mega });
    const { clock, host } = rig.current;
    const older = await rig.current.idleSession();
    await clock.run(1_000);
    const newer = await rig.current.idleSession();
    host.manners.stop = "held";
    older.process.uses.rssBytes = 600 * mega;
    newer.process.uses.rssBytes = 600 * mega;
    await clock.run(15_000);
    expect([older.process.stopCount, newer.process.stopCount]).toEqual([1, 0]);
    expect(warnings()).toEqual([]);
    older.process.leave();
    await clock.settle();
    expect(rig.current.events(older.sessionId).at(-1)?.data).toEqual({ reason: "evicted" });
  });

  test("makes nobody go where no message waits, and one at a time where one does", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 400 * mega });
    const { clock, host } = rig.current;
    const older = await rig.current.idleSession();
    await clock.run(1_000);
    const newer = await rig.current.idleSession();
    for (const { process } of [older, newer]) process.uses.rssBytes = 190 * mega;
    await clock.run(15_000);
    expect(host.live()).toHaveLength(2);
    host.manners.stop = "held";
    const waiting = rig.current.submit({ message: "Waits" });
    expect(waiting.state).toBe("queued");
    await clock.run(10);
    expect([older.process.stopCount, newer.process.stopCount]).toEqual([1, 0]);
    rig.current.submit({ message: "Waits too" });
    await clock.run(10);
    expect(newer.process.stopCount).toBe(0);
    older.process.leave();
    await clock.settle();
    expect(host.process(waiting.sessionId).sent).toHaveLength(1);
  });

  test("is looked at again at the next message after one look came to nothing", async () => {
    await rig.current.open({ ...watched, maxTotalMemoryBytes: 400 * mega });
    const { clock, pool } = rig.current;
    const { process, sessionId } = await rig.current.busySession();
    process.uses.rssBytes = 390 * mega;
    await clock.run(5_000);
    const first = rig.current.submit({ message: "Waits" });
    await clock.run(10);
    pool.cancelTurn(first.sessionId, first.turnId, owner);
    process.reply("Done.");
    await clock.run(10);
    expect(rig.current.state(sessionId)).toBe("idle");
    const second = rig.current.submit({ message: "Waits" });
    await clock.run(10);
    expect([rig.current.state(sessionId), rig.current.state(second.sessionId)]).toEqual(["parked", "busy"]);
  });
});

describe("idle processes", () => {
  test("are replaced when they were hot in six samples in a row, not when one between was not", async () => {
    await rig.current.open(watched);
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    process.uses.ownCpuPercent = 30;
    await clock.run(25_000);
    process.uses.ownCpuPercent = 2;
    await clock.run(5_000);
    process.uses.ownCpuPercent = 30;
    await clock.run(25_000);
    expect(process.alive).toBe(true);
    await clock.run(35_000);
    expect([process.alive, rig.current.types(sessionId).at(-1)]).toEqual([false, "session.recycled"]);
    expect(rig.current.events(sessionId).at(-1)?.data).toEqual({
      detail: expect.stringContaining("30 % of a core"),
    });
  });

  test("that have grown are replaced with their figure and the limit", async () => {
    await rig.current.open(limited);
    const { clock } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    process.uses.rssBytes = 400 * mega;
    await clock.run(35_000);
    expect(process.alive).toBe(true);
    process.uses.rssBytes = 401 * mega;
    await clock.run(35_000);
    expect(rig.current.events(sessionId).at(-1)?.data).toEqual({
      detail: expect.stringContaining("grown to 401 MB of 500 MB"),
    });
  });

  test("whose tools worked in a turn gave a sign of life; those whose tools are over did not", async () => {
    await rig.current.open({ resourceSampleMs: 5_000, healthIntervalMs: 30_000, turnStallMs: minuteMs });
    const { clock } = rig.current;
    const { turnId, process } = await rig.current.busySession();
    process.startTool("t1");
    Object.assign(process.uses, { cpuPercent: 80, ownCpuPercent: 1 });
    await clock.run(3 * minuteMs);
    expect(rig.current.ends(turnId)).toEqual([]);
    process.finishTool("t1");
    await clock.run(90_000);
    expect(rig.current.ends(turnId)).toEqual(["turn.failed stalled"]);
  });
});
