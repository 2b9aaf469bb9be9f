import { describe, expect, test } from "@jest/globals";
import { AttemptWindow, rateLimited } from "../../../server/access/attemptWindow.ts";
import { ManualClock } from "../../support/manualClock.ts";

const clockAt = (nowAt: number) => ({
  nowAt,
  now(): number {
    return this.nowAt;
  },
  monotonic(): number {
    return this.nowAt;
  },
  after(): () => void {
    throw new Error("A window arms no timer.");
  },
});

describe("A04: windows of attempts", () => {
  test("A04: the limit is reached by a key alone, and ends with the window", () => {
    const clock = clockAt(1000);
    const window = new AttemptWindow({ clock, windowMs: 60_000, limit: 2 });
    window.take("a", "tries");
    clock.nowAt += 10_000;
    window.take("a", "tries");
    expect(() => window.take("a", "tries")).toThrow(
      expect.objectContaining({ code: "rate_limited", retryAfterMs: 50_000 }),
    );
    window.take("b", "tries");
    clock.nowAt += 50_000;
    expect(window.remainingMs("a")).toBe(0);
    window.take("a", "tries");
  });

  test("A04: a check counts nothing", () => {
    const window = new AttemptWindow({ clock: clockAt(0), windowMs: 1000, limit: 1 });
    for (let i = 0; i < 5; i += 1) window.check("a", "tries");
    window.take("a", "tries");
    expect(() => window.check("a", "tries")).toThrow(expect.objectContaining({ code: "rate_limited" }));
  });

  test("A04: a full key is told without counting, and is free again after its window", () => {
    const clock = clockAt(0);
    const window = new AttemptWindow({ clock, windowMs: 1000, limit: 2 });
    window.count("a");
    expect(window.isFull("a")).toBe(false);
    window.count("a");
    expect([window.isFull("a"), window.isFull("b")]).toEqual([true, false]);
    clock.nowAt += 1000;
    expect(window.isFull("a")).toBe(false);
  });

  test("A04: a flood of keys pushes the oldest out instead of filling the memory", () => {
    const window = new AttemptWindow({ clock: clockAt(0), windowMs: 1000, limit: 1 });
    for (let i = 0; i <= 10_000; i += 1) window.count(`key-${i}`);
    expect(window.remainingMs("key-0")).toBe(0);
    expect(window.remainingMs("key-10000")).toBe(1000);
  });

  test("A04: the limit that was reached is free again after the window, from one on, and says its rest", () => {
    const clock = clockAt(0);
    const window = new AttemptWindow({ clock, windowMs: 1000, limit: 2 });
    window.count("a");
    expect([window.isFull("a"), window.remainingMs("a")]).toEqual([false, 1000]);
    clock.nowAt = 999;
    window.count("a");
    expect([window.isFull("a"), window.remainingMs("a")]).toEqual([true, 1]);
    clock.nowAt = 1000;
    expect([window.isFull("a"), window.remainingMs("a")]).toEqual([false, 0]);
    window.count("a");
    expect([window.isFull("a"), window.remainingMs("a")]).toEqual([false, 1000]);
    expect(window.remainingMs("never seen")).toBe(0);
  });

  test("A04: a key that comes again after its window is young: older ones are pushed out before it", () => {
    const clock = clockAt(0);
    const window = new AttemptWindow({ clock, windowMs: 1000, limit: 1 });
    window.count("again");
    clock.nowAt = 500;
    window.count("old");
    clock.nowAt = 1000;
    window.count("again");
    for (let i = 0; i < 9_998; i += 1) window.count(`key-${i}`);
    expect([window.remainingMs("old"), window.remainingMs("again")]).toEqual([500, 1000]);
    window.count("one too many");
    expect([window.remainingMs("old"), window.remainingMs("again")]).toEqual([0, 1000]);
  });

  test("A04: the refusal says what there was too much of, and the seconds to wait", () => {
    expect(rateLimited("wrong codes", 1_001)).toMatchObject({
      code: "rate_limited",
      message: "Too many wrong codes. Try again in 2 s.",
      retryAfterMs: 1_001,
    });
  });

  test("DOOR-11 V17: is as long on a clock that is set again and again, by hours to and fro", () => {
    const clock = new ManualClock();
    const window = new AttemptWindow({ clock, windowMs: 60_000, limit: 1 });
    window.take("a", "tries");
    for (const byMs of [-3_600_000, 7_200_000, -1, 1, -3_600_000, 2_999, -2_999]) {
      clock.step(byMs);
      clock.advance(8_000);
      expect(window.isFull("a")).toBe(true);
    }
    expect(window.remainingMs("a")).toBe(4_000);
    clock.advance(4_000);
    expect(window.isFull("a")).toBe(false);
  });

  test.each([-86_400_000, 86_400_000, -Date.UTC(2026, 0, 1), 50 * 365 * 86_400_000, 3_600_000, -1])(
    "DOOR-11 V17: ends as long after its first attempt on a clock that was set by %d ms",
    (byMs) => {
      const clock = new ManualClock();
      const window = new AttemptWindow({ clock, windowMs: 60_000, limit: 1 });
      window.take("a", "tries");
      clock.advance(20_000);
      clock.step(byMs);
      expect(() => window.take("a", "tries")).toThrow(
        expect.objectContaining({ code: "rate_limited", retryAfterMs: 40_000 }),
      );
      clock.advance(40_000);
      window.take("a", "tries");
    },
  );
});
