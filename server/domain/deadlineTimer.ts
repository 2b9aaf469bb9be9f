import type { Clock } from "./ports.ts";

/**
 * Longest wait between two looks at the clock, ms. Node's timers count the time that the computer is awake: a suspend does
 * not shorten them. A minute is the most by which an instant is missed.
 */
export const recheckMs = 60_000;

/**
 * Timer for an instant, which survives suspends and clock jumps: it is re-armed at least each minute and fires once, at the
 * first look at which the instant has come.
 *
 *   idle -> armed (until an instant) -> idle (fired, or cancelled)
 *
 * The wait is measured by the monotonic clock: most instants are the end of a span, and a clock that is set makes no span
 * longer or shorter (`platform/steadyClock` moves the ends that are stored). `follows: "wall"` is for an instant that a
 * person has chosen: a clock that is set moves it nearer or away.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #read: () => number;
  /** By the clock that the timer follows. */
  #dueAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: { clock: Clock; onDue: () => void; follows?: "spans" | "wall" }) {
    const { clock } = parts;
    this.#clock = clock;
    this.#onDue = parts.onDue;
    this.#read = parts.follows === "wall" ? () => clock.now() : () => clock.monotonic();
  }

  /** The instant (ms since the epoch) the timer is armed for; infinite while it is idle. */
  get armedAt(): number {
    return this.#clock.now() + this.#leftMs;
  }

  /** Arms the timer for the instant `at` (ms since the epoch), in place of an earlier one. An infinite instant cancels it. */
  armAt(at: number): void {
    this.cancel();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#dueAt = this.#read() + (at - this.#clock.now());
    this.#wait();
  }

  /**
   * Arms the timer for `at` unless it is armed for an instant that comes sooner. An armed instant that has passed in a
   * suspend is looked at at once, and not only when the wait that was set before the suspend is over.
   */
  armNoLaterThan(at: number): void {
    const { armedAt } = this;
    if (at < armedAt || armedAt <= this.#clock.now()) this.armAt(Math.min(at, armedAt));
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  get #leftMs(): number {
    return this.#dueAt - this.#read();
  }

  #wait(): void {
    this.#cancelTimer = this.#clock.after(Math.min(Math.max(0, this.#leftMs), recheckMs), () => this.#look());
  }

  #look(): void {
    if (this.#leftMs > 0) {
      this.#wait();
      return;
    }
    this.cancel();
    this.#onDue();
  }
}

/** The instant (ms since the epoch) of a reading of the monotonic clock, for what is shown or stored. */
export const instantOf = (clock: Pick<Clock, "now" | "monotonic">, reading: number): number =>
  clock.now() + (reading - clock.monotonic());
