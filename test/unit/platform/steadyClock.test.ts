import { expect, test } from "@jest/globals";
import { lookMs, SteadyClock, type TimeSources } from "../../../server/platform/steadyClock.ts";
import { ManualClock } from "../../support/manualClock.ts";

const day = 86_400_000;

/** A computer whose clock can be set, and which can be sent to sleep. */
class Computer implements TimeSources {
  readonly timers = new ManualClock(0);
  wall = Date.UTC(2026, 0, 1);
  sleptMs = 0;
  /** macOS tells the time since boot in whole seconds. */
  resolutionMs = 1;

  wallMs = () => this.wall + this.timers.now();
  awakeMs = () => this.timers.now() + 0.25;
  sinceBootMs = () =>
    Math.floor((this.timers.now() + this.sleptMs) / this.resolutionMs) * this.resolutionMs + 7_000;
  after = (delayMs: number, callback: () => void) => this.timers.after(delayMs, callback);

  sleep(ms: number): void {
    this.sleptMs += ms;
    this.wall += ms;
  }
}

function rig() {
  const computer = new Computer();
  const faults: unknown[] = [];
  const clock = new SteadyClock({ sources: computer, onFault: (error) => faults.push(error) });
  const steps: Array<{ byMs: number; atMs: number }> = [];
  clock.onStep((byMs) => steps.push({ byMs, atMs: clock.now() }));
  return { computer, clock, steps, faults, startAt: clock.now() };
}

test("tells whole milliseconds of the computer's clock, and goes on with them", () => {
  const { computer, clock, steps, startAt } = rig();
  expect(startAt).toBe(computer.wallMs());
  computer.timers.advance(12_345);
  expect(clock.now()).toBe(startAt + 12_345);
  expect(Number.isInteger(clock.monotonic())).toBe(true);
  expect(steps).toEqual([]);
});

test.each([-day, day])(
  "V17: tells of a clock that was set by %d ms before it goes by it, once, and measures no span by it",
  (byMs) => {
    const { computer, clock, steps, startAt } = rig();
    const reading = clock.monotonic();
    computer.timers.advance(500);
    computer.wall += byMs;
    expect(clock.now()).toBe(startAt + 500);
    computer.timers.advance(3 * lookMs);
    expect(steps).toEqual([{ byMs, atMs: startAt + lookMs }]);
    expect(clock.now()).toBe(computer.wallMs());
    expect(clock.monotonic() - reading).toBe(500 + 3 * lookMs);
  },
);

test.each([1, 1_000])(
  "V17: takes a sleep for time that has passed, where the time since boot is told to %d ms",
  (resolutionMs) => {
    const { computer, clock, steps, startAt } = rig();
    computer.resolutionMs = resolutionMs;
    const reading = clock.monotonic();
    computer.timers.advance(lookMs);
    computer.sleep(8 * 3_600_000);
    computer.timers.advance(lookMs);
    expect(steps).toEqual([]);
    expect(clock.now()).toBe(startAt + 8 * 3_600_000 + 2 * lookMs);
    expect(Math.abs(clock.monotonic() - reading - 8 * 3_600_000 - 2 * lookMs)).toBeLessThanOrEqual(
      resolutionMs,
    );
  },
);

test("V17: tells sleep and step apart when the clock is set during the sleep", () => {
  const { computer, clock, steps } = rig();
  const reading = clock.monotonic();
  computer.sleep(3_600_000);
  computer.wall -= day;
  computer.timers.advance(lookMs);
  expect(steps.map(({ byMs }) => byMs)).toEqual([-day]);
  expect(clock.monotonic() - reading).toBe(3_600_000 + lookMs);
});

test("follows the drift that the system corrects, without a word", () => {
  const { computer, clock, steps } = rig();
  for (let round = 0; round < 100; round += 1) {
    computer.wall += 40;
    computer.timers.advance(lookMs);
  }
  expect(clock.now()).toBe(computer.wallMs());
  expect(steps).toEqual([]);
});

test("keeps its time until what is stored could be moved with it", () => {
  const { computer, clock, faults, startAt } = rig();
  let isBroken = true;
  const moved: number[] = [];
  const unfollow = clock.onStep((byMs) => {
    if (isBroken) throw new Error("The disk is full.");
    moved.push(byMs);
  });
  computer.wall -= day;
  computer.timers.advance(lookMs);
  expect(faults).toHaveLength(1);
  expect(clock.now()).toBe(startAt + lookMs);
  isBroken = false;
  computer.timers.advance(lookMs);
  expect(moved).toEqual([-day]);
  expect(clock.now()).toBe(computer.wallMs());
  unfollow();
  computer.wall += day;
  computer.timers.advance(lookMs);
  expect(moved).toEqual([-day]);
  clock.stop();
  expect(computer.timers.armed).toBe(0);
});

test("calls back soon without a timer, after what is under way", async () => {
  const { computer, clock } = rig();
  const armed = computer.timers.armed;
  const order: string[] = [];
  const called = new Promise<void>((resolve) => clock.soon(resolve)).then(() => order.push("soon"));
  expect(computer.timers.armed).toBe(armed);
  await Promise.resolve().then(() => order.push("under way"));
  await called;
  expect(order).toEqual(["under way", "soon"]);
});
