import { describe, expect, test } from "@jest/globals";
import {
  environmentName,
  type LimitName,
  limitNames,
  limitTable,
  limitValues,
} from "../../../server/domain/limits.ts";

const defaults = Object.fromEntries(limitNames.map((name) => [name, limitTable[name].fallback])) as Record<
  LimitName,
  number
>;

describe("the table of limits", () => {
  test("O01: the name in the environment follows from the name of the row", () => {
    expect(environmentName("maxQueuedTurns")).toBe("MAX_QUEUED_TURNS");
    expect(environmentName("pushGraceMs")).toBe("PUSH_GRACE_MS");
    expect(new Set(limitNames.map(environmentName)).size).toBe(limitNames.length);
  });

  test("O01: a limit is read in milliseconds or bytes under the name of its row, whatever unit it is set in", () => {
    expect(limitValues(defaults)).toEqual({
      maxConcurrentSessions: 10,
      maxQueuedTurns: 100,
      requestsPerMinute: 300,
      sessionTimeoutMs: 24 * 3_600_000,
      sessionWarningMs: 20 * 3_600_000,
      sessionFinalWarningMs: 15 * 60_000,
      sessionIdleMs: 0,
      maxMemoryPerSessionBytes: 500 * 1_024 ** 2,
      maxMemoryPerToolBytes: 4 * 1_024 ** 3,
      maxTotalMemoryBytes: 2 * 1_024 ** 3,
      cpuUsageLimitPercent: 80,
      healthIntervalMs: 30_000,
      resourceSampleMs: 5_000,
      turnStallMs: 600_000,
      permissionTimeoutMs: 3_600_000,
      prewarmedProcesses: 1,
      pushGraceMs: 3_000,
      retentionMs: 90 * 86_400_000,
      shutdownGraceMs: 10_000,
    });
  });

  test("O01: fractions come out as whole milliseconds and bytes, and numbers without a unit as they were set", () => {
    const set = { ...defaults, sessionTimeoutHours: 1 / 7, maxTotalMemoryGb: 0.01, maxQueuedTurns: 0.5 };
    expect(limitValues(set)).toMatchObject({
      sessionTimeoutMs: 514_286,
      maxTotalMemoryBytes: 10_737_418,
      maxQueuedTurns: 0.5,
    });
  });

  test("O01: every default is within its own bounds", () => {
    const wrong = limitNames.filter((name) => {
      const { fallback, min, max } = limitTable[name];
      return fallback < min || fallback > max;
    });
    expect(wrong).toEqual([]);
  });
});
