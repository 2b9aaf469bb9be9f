import { shownName } from "../visibleText.ts";
import type { LoggedEvent } from "./event.ts";
import { type ActivityKind, activityKinds } from "./liveActivity.ts";
import type { PushContent } from "./push.ts";
import type { EventPush, PushKind } from "./pushRules.ts";

/**
 * pending -> sent (accepted by Apple) | acked (the device holds it) | suppressed (nothing to say any more)
 *         | gone (the token is dead) | dead (can never be sent, or ran out of time)
 *   sent -> acked
 */
export type DeliveryState = "pending" | "sent" | "acked" | "suppressed" | "gone" | "dead";

/** The purpose of a delivery: an alert of its kind, or the start or end of a Live Activity. */
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

/** The content of the push. The preview is cut later, by bytes; the event remains the full text. */
export function pushContentOf(
  event: Pick<LoggedEvent, "cursor" | "sessionId" | "turnId">,
  push: EventPush,
  session: { title: string; projectName: string } | undefined,
  badge: number,
): PushContent {
  return {
    kind: push.kind,
    cursor: event.cursor,
    sessionId: event.sessionId ?? "",
    turnId: event.turnId,
    messageId: push.messageId,
    permissionId: push.permissionId,
    expiresAt: push.expiresAt,
    truncated: push.truncated,
    lookFirst: push.lookFirst,
    title: session === undefined ? "Daylong" : shownName(session.title),
    subtitle: session && shownName(session.projectName),
    body: push.body,
    badge,
  };
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
