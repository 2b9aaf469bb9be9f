import { uptime } from "node:os";
import type { Clock } from "../domain/ports.ts";
import { systemClock } from "./clock.ts";

/** Pause between two looks at the computer's clock. */
export const lookMs = 2_000;
/** A difference up to this is the drift that NTP slews, or the whole seconds in which macOS counts the time since boot. */
const toleranceMs = 3_000;

/** The readings that a computer offers. */
export interface TimeSources {
  /** Milliseconds since the epoch, by a clock that may be set. */
  wallMs(): number;
  /** Milliseconds awake since some instant. */
  awakeMs(): number;
  /** Milliseconds since the computer was started, its sleep included. */
  sinceBootMs(): number;
  after: Clock["after"];
}

const systemSources: TimeSources = {
  wallMs: () => Date.now(),
  awakeMs: () => performance.now(),
  sinceBootMs: () => uptime() * 1_000,
  after: systemClock.after,
};

/**
 * Clock of the server, which takes note of a suspend, and of a clock that was set, in one step.
 *
 *   following -> stepping (the listeners move what they store, by the old time) -> following, by the new time
 *
 * Between two looks it goes by the monotonic clock alone, so no part of the server ever sees a jump that has not been
 * announced: when `now` is another time, the ends of spans that are stored have been moved with it. A suspend is time that
 * has passed: it moves nothing. A listener that throws puts the step off until the next look.
 */
export class SteadyClock implements Clock {
  readonly #sources: TimeSources;
  readonly #listeners = new Set<(byMs: number) => void>();
  readonly #onFault: (error: unknown) => void;
  /** What `now` has over `monotonic`. */
  #offsetMs: number;
  #sleptMs = 0;
  #last: { awakeMs: number; sinceBootMs: number };
  #disarm: (() => void) | undefined;

  constructor({
    sources = systemSources,
    onFault,
  }: {
    sources?: TimeSources;
    /** Told what a listener threw. */
    onFault(error: unknown): void;
  }) {
    this.#sources = sources;
    this.#onFault = onFault;
    this.#last = { awakeMs: sources.awakeMs(), sinceBootMs: sources.sinceBootMs() };
    this.#offsetMs = sources.wallMs() - this.monotonic();
    this.#arm();
  }

  now(): number {
    return this.monotonic() + this.#offsetMs;
  }

  monotonic(): number {
    return Math.floor(this.#sources.awakeMs() + this.#sleptMs);
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#sources.after(delayMs, callback);
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  onStep(listener: (byMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#disarm?.();
  }

  #arm(): void {
    this.#disarm = this.#sources.after(lookMs, () => {
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const { wallMs, awakeMs, sinceBootMs } = this.#sources;
    const current = { awakeMs: awakeMs(), sinceBootMs: sinceBootMs() };
    const elapsedMs = current.sinceBootMs - this.#last.sinceBootMs;
    const sleptMs = Math.floor(elapsedMs - (current.awakeMs - this.#last.awakeMs));
    this.#last = current;
    if (sleptMs > toleranceMs) this.#sleptMs += sleptMs;
    const byMs = wallMs() - this.now();
    if (Math.abs(byMs) > toleranceMs) {
      try {
        for (const listener of this.#listeners) listener(byMs);
      } catch (error) {
        this.#onFault(error);
        return;
      }
    }
    this.#offsetMs += byMs;
  }
}
