import type { PushOutcome } from "../../domain/delivery/push.ts";
import { parseRetryAfter } from "../apns/apnsVerdict.ts";

/**
 * Why there was no answer. `timeout`, `reset`: the push may have been taken. `unreachable`, `untrusted`: no connection.
 * `private`: the name leads to an address of this network, where nothing is sent. `stopping`: we are shutting down.
 */
export type WebPushFaultName = "timeout" | "reset" | "unreachable" | "untrusted" | "private" | "stopping";

/** The answer to one request, or the fault that prevented it. */
export type WebPushExchange =
  | { kind: "answer"; status: number; retryAfter?: string; reason?: string }
  /** `atOnce`: the connection had been kept from an earlier push, so a new one may be tried without back-off. */
  | { kind: "fault"; fault: WebPushFaultName; atOnce?: boolean };

/**
 * Turns one exchange with a push service into the outcome of an attempt (RFC 8030, 5 and 7.3; RFC 8292, 4.2). Pure.
 * A 404 or 410 has no instant: whether the subscription goes is for the caller to weigh.
 */
export function judgeWebPush(
  exchange: WebPushExchange,
  { deliveryId, now, latencyMs }: { deliveryId: string; now: number; latencyMs: number },
): PushOutcome {
  if (exchange.kind === "fault") {
    const { fault, atOnce } = exchange;
    return { outcome: "retry", reason: fault, latencyMs, ...(atOnce ? { notBeforeAt: now } : {}) };
  }
  const { status } = exchange;
  if (status >= 200 && status < 300) return { outcome: "sent", apnsId: deliveryId, status, latencyMs };
  const facts = { status, reason: exchange.reason ?? `HTTP ${status}`, latencyMs };
  if (status === 404 || status === 410) return { outcome: "gone", ...facts };
  if (status === 408 || status === 429 || status >= 500) {
    const notBeforeAt = parseRetryAfter(exchange.retryAfter, now);
    return { outcome: "retry", ...facts, ...(notBeforeAt === undefined ? {} : { notBeforeAt }) };
  }
  // Our signature or our key: a wrong clock, or a subscription for another key than ours. The number of
  // devices that are refused shows which.
  if (status === 401 || status === 403) return { outcome: "config", ...facts };
  // 413, 400 and the like, redirects too: they would lead our push to an address that was not checked.
  return { outcome: "dead", ...facts };
}
