import { withDeadline } from "../../domain/deadline.ts";
import { type Delivery, isActivityKind, retryAt } from "../../domain/delivery/delivery.ts";
import type { PushOutcome } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { DurableGate } from "../durableGate.ts";
import type { DeliveryRecorder, DeliveryStatus } from "./deliveryRecorder.ts";
import {
  type Fate,
  type NoPush,
  type PreparedPush,
  type PushPreparer,
  pendingAt,
  settled,
} from "./preparedPush.ts";
import { PushCircuitBreaker, probeEveryMs } from "./pushCircuitBreaker.ts";

/** A sender that has not answered by then is taken not to have sent; its own time-outs are far below. */
const sendDeadlineMs = 60_000;
/** Longest time for which one push that is retried holds back the device's others. */
const maxLaneHoldMs = 30_000;

/** The instant until which the device's other deliveries wait too, if they must. */
export type LaneHold = number | undefined;

export interface DeliveryAttemptsParts {
  store: Pick<Store, "whenDurable"> & { outbox: Pick<Store["outbox"], "get"> };
  alerts: PushPreparer;
  activities: PushPreparer;
  clock: Clock;
  log: Log;
  recorder: DeliveryRecorder;
  /** From 0 to 1, for the jitter. */
  random: () => number;
}

/** One try to deliver: whatever it is that is sent, what came of it is booked by the same rules. */
export class DeliveryAttempts {
  readonly #parts: DeliveryAttemptsParts;
  readonly #gate: DurableGate;
  readonly #pushCircuitBreaker = new PushCircuitBreaker();
  #configFault: string | undefined;

  constructor(parts: DeliveryAttemptsParts) {
    this.#parts = parts;
    this.#gate = new DurableGate(parts.store);
  }

  /** Sends the delivery, or settles it when there is nothing to send, and books what came of it. */
  async make(deliveryId: string): Promise<LaneHold> {
    const { clock, recorder, store } = this.#parts;
    // The claim is to be on the disk first. What is acked or over by then is not sent: on a slow disk that is a while.
    await this.#gate.durable();
    const delivery = store.outbox.get(deliveryId);
    if (delivery?.state !== "pending") return undefined;
    const found = this.#prepare(delivery);
    if ("next" in found) {
      const attempt = found.reason ? { at: clock.now(), reason: found.reason, latencyMs: 0 } : undefined;
      recorder.book(deliveryId, attempt, found.next);
      return undefined;
    }
    return this.#try(delivery, found);
  }

  /**
   * Gives back a delivery that an earlier run had in hand when it died: whether it was sent nobody knows, so it is sent
   * again, under the same id. After the third time it waits: it may be the push itself that brings the server down.
   */
  giveBack(delivery: Delivery & { claimedAt: number }): void {
    const { deliveryId, claimedAt, attemptCount } = delivery;
    const nextAttemptAt = this.#retryAt(attemptCount + 1, this.#parts.clock.now());
    const attempt = { at: claimedAt, reason: "server_stopped", latencyMs: 0 };
    this.#parts.recorder.book(deliveryId, attempt, pendingAt(nextAttemptAt));
  }

  #prepare(delivery: Delivery): PreparedPush | NoPush {
    const { alerts, activities, clock } = this.#parts;
    const found = isActivityKind(delivery.kind) ? activities.prepare(delivery) : alerts.prepare(delivery);
    if ("next" in found) return found;
    const waitUntilAt = this.#pushCircuitBreaker.enter(delivery.deviceId, found.target, clock.now());
    return waitUntilAt === undefined ? found : { next: pendingAt(waitUntilAt) };
  }

  async #try(delivery: Delivery, prepared: PreparedPush): Promise<LaneHold> {
    const sentAt = this.#parts.clock.now();
    const outcome = await this.#send(delivery.deliveryId, prepared);
    return this.#settle(delivery, prepared, sentAt, outcome);
  }

  /** The port's outcome; a sender that throws or hangs is a fault like any other on the way. */
  async #send(deliveryId: string, prepared: PreparedPush): Promise<PushOutcome> {
    const { clock, log } = this.#parts;
    const late = (): PushOutcome => ({ outcome: "retry", reason: "sender_hangs", latencyMs: sendDeadlineMs });
    try {
      return await withDeadline(clock, sendDeadlineMs, prepared.send(), late);
    } catch (error) {
      log.error("push.sender_failed", { deliveryId, error });
      return { outcome: "retry", reason: "sender_failed", latencyMs: 0 };
    }
  }

  async #settle(
    delivery: Delivery,
    prepared: PreparedPush,
    sentAt: number,
    outcome: PushOutcome,
  ): Promise<LaneHold> {
    const { clock, log, recorder } = this.#parts;
    const { deliveryId, deviceId } = delivery;
    const { status, latencyMs } = outcome;
    const reason = outcome.outcome === "sent" ? undefined : outcome.reason;
    const book = (next: DeliveryStatus) =>
      recorder.book(deliveryId, { at: sentAt, status, reason, latencyMs }, next);
    const attempt = delivery.attemptCount + 1;
    const now = clock.now();
    if (outcome.outcome === "gone" || outcome.outcome === "dead")
      this.#pushCircuitBreaker.open(prepared.target);
    switch (outcome.outcome) {
      case "sent":
        this.#configFault = undefined;
        this.#pushCircuitBreaker.pass(deviceId, prepared.target);
        book(prepared.sent());
        return undefined;
      case "retry": {
        const nextAttemptAt = this.#retryAt(attempt, outcome.notBeforeAt);
        book(pendingAt(nextAttemptAt));
        // Apple's own word on when to come back holds for the device; our guess delays its other news only a little.
        const patientAt = now + maxLaneHoldMs;
        return Math.max(outcome.notBeforeAt ?? 0, Math.min(nextAttemptAt, patientAt));
      }
      case "config": {
        if (prepared.misconfigured) return this.#meet(prepared.misconfigured(), delivery, book);
        const nextAttemptAt = isDevicesPerhaps(prepared, outcome)
          ? this.#pushCircuitBreaker.refuse(deviceId, prepared.target, now)
          : this.#pushCircuitBreaker.stop(prepared.target, now);
        if (nextAttemptAt === undefined) {
          log.warn("push.device_refused", { deviceId, reason, status });
          book(pendingAt(this.#retryAt(attempt, now + probeEveryMs)));
          // Its other news asks again after a minute: it may have another subscription by then.
          return now + probeEveryMs;
        }
        if (this.#configFault !== outcome.reason) {
          this.#configFault = outcome.reason;
          log.error("push.misconfigured", { reason: outcome.reason, status, retryMs: nextAttemptAt - now });
        }
        book(pendingAt(nextAttemptAt));
        return nextAttemptAt;
      }
      case "dead":
        log.error("push.dead_letter", { deliveryId, deviceId, reason, status });
        book(settled("dead"));
        return undefined;
      case "gone":
        return this.#meet(prepared.gone(outcome, attempt), delivery, book);
      default: {
        const unknown: never = outcome;
        throw new Error(`No standing for the outcome ${JSON.stringify(unknown)}.`);
      }
    }
  }

  async #meet(fate: Fate, delivery: Delivery, book: (next: DeliveryStatus) => void): Promise<LaneHold> {
    if ("next" in fate) {
      book(fate.next);
      return fate.holdUntilAt;
    }
    book(pendingAt(this.#parts.clock.now()));
    return this.#try({ ...delivery, attemptCount: delivery.attemptCount + 1 }, fate.instead);
  }

  #retryAt(attempt: number, notBeforeAt: number | undefined): number {
    const { clock, random } = this.#parts;
    return retryAt(attempt, { now: clock.now(), notBeforeAt, random: random() });
  }
}

/** What a push service for browsers refuses with a status may be the fault of the one subscription. */
const isDevicesPerhaps = ({ target }: PreparedPush, { status }: PushOutcome): boolean =>
  target.provider === "webpush" && status !== undefined;
