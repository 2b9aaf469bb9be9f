import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import { LifecycleCounters } from "../../../../server/pool/health/lifecycleCounters.ts";

const stats = {
  totalSessions: 0,
  maxSessions: 10,
  availableSlots: 10,
  queuedTurns: 0,
  memoryUsageBytes: 0,
  memoryLimitBytes: 1,
  cpuPercent: 0,
};

const noTurns = { accepted: 0, completed: 0, failed: 0, interrupted: 0, cancelled: 0 };

describe("the counters of the lifecycle", () => {
  test("count starts by their kind, parks by their reason, and keep the peaks", () => {
    let tell: (events: LoggedEvent[]) => void = () => {};
    let now = { ...stats };
    const counters = new LifecycleCounters({
      stats: () => now,
      events: {
        subscribe: (listener) => {
          tell = listener;
          return () => {
            tell = () => {};
          };
        },
      },
    });
    const event = (type: string, data: unknown) =>
      ({ cursor: 1, sessionId: "s", seq: 1, at: 0, type, data }) as unknown as LoggedEvent;
    now = { ...stats, totalSessions: 3, memoryUsageBytes: 700 };
    tell([
      event("session.woken", { pid: 1, resumed: false, spare: true }),
      event("session.woken", { pid: 2, resumed: false }),
      event("session.woken", { pid: 3, resumed: true }),
      event("session.parked", { reason: "idle" }),
      event("session.parked", { reason: "evicted" }),
      event("session.parked", { reason: "idle" }),
      event("session.recycled", { detail: "" }),
      event("session.crashed", { detail: "" }),
      event("session.expiring", {}),
      event("session.expired", {}),
      event("resource.warning", { kind: "memory", detail: "" }),
    ]);
    now = { ...stats, totalSessions: 1, memoryUsageBytes: 100 };
    expect(counters.counts()).toMatchObject({
      starts: { spare: 1, cold: 1, resumed: 1 },
      wakes: 1,
      parks: { idle: 2, evicted: 1 },
      recycles: 1,
      crashes: 1,
      warnings: { lease: 1, resource: 1 },
      expiries: 1,
      peakProcesses: 3,
      peakMemoryBytes: 700,
    });
    counters.stop();
    tell([event("session.crashed", { detail: "" })]);
    expect(counters.counts().crashes).toBe(1);
  });

  test.each([
    ["session.recovered", {}, { recoveries: 1 }],
    ["session.quarantined", {}, { quarantines: 1 }],
    ["session.recycled", {}, { recycles: 1 }],
    ["session.crashed", {}, { crashes: 1 }],
    ["session.expired", {}, { expiries: 1 }],
    ["session.expiring", {}, { warnings: { lease: 1, resource: 0 } }],
    ["resource.warning", {}, { warnings: { lease: 0, resource: 1 } }],
    ["session.renewed", { reason: "activity" }, { renewals: { activity: 1 } }],
    ["limit.reached", {}, { limits: 1 }],
    ["login.required", {}, { loginsRequired: 1 }],
    ["turn.accepted", {}, { turns: { ...noTurns, accepted: 1 } }],
    ["turn.completed", {}, { turns: { ...noTurns, completed: 1 }, peakProcesses: 2, peakMemoryBytes: 5 }],
    ["turn.failed", {}, { turns: { ...noTurns, failed: 1 } }],
    ["turn.interrupted", {}, { turns: { ...noTurns, interrupted: 1 } }],
    ["turn.cancelled", {}, { turns: { ...noTurns, cancelled: 1 } }],
    ["session.parked", { reason: "idle" }, { parks: { idle: 1 }, peakProcesses: 2, peakMemoryBytes: 5 }],
    [
      "session.woken",
      { resumed: true, spare: true },
      { starts: { spare: 1, cold: 0, resumed: 0 }, wakes: 1, peakProcesses: 2, peakMemoryBytes: 5 },
    ],
    ["session.updated", {}, {}],
  ])("of %s are its own and no others", (type, data, counted) => {
    let tell: (events: LoggedEvent[]) => void = () => {};
    let now = stats;
    const counters = new LifecycleCounters({
      stats: () => now,
      events: {
        subscribe: (listener) => {
          tell = listener;
          return () => {};
        },
      },
    });
    const none = counters.counts();
    now = { ...stats, totalSessions: 2, memoryUsageBytes: 5 };
    tell([{ cursor: 1, sessionId: "s", seq: 1, at: 0, type, data } as unknown as LoggedEvent]);
    now = stats;
    expect(counters.counts()).toEqual({ ...none, ...counted });
  });
});
