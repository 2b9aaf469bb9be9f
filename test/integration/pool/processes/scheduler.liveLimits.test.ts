import { describe, expect, test } from "@jest/globals";
import { minuteMs, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

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
