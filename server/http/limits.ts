import type { Request, RequestHandler } from "express";
import {
  type ClientRateLimitInfo,
  type Store as HitStore,
  ipKeyGenerator,
  rateLimit,
} from "express-rate-limit";
import { DaylongError } from "../domain/errors.ts";
import type { Clock } from "../domain/ports.ts";

/** Most keys remembered: a flood from many addresses must not fill the memory. */
const maxKeys = 10_000;

/** How often something happened for a key within a window that begins with the first time. No timer of its own. */
export class AttemptWindow {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #limit: number;
  readonly #windows = new Map<string, { count: number; endsAt: number }>();

  constructor(parts: { clock: Clock; windowMs: number; limit: number }) {
    this.#clock = parts.clock;
    this.#windowMs = parts.windowMs;
    this.#limit = parts.limit;
  }

  /** Counts one more; returns the count and the end of the window. */
  count(key: string): { count: number; endsAt: number } {
    const now = this.#clock.now();
    const current = this.#windows.get(key);
    if (current !== undefined && now < current.endsAt) {
      current.count += 1;
      return current;
    }
    const opened = { count: 1, endsAt: now + this.#windowMs };
    // Deleting first moves the key to the end: the map stays ordered by the windows' ends.
    this.#windows.delete(key);
    this.#windows.set(key, opened);
    this.#forgetPast(now);
    return opened;
  }

  /** Takes one back. */
  uncount(key: string): void {
    const current = this.#windows.get(key);
    if (current !== undefined && current.count > 0) current.count -= 1;
  }

  forget(key: string): void {
    this.#windows.delete(key);
  }

  /** Throws `rate_limited` when the limit is reached already; counts nothing. */
  check(key: string, what: string): void {
    const current = this.#windows.get(key);
    if (current === undefined || current.count < this.#limit || this.remainingMs(key) === 0) return;
    throw rateLimited(what, this.remainingMs(key));
  }

  /** Milliseconds until the key's window ends; 0 when none is open. */
  remainingMs(key: string): number {
    return Math.max(0, (this.#windows.get(key)?.endsAt ?? 0) - this.#clock.now());
  }

  /** Counts one more; throws `rate_limited` when that is one too many. */
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

const rateLimited = (what: string, retryAfterMs: number): DaylongError =>
  new DaylongError("rate_limited", `Too many ${what}. Try again in ${Math.ceil(retryAfterMs / 1000)} s.`, {
    retryAfterMs,
  });

/** Address as a key: a whole /64 of IPv6 belongs to one customer and counts as one. */
export const addressOf = (request: Request): string => {
  const address = (request.socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  return address === "" ? "unknown" : ipKeyGenerator(address, 64);
};

/** The limit of requests a minute, by the device in `response.locals.deviceId`. Passes `rate_limited` on. */
export function limitDevices(parts: { clock: Clock; requestsPerMinute: number }): RequestHandler {
  const windowMs = 60_000;
  const { clock, requestsPerMinute: limit } = parts;
  const window = new AttemptWindow({ clock, windowMs, limit });
  return rateLimit({
    windowMs,
    limit,
    legacyHeaders: false,
    standardHeaders: false,
    keyGenerator: (_request, response) => String(response.locals.deviceId),
    store: new ClockedHits(window),
    handler: (_request, response, next) => {
      const remainingMs = window.remainingMs(String(response.locals.deviceId));
      next(rateLimited(`requests of this device (${limit} a minute)`, remainingMs));
    },
  });
}

/** The library's own store keeps time by itself and by an interval; this one by our clock. */
class ClockedHits implements HitStore {
  readonly #window: AttemptWindow;
  readonly localKeys = true;

  constructor(window: AttemptWindow) {
    this.#window = window;
  }

  increment(key: string): ClientRateLimitInfo {
    const { count, endsAt } = this.#window.count(key);
    return { totalHits: count, resetTime: new Date(endsAt) };
  }

  decrement(key: string): void {
    this.#window.uncount(key);
  }

  resetKey(key: string): void {
    this.#window.forget(key);
  }
}
