import { describe, expect, test } from "@jest/globals";
import { hourMs, owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const mega = 1_024 ** 2;

describe("a session as clients see it", () => {
  test("has its time left, what waits and what is asked, and its process with the newest figures", async () => {
    await rig.current.open({ resourceSampleMs: 5_000 });
    const { clock, pool } = rig.current;
    const { sessionId, process } = await rig.current.busySession();
    const begunAt = clock.now();
    rig.current.submit({ sessionId, message: "Next" });
    process.ask();
    const { pid, startedAt } = process;
    expect(pool.session(sessionId)).toMatchObject({
      timeRemainingMs: 24 * hourMs,
      queuedTurns: 1,
      openPermissions: 1,
      state: "waiting",
      process: { pid, startedAt, rssBytes: 0, cpuPercent: 0, processCount: 1 },
    });
    Object.assign(process.uses, { rssBytes: 5 * mega, cpuPercent: 12.34, processCount: 3 });
    await clock.run(5_000);
    const view = pool.session(sessionId);
    expect(view.process).toEqual({
      pid,
      startedAt,
      rssBytes: 5 * mega,
      cpuPercent: 12.34,
      processCount: 3,
      toolsRssBytes: 0,
    });
    expect(view.timeRemainingMs).toBe(24 * hourMs - (clock.now() - begunAt));
    expect(Object.keys(view).filter((key) => ["options", "claudeSessionId"].includes(key))).toEqual([]);
  });

  test("has no time left when its lease is over, and no process when it is parked", async () => {
    await rig.current.open();
    const { clock, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await clock.run(24 * hourMs);
    expect(pool.session(sessionId)).toMatchObject({ timeRemainingMs: 0, state: "expired" });
    expect(pool.session(sessionId).process).toBeUndefined();
    expect(pool.active()).toEqual([]);
  });
});

describe("the pool as clients see it", () => {
  test("is the sum over its processes, and what is free of its places", async () => {
    await rig.current.open({
      resourceSampleMs: 5_000,
      maxConcurrentSessions: 3,
      maxTotalMemoryBytes: 900 * mega,
    });
    const { clock, pool } = rig.current;
    const one = await rig.current.busySession();
    const two = await rig.current.busySession();
    Object.assign(one.process.uses, { rssBytes: 10 * mega, cpuPercent: 1.26 });
    Object.assign(two.process.uses, { rssBytes: 20 * mega, cpuPercent: 2.3 });
    rig.current.submit({ sessionId: one.sessionId, message: "Next" });
    await clock.run(5_000);
    expect(pool.stats()).toEqual({
      totalSessions: 2,
      maxSessions: 3,
      availableSlots: 1,
      queuedTurns: 1,
      memoryUsageBytes: 30 * mega,
      memoryLimitBytes: 900 * mega,
      cpuPercent: 3.6,
    });
    expect(pool.active().map(({ sessionId }) => sessionId)).toEqual([one.sessionId, two.sessionId]);
    await rig.current.changeLimits({ maxConcurrentSessions: 1 });
    expect(pool.stats().availableSlots).toBe(0);
    await pool.stopProcesses(undefined, owner);
    expect(pool.stats()).toMatchObject({ totalSessions: 0, availableSlots: 1, memoryUsageBytes: 0 });
  });
});
