import { DaylongError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";

/** Most keys remembered: a flood from many addresses must not fill the memory. */
const maxKeys = 10_000;

/**
 * Fixed-window rate limiter: counts attempts by key. A window opens with the first attempt of its key; there is no timer,
 * because windows that are over are forgotten when another one opens.
 */
export class AttemptWindow {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #limit: () => number;
  readonly #windows = new Map<string, { count: number; endsAt: number }>();

  /** `limit`: a number, or a function that tells the one in force. */
  constructor(parts: { clock: Clock; windowMs: number; limit: number | (() => number) }) {
    this.#clock = parts.clock;
    this.#windowMs = parts.windowMs;
    const { limit } = parts;
    this.#limit = typeof limit === "number" ? () => limit : limit;
  }

  /** Counts one more attempt. */
  count(key: string): void {
    const now = this.#clock.monotonic();
    const current = this.#windows.get(key);
    if (current !== undefined && now < current.endsAt) {
      current.count += 1;
      return;
    }
    // Deleting first moves the key to the end: the map stays ordered by the windows' ends.
    this.#windows.delete(key);
    this.#windows.set(key, { count: 1, endsAt: now + this.#windowMs });
    this.#forgetPast(now);
  }

  /** Whether the key has reached the limit in a window that is still open; counts nothing. */
  isFull(key: string): boolean {
    const current = this.#windows.get(key);
    return current !== undefined && current.count >= this.#limit() && this.remainingMs(key) > 0;
  }

  /** Throws `rate_limited` when the limit is reached already; counts nothing. */
  check(key: string, what: string): void {
    if (this.isFull(key)) throw rateLimited(what, this.remainingMs(key));
  }

  /** Milliseconds until the key's window ends; 0 when none is open. */
  remainingMs(key: string): number {
    return Math.max(0, (this.#windows.get(key)?.endsAt ?? 0) - this.#clock.monotonic());
  }

  /** Counts one more attempt; throws `rate_limited` when that is one too many. */
  take(key: string, what: string): void {
    this.check(key, what);
    this.count(key);
  }

  #forgetPast(now: number): void {
    for (const [key, window] of this.#windows) {
      if (now < window.endsAt && this.#windows.size <= maxKeys) return;
      this.#windows.delete(key);
    }
  }
}

export const rateLimited = (what: string, retryAfterMs: number): DaylongError =>
  new DaylongError("rate_limited", `Too many ${what}. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`, {
    retryAfterMs,
  });
