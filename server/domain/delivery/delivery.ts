import type { LoggedEvent } from "./event.ts";
import { type ActivityKind, activityKinds } from "./liveActivity.ts";
import type { PushContent, PushKind } from "./push.ts";

/**
 * pending -> sent (accepted by Apple) | acked (the device holds it) | suppressed (nothing to say any more)
 *         | gone (the token is dead) | dead (can never be sent, or ran out of time)
 *   sent -> acked
 */
export type DeliveryState = "pending" | "sent" | "acked" | "suppressed" | "gone" | "dead";

/** What a delivery is for: an alert of its kind, or the start or end of a Live Activity. */
export type DeliveryKind = PushKind | ActivityKind;

export const isActivityKind = (kind: DeliveryKind): kind is ActivityKind =>
  (activityKinds as readonly DeliveryKind[]).includes(kind);

export interface Delivery {
  deliveryId: string;
  deviceId: string;
  cursor: number;
  kind: DeliveryKind;
  state: DeliveryState;
  createdAt: number;
  nextAttemptAt: number | null;
  attemptCount: number;
}

export interface DeliveryAttempt {
  at: number;
  status?: number;
  reason?: string;
  latencyMs: number;
}

/** The push an event calls for; most call for none, because only what needs the owner rings a phone. */
export function pushKindOf(event: LoggedEvent): PushKind | undefined {
  switch (event.type) {
    case "turn.completed":
      return "reply";
    case "turn.failed":
      // One incident, one push, however many turns it ends: `login.required` and `limit.reached` have theirs.
      return event.data.code === "login_required" || event.data.code === "usage_limit" ? undefined : "failed";
    case "turn.interrupted":
      // The owner's own interrupt is no news; an interrupt by a restart or an expiry is.
      return event.data.code === "interrupted" ? undefined : "failed";
    case "permission.requested":
      return event.data.kind === "tool" ? "permission" : event.data.kind;
    case "session.expiring":
      return "expiring";
    case "session.expired":
      return "expired";
    case "session.quarantined":
      return "crashed";
    case "limit.reached":
      return "limit";
    case "login.required":
      return "login";
    case "resource.warning":
      return "resource";
    default:
      return undefined;
  }
}

const dayMs = 24 * 3_600_000;

/** After this instant the push is not worth sending (contract: 24 h, or the end of what it is about). */
export function pushEndsAt(event: LoggedEvent): number {
  if (event.type === "permission.requested" || event.type === "session.expiring") return event.data.expiresAt;
  return event.at + dayMs;
}

const inMinutes = (ms: number): string => {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/** What the push says to a person. The preview is cut later, by bytes; the event remains the full text. */
export function pushContentOf(
  event: LoggedEvent,
  kind: PushKind,
  session: { title: string; projectName: string } | undefined,
  badge: number,
): PushContent {
  const base = {
    kind,
    cursor: event.cursor,
    sessionId: event.sessionId ?? "",
    turnId: event.turnId,
    title: session?.title ?? "Daylong",
    subtitle: session?.projectName,
    badge,
  };
  switch (event.type) {
    case "turn.completed":
      return { ...base, messageId: event.data.messageId, body: event.data.text || "Claude is done." };
    case "turn.failed":
    case "turn.interrupted":
      return { ...base, body: event.data.detail };
    case "permission.requested":
      return {
        ...base,
        permissionId: event.data.permissionId,
        expiresAt: event.data.expiresAt,
        body: [event.data.title, event.data.description ?? event.data.plan].filter(Boolean).join("\n"),
      };
    case "session.expiring":
      return {
        ...base,
        expiresAt: event.data.expiresAt,
        body: `This session ends in ${inMinutes(event.data.timeRemainingMs)}. Keep it alive?`,
      };
    case "session.expired":
      return { ...base, body: "This session has ended. A message brings it back with its context." };
    case "session.quarantined":
    case "limit.reached":
    case "login.required":
    case "resource.warning":
      return { ...base, body: event.data.detail };
    default:
      return { ...base, body: "" };
  }
}

/** Pause before attempt `attempt + 1`: 2 s doubled up to 15 min, with 20 % jitter so that a crowd spreads out. */
export function retryDelayMs(attempt: number, random: number): number {
  const base = Math.min(2_000 * 2 ** Math.max(0, attempt - 1), 900_000);
  return Math.round(base * (0.8 + 0.4 * random));
}

/** Attempts that may follow each other at once (GOAWAY, a new provider token) before back-off sets in all the same. */
const atOnceAttempts = 3;

/** The instant of the next attempt after the one numbered `attempt` (from 1), never before `notBeforeAt`. */
export function retryAt(
  attempt: number,
  { now, notBeforeAt, random }: { now: number; notBeforeAt: number | undefined; random: number },
): number {
  const isAtOnce = notBeforeAt !== undefined && notBeforeAt <= now;
  if (isAtOnce && attempt < atOnceAttempts) return now;
  return Math.max(notBeforeAt ?? 0, now + retryDelayMs(attempt, random));
}
