import type { Clock } from "../../server/domain/ports.ts";

/** Time that passes many times as fast, so that a back-off of minutes can be watched over a real network. */
export class HastyClock implements Clock {
  readonly #startAt: number;
  readonly #times: number;
  readonly #bornAt = performance.now();

  constructor(times: number, startAt = Date.UTC(2026, 0, 1)) {
    this.#times = times;
    this.#startAt = startAt;
  }

  now(): number {
    return this.#startAt + this.monotonic();
  }

  monotonic(): number {
    return Math.floor((performance.now() - this.#bornAt) * this.#times);
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.ceil(Math.max(0, delayMs) / this.#times));
    timer.unref();
    return () => clearTimeout(timer);
  }
}
