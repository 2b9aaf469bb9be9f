import { beforeEach, describe, expect, test } from "@jest/globals";
import { DeadlineTimer, recheckMs } from "../../../server/domain/deadlineTimer.ts";
import { ManualClock } from "../../support/manualClock.ts";

const hour = 3_600_000;
let clock: ManualClock;
let fired: number[];
let timer: DeadlineTimer;

beforeEach(() => {
  clock = new ManualClock();
  fired = [];
  timer = new DeadlineTimer({ clock, onDue: () => fired.push(clock.now()) });
});

describe("a deadline timer", () => {
  test("fires once, at its instant, and is idle then", () => {
    const at = clock.now() + 3 * recheckMs + 1;
    timer.armAt(at);
    expect(timer.armedAt).toBe(at);
    clock.advance(3 * recheckMs);
    expect(fired).toEqual([]);
    clock.advance(hour);
    expect(fired).toEqual([at]);
    expect(timer.armedAt).toBe(Number.POSITIVE_INFINITY);
    expect(clock.armed).toBe(0);
  });

  test("fires at once for an instant that has passed, and never inside the call that arms it", () => {
    timer.armAt(clock.now() - 1);
    expect(fired).toEqual([]);
    clock.advance(0);
    expect(fired).toHaveLength(1);
  });

  test("fires within a minute of waking when the computer slept over the instant", () => {
    timer.armAt(clock.now() + hour);
    clock.suspend(5 * hour);
    const wokenAt = clock.now();
    clock.advance(recheckMs);
    expect(fired).toHaveLength(1);
    expect(fired[0]! - wokenAt).toBeLessThanOrEqual(recheckMs);
  });

  test.each([-24 * hour, 24 * hour])("waits as long as before on a clock that was set by %d ms", (byMs) => {
    const at = clock.now() + 10 * recheckMs;
    timer.armAt(at);
    clock.step(byMs);
    expect(timer.armedAt).toBe(at + byMs);
    clock.advance(10 * recheckMs - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([at + byMs]);
  });

  test("waits for the instant that a person has chosen on a clock that was set, when it follows the wall clock", () => {
    const chosen = new DeadlineTimer({ clock, onDue: () => fired.push(clock.now()), follows: "wall" });
    const at = clock.now() + 26 * hour;
    chosen.armAt(at);
    clock.step(-24 * hour);
    clock.advance(30 * hour);
    expect(fired).toEqual([]);
    clock.step(24 * hour);
    clock.advance(recheckMs);
    expect(fired).toHaveLength(1);
    expect(fired[0]! - at).toBeLessThanOrEqual(4 * hour + recheckMs);
  });

  test("does not fire early after a suspend that ended before the instant", () => {
    const at = clock.now() + hour;
    timer.armAt(at);
    clock.suspend(hour / 2);
    clock.advance(hour / 2 - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual([at]);
  });

  test("keeps the sooner of two instants when it is asked for no later than, and the newer one when it is armed anew", () => {
    const soon = clock.now() + 1_000;
    timer.armNoLaterThan(soon);
    timer.armNoLaterThan(soon + 5_000);
    expect(timer.armedAt).toBe(soon);
    timer.armNoLaterThan(soon - 500);
    expect(timer.armedAt).toBe(soon - 500);
    timer.armAt(soon + 5_000);
    clock.advance(5_000);
    expect(fired).toEqual([]);
    clock.advance(1_000);
    expect(fired).toEqual([soon + 5_000]);
  });

  test("fires at once when it is asked for no later than, after a sleep over the instant that it is armed for", () => {
    const at = clock.now() + hour;
    timer.armAt(at);
    clock.suspend(2 * hour);
    timer.armNoLaterThan(clock.now() + hour);
    expect([timer.armedAt, fired]).toEqual([at, []]);
    clock.advance(0);
    expect(fired).toEqual([clock.now()]);
  });

  test("fires for an instant that is now and was asked for after a sleep over a sooner one", () => {
    timer.armAt(clock.now() + 30_000);
    clock.suspend(hour);
    timer.armNoLaterThan(clock.now());
    clock.advance(0);
    expect(fired).toEqual([clock.now()]);
    expect(clock.armed).toBe(0);
  });

  test("holds one timer of the clock at most, and none when it is cancelled or armed for no instant", () => {
    timer.armAt(clock.now() + 1_000);
    timer.armAt(clock.now() + 2_000);
    expect(clock.armed).toBe(1);
    timer.cancel();
    expect(clock.armed).toBe(0);
    timer.armAt(clock.now() + 1_000);
    timer.armAt(Number.POSITIVE_INFINITY);
    expect(clock.armed).toBe(0);
    clock.advance(hour);
    expect(fired).toEqual([]);
  });

  test("can be armed again by what it calls", () => {
    const again = new DeadlineTimer({
      clock,
      onDue: () => {
        fired.push(clock.now());
        if (fired.length < 3) again.armAt(clock.now() + 1_000);
      },
    });
    again.armAt(clock.now() + 1_000);
    clock.advance(10_000);
    expect(fired).toHaveLength(3);
    expect(clock.armed).toBe(0);
  });
});
