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
});
