import { basename } from "node:path";
import { type Delivery, isActivityKind, retryAt } from "../../domain/delivery/delivery.ts";
import type { ApnsTarget, PushRequest, PushSender } from "../../domain/delivery/push.ts";
import { kindRules, pushEndsAt, pushOf } from "../../domain/delivery/pushRules.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { Connections } from "../sockets/connections.ts";
import {
  type AfterRefusal,
  type NoPush,
  type PreparedPush,
  type PushPreparer,
  pendingAt,
  settled,
} from "./preparedPush.ts";
import { isMoot, isWanted } from "./pushEligibility.ts";
import { quietEndsAt } from "./quietHours.ts";
import type { SharedReads } from "./sharedReads.ts";
import type { TokenInvalidation } from "./tokenInvalidation.ts";

/** How often it is looked whether the turn has ended that may make a push superfluous. */
const lookAgainMs = 10_000;

export interface AlertPushesParts {
  store: Pick<Store, "events" | "turns" | "reads" | "permissions" | "transaction">;
  push: PushSender;
  connections: Connections;
  clock: Clock;
  log: Log;
  graceMs: () => number;
  invalidation: TokenInvalidation;
  /** From 0 to 1, for the jitter. */
  random: () => number;
}

/** Prepares the alert pushes of the outbox: their content, their target, and what a refused address means. */
export class AlertPushes implements PushPreparer {
  readonly #parts: AlertPushesParts;

  constructor(parts: AlertPushesParts) {
    this.#parts = parts;
  }

  prepare(delivery: Delivery, reads: SharedReads): PreparedPush | NoPush {
    const { store, connections, clock } = this.#parts;
    const { deliveryId, deviceId, cursor, kind } = delivery;
    if (isActivityKind(kind)) throw new Error(`${kind} is no alert.`);
    const now = clock.now();
    const device = reads.device(deviceId);
    if (!device?.push) return { next: settled("gone") };
    if (device.ackedCursor !== null && device.ackedCursor >= cursor) return { next: settled("acked") };
    const event = reads.event(cursor);
    if (event?.cursor !== cursor) return { next: settled("dead"), reason: "expired" };
    const push = pushOf(event);
    if (push === undefined) return { next: settled("suppressed") };
    // The event's own instant may be of a clock that has been set since; the delivery's is moved with it.
    if (now >= pushEndsAt(push, delivery.createdAt)) return { next: settled("dead"), reason: "expired" };
    const session = event.sessionId === null ? undefined : reads.session(event.sessionId);
    const permission =
      event.type === "permission.requested" ? store.permissions.get(event.data.permissionId) : undefined;
    if (isMoot(event, push, { session, permission })) return { next: settled("suppressed"), reason: "over" };
    if (!isWanted(kind, session, device.preferences))
      return {
        next: settled("suppressed"),
        reason: session?.muted === true ? "session_muted" : "kind_muted",
      };
    if (push.unlessTurnFollows === true && event.sessionId !== null) {
      if (store.events.hasTurnEndAfter(event.sessionId, event.seq ?? 0))
        return { next: settled("suppressed"), reason: "over" };
      if (store.turns.isRunning(event.sessionId)) return { next: pendingAt(now + lookAgainMs) };
    }
    const graceEndsAt = delivery.createdAt + this.#parts.graceMs();
    if (now < graceEndsAt && connections.isWatched(deviceId)) return { next: pendingAt(graceEndsAt) };
    // Planned before the quiet hours began, and tried again in them.
    const quietUntilAt = kindRules[kind].waitsForOwner
      ? undefined
      : quietEndsAt(device.preferences.quietHours, now);
    if (quietUntilAt !== undefined) return { next: pendingAt(quietUntilAt) };
    if (push.unlessTurnFollows === true) {
      store.transaction(() => store.reads.noteRung(event));
      reads.forgetUnreadCounts();
    }
    const named = session && { title: session.title, projectName: basename(session.projectPath) };
    const content = reads.content(event, push, named, reads.unreadCount(deviceId));
    const target = device.push;
    const request = { deliveryId, content, at: event.at };
    switch (target.provider) {
      case "apns":
        return this.#toApns(deviceId, { ...request, target }, clock.monotonic());
      case "webpush":
        return this.#toWebPush(deviceId, { ...request, target }, clock.monotonic());
      default: {
        const unknown: never = target;
        throw new Error(`No alert for ${JSON.stringify(unknown)}.`);
      }
    }
  }

  #toApns(deviceId: string, request: PushRequest<ApnsTarget>, askedAt: number): PreparedPush {
    const { invalidation, clock, log } = this.#parts;
    const { target } = request;
    return {
      ...this.#prepared(request),
      gone: (outcome) => {
        if (outcome.status === 410) {
          const verdict = invalidation.judgeUnregistered(deviceId, target, outcome.sinceAt);
          // With a new token the same delivery goes on at once; the recorder keeps the attempt on the old one.
          return { next: verdict === "changed" ? pendingAt(clock.now()) : settled("gone") };
        }
        if (outcome.reason === "BadDeviceToken")
          return { fallback: this.#toOtherEnvironment(deviceId, request, askedAt) };
        // `DeviceTokenNotForTopic` speaks of the app's bundle id, which may be ours to mend: no proof against the token.
        log.error("push.token_refused", { deviceId, reason: outcome.reason });
        return { next: settled("gone") };
      },
    };
  }

  /** `BadDeviceToken`: the app may have named the wrong environment, so the other one is asked once. */
  #toOtherEnvironment(deviceId: string, request: PushRequest<ApnsTarget>, askedAt: number): PreparedPush {
    const { invalidation } = this.#parts;
    const { target } = request;
    const environment = target.environment === "production" ? "sandbox" : "production";
    const prepared = this.#prepared({ ...request, target: { ...target, environment } });
    return {
      ...prepared,
      sent: () => {
        invalidation.repairEnvironment(deviceId, target, environment);
        return prepared.sent();
      },
      gone: ({ reason }, attempt) =>
        reason === "BadDeviceToken"
          ? this.#afterVerdict(invalidation.suspect(deviceId, target, askedAt), attempt)
          : { next: settled("gone") },
      // A key that is good for one environment only cannot tell about the other: no proof either.
      misconfigured: () => ({ next: settled("gone") }),
    };
  }

  #toWebPush(deviceId: string, request: PushRequest, askedAt: number): PreparedPush {
    const { invalidation, clock } = this.#parts;
    return {
      ...this.#prepared(request),
      // The push service says that the subscription has ended, but not since when, and may be mistaken.
      gone: (_outcome, attempt) =>
        invalidation.hasChanged(deviceId, request.target)
          ? { next: pendingAt(clock.now()) }
          : this.#afterVerdict(invalidation.suspect(deviceId, request.target, askedAt), attempt),
    };
  }

  #prepared(request: PushRequest): Pick<PreparedPush, "target" | "send" | "sent"> {
    const { push, invalidation } = this.#parts;
    return {
      target: request.target,
      send: () => push.send(request),
      sent: () => {
        invalidation.noteSent(request.target.provider);
        return settled("sent");
      },
    };
  }

  /** Attempted again after the verdict: a token that was dropped ends the delivery, one that was kept gets the push. */
  #afterVerdict(verdictAt: number, attempt: number): AfterRefusal {
    const { clock, random } = this.#parts;
    const nextAttemptAt = retryAt(attempt, {
      now: clock.now(),
      notBeforeAt: verdictAt + 1,
      random: random(),
    });
    return { next: pendingAt(nextAttemptAt), holdUntilAt: nextAttemptAt };
  }
}
