import { describe, expect, test } from "@jest/globals";
import {
  type Lease,
  type LeaseLimits,
  leaseDuty,
  nextDeadline,
  openLease,
  renewLease,
} from "../../../../server/domain/sessions/lease.ts";

const hourMs = 3_600_000;
const limits: LeaseLimits = {
  sessionTimeoutMs: 24 * hourMs,
  sessionWarningMs: 20 * hourMs,
  sessionFinalWarningMs: 30 * 60_000,
};
const at = 1_000_000_000_000;
const lease = (change: Partial<Lease> = {}): Lease => ({ ...openLease(1, at, limits), ...change });

describe("S03 a term is opened", () => {
  test("with its warning at 20 h, its last warning half an hour before the end, and its end at 24 h", () => {
    expect(lease()).toEqual({
      term: 1,
      startedAt: at,
      warnAt: at + 20 * hourMs,
      finalWarnAt: at + 23.5 * hourMs,
      expiresAt: at + 24 * hourMs,
    });
  });

  test("with whole milliseconds, whatever fraction of an hour was set", () => {
    const opened = openLease(1, at, {
      sessionTimeoutMs: hourMs / 7,
      sessionWarningMs: hourMs / 9,
      sessionFinalWarningMs: 60_000 / 7,
    });
    for (const instant of [opened.warnAt, opened.finalWarnAt, opened.expiresAt]) {
      expect(Number.isInteger(instant)).toBe(true);
    }
    expect(opened.expiresAt).toBe(Math.round(at + hourMs / 7));
  });

  test("without a last warning when it is off, or would not come after the first", () => {
    expect(openLease(1, at, { ...limits, sessionFinalWarningMs: 0 }).finalWarnAt).toBeUndefined();
    expect(openLease(1, at, { ...limits, sessionFinalWarningMs: 4 * hourMs }).finalWarnAt).toBeUndefined();
    expect(openLease(1, at, { ...limits, sessionFinalWarningMs: 5 * hourMs }).finalWarnAt).toBeUndefined();
  });

  test("never with a warning after its end", () => {
    const opened = openLease(1, at, { ...limits, sessionWarningMs: 30 * hourMs });
    expect(opened.warnAt).toBe(opened.expiresAt);
  });
});

describe("S03 activity renews a lease", () => {
  test("within the same term as long as nobody was warned", () => {
    const renewed = renewLease(lease(), at + hourMs, limits);
    expect([renewed.term, renewed.startedAt, renewed.expiresAt]).toEqual([1, at + hourMs, at + 25 * hourMs]);
  });

  test.each<[string, Partial<Lease>, number]>([
    ["was warned", { warnedAt: at + 20 * hourMs }, 21 * hourMs],
    ["was warned for the last time only", { finalWarnedAt: at + 23.5 * hourMs }, 23.6 * hourMs],
    ["has ended", { endedAt: at + 24 * hourMs }, 25 * hourMs],
    ["is over, though nobody noticed yet", {}, 24 * hourMs],
  ])("with the next term when it %s, so that it can warn again", (_what, change, afterMs) => {
    const renewed = renewLease(lease(change), at + afterMs, limits);
    expect(renewed.term).toBe(2);
    expect(renewed.warnedAt).toBeUndefined();
    expect(renewed.finalWarnedAt).toBeUndefined();
    expect(renewed.endedAt).toBeUndefined();
  });

  test("one millisecond before its end within the same term", () => {
    expect(renewLease(lease(), at + 24 * hourMs - 1, limits).term).toBe(1);
  });
});

describe("S04 what is due", () => {
  test.each<[string, Partial<Lease>, number, ReturnType<typeof leaseDuty>]>([
    ["nothing before the warning", {}, 20 * hourMs - 1, undefined],
    ["the warning at its instant", {}, 20 * hourMs, "warn"],
    ["nothing after the warning", { warnedAt: at + 20 * hourMs }, 21 * hourMs, undefined],
    ["the last warning at its instant", { warnedAt: at + 20 * hourMs }, 23.5 * hourMs, "warn-final"],
    ["only the last warning after a sleep over both", {}, 23.6 * hourMs, "warn-final"],
    ["no first warning after the last one", { finalWarnedAt: at + 23.5 * hourMs }, 23.7 * hourMs, undefined],
    ["the end at its instant", { warnedAt: 1, finalWarnedAt: 2 }, 24 * hourMs, "expire"],
    ["only the end after a sleep over everything", {}, 90 * hourMs, "expire"],
    ["nothing once it has ended", { endedAt: at + 24 * hourMs }, 90 * hourMs, undefined],
    ["nothing when the clock was set back", {}, -hourMs, undefined],
  ])("is %s", (_what, change, afterMs, duty) => {
    expect(leaseDuty(lease(change), at + afterMs)).toBe(duty);
  });

  test("is not said twice when the clock jumps back behind a warning that was given", () => {
    const warned = lease({ warnedAt: at + 20 * hourMs });
    expect(leaseDuty(warned, at + 19 * hourMs)).toBeUndefined();
    expect(leaseDuty(warned, at + 20 * hourMs)).toBeUndefined();
  });
});

describe("S04 the next instant at which something is due", () => {
  test.each<[string, Partial<Lease>, number | undefined]>([
    ["the warning", {}, at + 20 * hourMs],
    ["the last warning, after the first", { warnedAt: 1 }, at + 23.5 * hourMs],
    ["the end, after both", { warnedAt: 1, finalWarnedAt: 2 }, at + 24 * hourMs],
    ["the end, after the last warning alone", { finalWarnedAt: 2 }, at + 24 * hourMs],
    ["the end, where there is no last warning", { warnedAt: 1, finalWarnAt: undefined }, at + 24 * hourMs],
    ["none, after the end", { endedAt: 3 }, undefined],
  ])("is %s", (_what, change, deadlineAt) => {
    expect(nextDeadline(lease(change))).toBe(deadlineAt);
  });

  test("is never later than the first instant that has a duty, for every lease", () => {
    for (const change of [{}, { warnedAt: 1 }, { finalWarnedAt: 1 }, { warnedAt: 1, finalWarnedAt: 1 }]) {
      const deadlineAt = nextDeadline(lease(change))!;
      expect(leaseDuty(lease(change), deadlineAt - 1)).toBeUndefined();
      expect(leaseDuty(lease(change), deadlineAt)).toBeDefined();
    }
  });
});
