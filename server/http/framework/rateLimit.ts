import type { Request, RequestHandler } from "express";
import {
  type ClientRateLimitInfo,
  type Store as HitStore,
  ipKeyGenerator,
  rateLimit,
} from "express-rate-limit";
import { AttemptWindow, rateLimited } from "../../access/attemptWindow.ts";
import type { Clock } from "../../domain/ports.ts";

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
