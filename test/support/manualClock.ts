import type { Clock } from "../../server/domain/ports.ts";

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** A clock that stands until it is told to go on. Timers fire in the order of their instants, at their instants. */
export class ManualClock implements Clock {
  #now: number;
  readonly #startAt: number;
  /** What the clock was set by in all, which no span is longer or shorter for. */
  #steppedMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  readonly #listeners = new Set<(byMs: number) => void>();

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#now = startAt;
    this.#startAt = startAt;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    // Far from `now`, so that code which takes the one for the other is found out.
    return this.#now - this.#startAt - this.#steppedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  onStep(listener: (byMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Timers that are armed: zero at the end of a test, or something leaks. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Goes on by `ms`, in one synchronous step: promises settle after it, not between the timers. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#nextUntil(until); next; next = this.#nextUntil(until)) this.#fire(next);
    this.#now = until;
  }

  /** Goes on by `ms` and lets everything settle that the timers set off, before the next one fires. */
  async run(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (let next = this.#nextUntil(until); next; next = this.#nextUntil(until)) {
      this.#fire(next);
      await this.settle();
    }
    this.#now = until;
    await this.settle();
  }

  /** Lets time pass without firing anything; timers keep their instants, so those that are passed fire at the next step. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /**
   * Lets the computer sleep for `ms`. Timers move along, as Node's do, which count the time awake: each still waits for
   * what it had to wait for before.
   */
  suspend(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  /** Sets the clock by `ms`, back or on. No time passes by it: timers wait as before, and no span is longer. */
  step(ms: number): void {
    for (const listener of this.#listeners) listener(ms);
    this.suspend(ms);
    this.#steppedMs += ms;
  }

  /** Resolves when what can go on without time or input has gone on. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #nextUntil(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
  }
}
