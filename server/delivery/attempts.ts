import { basename } from "node:path";
import {
  type Delivery,
  isActivityKind,
  pushContentOf,
  pushEndsAt,
  retryDelayMs,
} from "../domain/delivery.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { ApnsTarget, PushOutcome, PushRequest, PushSender, PushTarget } from "../domain/push.ts";
import type { ActivityErrands } from "./activityErrands.ts";
import type { Connections } from "./connections.ts";
import type { Errand, GoneOutcome, LaneHold, NoErrand } from "./errand.ts";
import type { Ledger, Standing } from "./ledger.ts";
import { withDeadline } from "./pause.ts";
import { quietEndsAt } from "./quietHours.ts";
import { Standstill } from "./standstill.ts";
import { isOver, isWanted, waitsForOwner } from "./subject.ts";
import type { TokenWard } from "./tokenWard.ts";

/** A sender that has not answered by then is taken not to have sent; its own time-outs are far below. */
const sendDeadlineMs = 60_000;
/** Longest time for which one push that is retried holds back the device's others. */
const maxLaneHoldMs = 30_000;
/** Attempts that may follow each other at once (GOAWAY, a new provider token) before back-off sets in all the same. */
const atOnceAttempts = 3;

export interface AttemptsParts {
  store: Pick<Store, "events" | "sessions" | "permissions" | "devices" | "outbox">;
  push: PushSender;
  connections: Connections;
  clock: Clock;
  log: Log;
  graceMs: () => number;
  ledger: Ledger;
  ward: TokenWard;
  activities: Pick<ActivityErrands, "prepare">;
  /** From 0 to 1, for the jitter. */
  random: () => number;
}

const gone: Standing = { state: "gone", nextAttemptAt: null };
const dead: Standing = { state: "dead", nextAttemptAt: null };
const suppressed: Standing = { state: "suppressed", nextAttemptAt: null };
const acked: Standing = { state: "acked", nextAttemptAt: null };

/** One try to deliver: is it still to be sent, what does it say, what became of it. */
export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #standstill = new Standstill();
  #configFault: string | undefined;

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
  }

  /** Sends the delivery, or settles it when there is nothing to send, and books what came of it. */
  async make(deliveryId: string): Promise<LaneHold> {
    const { clock, ledger } = this.#parts;
    const delivery = this.#parts.store.outbox.get(deliveryId);
    if (delivery?.state !== "pending") return undefined;
    const found = this.#prepare(delivery);
    if ("next" in found) {
      const attempt = found.reason ? { at: clock.now(), reason: found.reason, latencyMs: 0 } : undefined;
      ledger.book(deliveryId, attempt, found.next);
      return undefined;
    }
    const sentAt = clock.now();
    const outcome = await this.#send(deliveryId, found.send);
    return this.#settle(delivery, found, sentAt, outcome);
  }

  /**
   * Gives back a delivery that an earlier run had in hand when it died: whether it was sent nobody knows, so it is sent
   * again, under the same id. After the third time it waits: it may be the push itself that brings the server down.
   */
  giveBack(delivery: Delivery & { claimedAt: number }): void {
    const { deliveryId, claimedAt, attemptCount } = delivery;
    const nextAttemptAt = this.#retryAt(attemptCount + 1, this.#parts.clock.now());
    const attempt = { at: claimedAt, reason: "server_stopped", latencyMs: 0 };
    this.#parts.ledger.book(deliveryId, attempt, { state: "pending", nextAttemptAt });
  }

  /** The push as it would be said now, or the reason why it is not said (any more, or yet). */
  #prepare(delivery: Delivery): Errand | NoErrand {
    const { store, connections, clock, graceMs, activities } = this.#parts;
    const { deliveryId, deviceId, cursor, kind } = delivery;
    const now = clock.now();
    if (isActivityKind(kind)) {
      const found = activities.prepare(delivery, kind);
      const nextAttemptAt = "next" in found ? undefined : this.#standstill.enter(found.target, now);
      return nextAttemptAt === undefined ? found : { next: { state: "pending", nextAttemptAt } };
    }
    const device = store.devices.get(deviceId);
    if (!device?.push) return { next: gone };
    if (device.ackedCursor !== null && device.ackedCursor >= cursor) return { next: acked };
    const event = store.events.after(cursor - 1, 1)[0];
    if (event?.cursor !== cursor || now >= pushEndsAt(event)) return { next: dead, reason: "expired" };
    const session = event.sessionId === null ? undefined : store.sessions.get(event.sessionId);
    const permission =
      event.type === "permission.requested" ? store.permissions.get(event.data.permissionId) : undefined;
    if (isOver(event, { session, permission }) || !isWanted(kind, session, device.preferences)) {
      return { next: suppressed };
    }
    const graceEndsAt = delivery.createdAt + graceMs();
    if (now < graceEndsAt && connections.isWatched(deviceId)) {
      return { next: { state: "pending", nextAttemptAt: graceEndsAt } };
    }
    // Planned before the quiet hours began, and tried again in them.
    const quietUntilAt = waitsForOwner(kind) ? undefined : quietEndsAt(device.preferences.quietHours, now);
    const waitUntilAt = quietUntilAt ?? this.#standstill.enter(device.push, now);
    if (waitUntilAt !== undefined) return { next: { state: "pending", nextAttemptAt: waitUntilAt } };
    const named = session && { title: session.title, projectName: basename(session.projectPath) };
    const content = pushContentOf(event, kind, named, store.outbox.unackedCount(deviceId));
    return this.#alert(delivery, { deliveryId, target: device.push, content, at: event.at });
  }

  #alert(delivery: Delivery, request: PushRequest): Errand {
    const { push, ward } = this.#parts;
    return {
      target: request.target,
      send: () => push.send(request),
      sent: () => {
        ward.noteSent(request.target.provider);
        return { state: "sent", nextAttemptAt: null };
      },
      gone: (outcome, book) => this.#settleGone(delivery, request, outcome, book),
    };
  }

  /** The port's outcome; a sender that throws or hangs is a fault like any other on the way. */
  async #send(deliveryId: string, send: Errand["send"]): Promise<PushOutcome> {
    const { clock, log } = this.#parts;
    const late = (): PushOutcome => ({ outcome: "retry", reason: "sender_hangs", latencyMs: sendDeadlineMs });
    try {
      return await withDeadline(clock, sendDeadlineMs, send(), late);
    } catch (error) {
      log.error("push.sender_failed", { deliveryId, error });
      return { outcome: "retry", reason: "sender_failed", latencyMs: 0 };
    }
  }

  async #settle(delivery: Delivery, errand: Errand, sentAt: number, outcome: PushOutcome): Promise<LaneHold> {
    const { clock, log, ledger } = this.#parts;
    const { deliveryId, deviceId } = delivery;
    const { status, latencyMs } = outcome;
    const reason = outcome.outcome === "sent" ? undefined : outcome.reason;
    const book = (next: Standing) => ledger.book(deliveryId, { at: sentAt, status, reason, latencyMs }, next);
    const now = clock.now();
    if (outcome.outcome === "sent" || outcome.outcome === "gone" || outcome.outcome === "dead") {
      this.#standstill.open(errand.target);
    }
    switch (outcome.outcome) {
      case "sent":
        this.#configFault = undefined;
        book(errand.sent());
        return undefined;
      case "retry": {
        const nextAttemptAt = this.#retryAt(delivery.attemptCount + 1, outcome.notBeforeAt);
        book({ state: "pending", nextAttemptAt });
        // Apple's own word on when to come back holds for the device; our guess delays its other news only a little.
        const patientAt = now + maxLaneHoldMs;
        return Math.max(outcome.notBeforeAt ?? 0, Math.min(nextAttemptAt, patientAt));
      }
      case "config": {
        const nextAttemptAt = this.#standstill.stop(errand.target, now);
        if (this.#configFault !== outcome.reason) {
          this.#configFault = outcome.reason;
          log.error("push.misconfigured", { reason: outcome.reason, status, retryMs: nextAttemptAt - now });
        }
        book({ state: "pending", nextAttemptAt });
        return nextAttemptAt;
      }
      case "dead":
        log.error("push.dead_letter", { deliveryId, deviceId, reason, status });
        book(dead);
        return undefined;
      case "gone":
        return errand.gone(outcome, book);
      default: {
        const unknown: never = outcome;
        throw new Error(`No standing for the outcome ${JSON.stringify(unknown)}.`);
      }
    }
  }

  #settleGone(
    delivery: Delivery,
    request: PushRequest,
    outcome: GoneOutcome,
    book: (next: Standing) => void,
  ): LaneHold | Promise<LaneHold> {
    const { target } = request;
    if (target.provider === "webpush") return this.#settleUnsubscribed(delivery, target, book);
    return outcome.status === 410
      ? this.#settleUnregistered(delivery, target, outcome.sinceAt, book)
      : this.#settleRefused(delivery, { ...request, target }, outcome, book);
  }

  /** A push service that knows the subscription no more: it may be mistaken, and says not since when. */
  #settleUnsubscribed(
    { deviceId, attemptCount }: Delivery,
    target: PushTarget,
    book: (next: Standing) => void,
  ): LaneHold {
    const { ward, clock } = this.#parts;
    const hasChanged = ward.hasChanged(deviceId, target);
    // Looked at again after the verdict, as a refused token's is.
    const nextAttemptAt = hasChanged
      ? clock.now()
      : this.#retryAt(attemptCount + 1, ward.suspect(deviceId, target) + 1);
    book({ state: "pending", nextAttemptAt });
    return hasChanged ? undefined : nextAttemptAt;
  }

  #settleUnregistered(
    { deviceId }: Delivery,
    target: ApnsTarget,
    sinceAt: number | undefined,
    book: (next: Standing) => void,
  ): LaneHold {
    const verdict = this.#parts.ward.judgeUnregistered(deviceId, target, sinceAt);
    // With a new token the same delivery goes on at once; the ledger keeps the attempt on the old one.
    book(verdict === "changed" ? { state: "pending", nextAttemptAt: this.#parts.clock.now() } : gone);
    return undefined;
  }

  /** `BadDeviceToken`: the app may have named the wrong environment, so the other one is asked once. */
  async #settleRefused(
    delivery: Delivery,
    request: PushRequest<ApnsTarget>,
    outcome: GoneOutcome,
    book: (next: Standing) => void,
  ): Promise<LaneHold> {
    const { clock, log, ward, ledger } = this.#parts;
    const { deliveryId, deviceId } = delivery;
    const { target } = request;
    if (outcome.reason !== "BadDeviceToken") {
      // `DeviceTokenNotForTopic` speaks of the app's bundle id, which may be ours to mend: no proof against the token.
      log.error("push.token_refused", { deviceId, reason: outcome.reason });
      book(gone);
      return undefined;
    }
    book({ state: "pending", nextAttemptAt: clock.now() });
    const environment = target.environment === "production" ? "sandbox" : "production";
    const at = clock.now();
    const elsewhere = this.#alert(delivery, { ...request, target: { ...target, environment } });
    const other = await this.#send(deliveryId, elsewhere.send);
    if (other.outcome === "sent") ward.repairEnvironment(deviceId, target, environment);
    if (other.outcome !== "gone" && other.outcome !== "config") {
      return this.#settle({ ...delivery, attemptCount: delivery.attemptCount + 1 }, elsewhere, at, other);
    }
    const { status, reason, latencyMs } = other;
    const attempt = { at, status, reason, latencyMs };
    if (reason !== "BadDeviceToken") {
      // A key that is good for one environment only cannot tell about the other: no proof either.
      ledger.book(deliveryId, attempt, gone);
      return undefined;
    }
    // Looked at again after the verdict: a token that was dropped ends the delivery, one that was kept is tried again.
    const nextAttemptAt = this.#retryAt(delivery.attemptCount + 2, ward.suspect(deviceId, target) + 1);
    ledger.book(deliveryId, attempt, { state: "pending", nextAttemptAt });
    return nextAttemptAt;
  }

  #retryAt(attemptCount: number, notBeforeAt: number | undefined): number {
    const { clock, random } = this.#parts;
    const now = clock.now();
    const isAtOnce = notBeforeAt !== undefined && notBeforeAt <= now;
    if (isAtOnce && attemptCount < atOnceAttempts) return now;
    return Math.max(notBeforeAt ?? 0, now + retryDelayMs(attemptCount, random()));
  }
}
