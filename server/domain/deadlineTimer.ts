import type { Clock } from "./ports.ts";

/**
 * Longest wait between two looks at the wall clock, ms. Node's timers count the time that the computer is awake: a suspend
 * does not shorten them, and a clock that is set does not move them. A minute is the most by which an instant is missed.
 */
export const recheckMs = 60_000;

/**
 * Timer for an instant of the wall clock, which survives suspends and clock jumps: it is re-armed at least each minute and
 * fires once, at the first look at which the instant has come.
 *
 *   idle -> armed (until an instant) -> idle (fired, or cancelled)
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #armedAt = Number.POSITIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: { clock: Clock; onDue: () => void }) {
    this.#clock = parts.clock;
    this.#onDue = parts.onDue;
  }

  /** The instant (ms since the epoch) the timer is armed for; infinite while it is idle. */
  get armedAt(): number {
    return this.#armedAt;
  }

  /** Arms the timer for the instant `at` (ms since the epoch), in place of an earlier one. An infinite instant cancels it. */
  armAt(at: number): void {
    this.cancel();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#armedAt = at;
    this.#wait();
  }

  /**
   * Arms the timer for `at` unless it is armed for an instant that comes sooner. An armed instant that has passed in a
   * suspend is looked at at once, and not only when the wait that was set before the suspend is over.
   */
  armNoLaterThan(at: number): void {
    if (at < this.#armedAt || this.#armedAt <= this.#clock.now()) this.armAt(Math.min(at, this.#armedAt));
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  #wait(): void {
    const leftMs = Math.max(0, this.#armedAt - this.#clock.now());
    this.#cancelTimer = this.#clock.after(Math.min(leftMs, recheckMs), () => this.#look());
  }

  #look(): void {
    if (this.#clock.now() < this.#armedAt) {
      this.#wait();
      return;
    }
    this.cancel();
    this.#onDue();
  }
}
