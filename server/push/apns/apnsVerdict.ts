import type { PushOutcome } from "../../domain/delivery/push.ts";

/** The answer of Apple. `timestamp` and `retryAfter` are as they came off the wire. */
export interface ApnsAnswer {
  kind: "answer";
  status: number;
  apnsId?: string;
  reason?: string;
  /** Of a 410: since when the token is dead. Milliseconds since the epoch, by Apple's documentation. */
  timestamp?: number | string;
  /** The Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3). */
  retryAfter?: string;
  /** Of `ExpiredProviderToken`: a younger provider token has taken the place of the one that was sent. */
  tokenReplaced?: boolean;
}

/**
 * Why there was no answer. `goaway`, `refused`: Apple did not process the push. `timeout`, `half_open`, `reset`: it may
 * have. `unreachable`, `untrusted`: no connection. `stopping`: we are shutting down. `malformed`: never left us.
 */
export type ApnsFaultName =
  | "goaway"
  | "refused"
  | "timeout"
  | "half_open"
  | "reset"
  | "unreachable"
  | "untrusted"
  | "stopping"
  | "malformed";

/** No answer. `atOnce`: the connection had been working, so a new one may be tried without back-off. */
export interface ApnsFault {
  kind: "fault";
  fault: ApnsFaultName;
  atOnce?: boolean;
}
export type ApnsExchange = ApnsAnswer | ApnsFault;

/** The circumstances of an exchange that the verdict depends on; instants in ms since the epoch. */
export interface ExchangeContext {
  deliveryId: string;
  now: number;
  latencyMs: number;
  /** Instant from which a new provider token may be made (Apple: not more than one in 20 minutes). */
  tokenRefreshableAt: number;
}

/**
 * `gone` covers dead tokens (410) and quarantined ones (400): the caller tells them apart by `reason`, and only a 410
 * has `sinceAt`. `expired-token` and `token-rate` are about our provider token, not about the push.
 */
type Verdict = "retry" | "gone" | "config" | "dead" | "expired-token" | "token-rate";

/** Apple's reasons ("Handling notification responses from APNs", the error codes table). */
export const reasonVerdicts: Readonly<Record<string, Verdict>> = {
  Unregistered: "gone",
  ExpiredToken: "gone",
  BadDeviceToken: "gone",
  DeviceTokenNotForTopic: "gone",

  TooManyRequests: "retry",
  InternalServerError: "retry",
  ServiceUnavailable: "retry",
  Shutdown: "retry",
  IdleTimeout: "retry",
  ExpiredProviderToken: "expired-token",
  TooManyProviderTokenUpdates: "token-rate",

  InvalidProviderToken: "config",
  MissingProviderToken: "config",
  BadEnvironmentKeyIdInToken: "config",
  UnrelatedKeyIdInToken: "config",
  Forbidden: "config",
  TopicDisallowed: "config",
  BadTopic: "config",
  MissingTopic: "config",
  InvalidPushType: "config",
  BadCertificate: "config",
  BadCertificateEnvironment: "config",

  PayloadTooLarge: "dead",
  PayloadEmpty: "dead",
  BadCollapseId: "dead",
  BadPriority: "dead",
  BadExpirationDate: "dead",
  BadMessageId: "dead",
  DuplicateHeaders: "dead",
  MissingDeviceToken: "dead",
  BadPath: "dead",
  MethodNotAllowed: "dead",
};

/** Wait after `TooManyProviderTokenUpdates`, ms. The token is kept, so asking again is no further update. */
export const tokenRateWaitMs = 60_000;

/**
 * Turns one exchange with Apple into the outcome of an attempt. Pure.
 * A `retry` without `notBeforeAt` leaves the back-off to the caller; with `notBeforeAt` = now it may go at once.
 */
export function judgeExchange(exchange: ApnsExchange, context: ExchangeContext): PushOutcome {
  return exchange.kind === "fault" ? judgeFault(exchange, context) : judgeAnswer(exchange, context);
}

function judgeFault({ fault, atOnce }: ApnsFault, { now, latencyMs }: ExchangeContext): PushOutcome {
  if (fault === "malformed") return { outcome: "dead", reason: fault, latencyMs };
  const notProcessed = fault === "goaway" || fault === "refused";
  return {
    outcome: "retry",
    reason: fault,
    latencyMs,
    ...(notProcessed && atOnce ? { notBeforeAt: now } : {}),
  };
}

function judgeAnswer(answer: ApnsAnswer, context: ExchangeContext): PushOutcome {
  const { now, latencyMs } = context;
  const { status } = answer;
  if (status === 200) {
    return { outcome: "sent", apnsId: answer.apnsId ?? context.deliveryId, status, latencyMs };
  }
  const reason = answer.reason ?? `HTTP ${status}`;
  const verdict = reasonVerdicts[reason] ?? verdictOfStatus(status);
  switch (verdict) {
    case "gone": {
      const sinceAt = status === 410 ? parseTimestamp(answer.timestamp) : undefined;
      return { outcome: "gone", status, reason, latencyMs, ...(sinceAt === undefined ? {} : { sinceAt }) };
    }
    case "retry": {
      const notBeforeAt = parseRetryAfter(answer.retryAfter, now);
      return {
        outcome: "retry",
        status,
        reason,
        latencyMs,
        ...(notBeforeAt === undefined ? {} : { notBeforeAt }),
      };
    }
    case "expired-token": {
      // A token too young to be replaced and yet expired: this computer's clock is wrong. Waiting is all we can do.
      const notBeforeAt = answer.tokenReplaced ? now : Math.max(now, context.tokenRefreshableAt);
      return { outcome: "retry", status, reason, latencyMs, notBeforeAt };
    }
    case "token-rate": {
      const notBeforeAt = parseRetryAfter(answer.retryAfter, now) ?? now + tokenRateWaitMs;
      return { outcome: "retry", status, reason, latencyMs, notBeforeAt };
    }
    case "config":
      return { outcome: "config", status, reason, latencyMs };
    case "dead":
      return { outcome: "dead", status, reason, latencyMs };
    default: {
      const unknown: never = verdict;
      throw new Error(`No outcome for the verdict ${String(unknown)}.`);
    }
  }
}

/** For reasons Apple has added since: the status alone must not lose a push or a token that may be good. */
function verdictOfStatus(status: number): Verdict {
  if (status === 408 || status === 429 || status >= 500) return "retry";
  if (status === 410) return "gone";
  if (status === 401 || status === 403) return "config";
  return "dead";
}

/** Instant named by a Retry-After header, or undefined when it is absent or senseless. */
export function parseRetryAfter(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const text = retryAfter.trim();
  if (/^\d{1,9}$/.test(text)) return now + Number(text) * 1000;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : Math.max(now, instant);
}

/** Apple's 410 timestamp in ms. Absent or senseless: undefined, and the caller keeps the token. */
export function parseTimestamp(timestamp: number | string | undefined): number | undefined {
  const value = typeof timestamp === "string" && timestamp.trim() !== "" ? Number(timestamp) : timestamp;
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) return undefined;
  // Below 1e11 it can only be seconds: as milliseconds it would lie in 1973, before there were tokens.
  return Math.round(value < 1e11 ? value * 1000 : value);
}
