import { withDeadline } from "../../domain/deadline.ts";
import { instantOf } from "../../domain/deadlineTimer.ts";
import { type Delivery, isActivityKind, retryAt } from "../../domain/delivery/delivery.ts";
import type { PushOutcome } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { DurableGate } from "../durableGate.ts";
import type { DeliveryStatus, OutcomeRecorder } from "./outcomeRecorder.ts";
import {
  type AfterRefusal,
  type NoPush,
  type PreparedPush,
  type PushPreparer,
  pendingAt,
  settled,
} from "./preparedPush.ts";
import { PushCircuitBreaker, probeEveryMs } from "./pushCircuitBreaker.ts";
import { SharedReads, type SharedReadsStore } from "./sharedReads.ts";

/** Deadline of a push sender, after which the push counts as not sent; the senders' own time-outs are far below. */
const sendDeadlineMs = 60_000;
/** Longest time for which one push that is retried holds back the device's other pushes. */
const maxHoldMs = 30_000;

/** Instant until which the device's other deliveries wait too; `undefined`: they need not wait. */
export type HoldUntil = number | undefined;

export interface DeliveryAttemptsParts {
  store: Pick<Store, "whenDurable"> & SharedReadsStore & { outbox: Pick<Store["outbox"], "get"> };
  alerts: PushPreparer;
  activities: PushPreparer;
  clock: Clock;
  log: Log;
  recorder: OutcomeRecorder;
  /** From 0 to 1, for the jitter. */
  random: () => number;
}

/** Makes one attempt to push a delivery and records its outcome, by the same rules for every kind of push. */
export class DeliveryAttempts {
  readonly #parts: DeliveryAttemptsParts;
  readonly #gate: DurableGate;
  readonly #pushCircuitBreaker = new PushCircuitBreaker();
  #configFault: string | undefined;

  constructor(parts: DeliveryAttemptsParts) {
    this.#parts = parts;
    this.#gate = new DurableGate(parts.store);
  }

  /**
   * Sends each delivery, or settles it when there is nothing to send, and records the outcomes. They share a wait for the
   * disk, which has to have their events first; one that is acked or moot by then is not sent. `claimed`: the rows of those that
   * were claimed in this step.
   */
  make(deliveries: readonly Delivery[], claimed: readonly Delivery[] = []): Array<Promise<HoldUntil>> {
    const deviceIds = deliveries.map(({ deviceId }) => deviceId);
    // Nothing is read before the disk has confirmed: then all go on in the same step.
    const reads = new SharedReads(this.#parts.store, deviceIds);
    let isDurable = false;
    const durable = new Promise<void>((resolve) => {
      this.#gate.whenDurable(() => {
        isDurable = true;
        resolve();
      });
    });
    if (isDurable) {
      const rows = new Map(claimed.map((delivery) => [delivery.deliveryId, delivery]));
      return deliveries.map(({ deliveryId }) => this.#make(deliveryId, reads, rows.get(deliveryId)));
    }
    return deliveries.map(async ({ deliveryId }) => {
      await durable;
      // While the disk did not answer the row may have changed.
      return this.#make(deliveryId, reads);
    });
  }

  async #make(deliveryId: string, reads: SharedReads, row?: Delivery): Promise<HoldUntil> {
    const { clock, recorder, store } = this.#parts;
    const delivery = row ?? store.outbox.get(deliveryId);
    if (delivery?.state !== "pending") return undefined;
    const found = this.#prepare(delivery, reads);
    if ("next" in found) {
      const attempt = found.reason ? { at: clock.now(), reason: found.reason, latencyMs: 0 } : undefined;
      recorder.record(deliveryId, attempt, found.next);
      return undefined;
    }
    return this.#attempt(delivery, found);
  }

  /**
   * Releases the claim on a delivery whose attempt was cut by the end of an earlier run. It may have been sent, so it is
   * sent again, under the same id. After the third time it waits: the push itself may be what crashes the server.
   */
  releaseClaim(delivery: Delivery & { claimedAt: number }): void {
    const { deliveryId, claimedAt, attemptCount } = delivery;
    const nextAttemptAt = this.#retryAt(attemptCount + 1, this.#parts.clock.now());
    const attempt = { at: claimedAt, reason: "server_stopped", latencyMs: 0 };
    this.#parts.recorder.record(deliveryId, attempt, pendingAt(nextAttemptAt));
  }

  #prepare(delivery: Delivery, reads: SharedReads): PreparedPush | NoPush {
    const { alerts, activities, clock } = this.#parts;
    const preparer = isActivityKind(delivery.kind) ? activities : alerts;
    const found = preparer.prepare(delivery, reads);
    if ("next" in found) return found;
    const waitUntil = this.#pushCircuitBreaker.admit(delivery.deviceId, found.target, clock.monotonic());
    return waitUntil === undefined ? found : { next: pendingAt(instantOf(clock, waitUntil)) };
  }

  async #attempt(delivery: Delivery, prepared: PreparedPush): Promise<HoldUntil> {
    const sentAt = this.#parts.clock.now();
    const outcome = await this.#send(delivery.deliveryId, prepared);
    return this.#settle(delivery, prepared, sentAt, outcome);
  }

  /** The port's outcome; a sender that throws or hangs is retried like a fault of the network. */
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
  ): Promise<HoldUntil> {
    const { clock, log, recorder } = this.#parts;
    const { deliveryId, deviceId } = delivery;
    const { status, latencyMs } = outcome;
    const reason = outcome.outcome === "sent" ? undefined : outcome.reason;
    const record = (next: DeliveryStatus) =>
      recorder.record(deliveryId, { at: sentAt, status, reason, latencyMs }, next);
    const attempt = delivery.attemptCount + 1;
    const now = clock.now();
    if (outcome.outcome === "gone" || outcome.outcome === "dead")
      this.#pushCircuitBreaker.close(prepared.target);
    switch (outcome.outcome) {
      case "sent":
        this.#configFault = undefined;
        this.#pushCircuitBreaker.noteSuccess(deviceId, prepared.target);
        record(prepared.sent());
        return undefined;
      case "retry": {
        const nextAttemptAt = this.#retryAt(attempt, outcome.notBeforeAt);
        record(pendingAt(nextAttemptAt));
        // Apple's own instant holds for all pushes of the device; our back-off delays its other pushes only a little.
        const longestHoldAt = now + maxHoldMs;
        return Math.max(outcome.notBeforeAt ?? 0, Math.min(nextAttemptAt, longestHoldAt));
      }
      case "config": {
        if (prepared.misconfigured) return this.#afterRefusal(prepared.misconfigured(), delivery, record);
        const reading = clock.monotonic();
        const nextProbe = mayBeOfDevice(prepared, outcome)
          ? this.#pushCircuitBreaker.noteDeviceRefused(deviceId, prepared.target, reading)
          : this.#pushCircuitBreaker.trip(prepared.target, reading);
        if (nextProbe === undefined) {
          log.warn("push.device_refused", { deviceId, reason, status });
          record(pendingAt(this.#retryAt(attempt, now + probeEveryMs)));
          // Its other pushes are attempted after a minute: it may have another subscription by then.
          return now + probeEveryMs;
        }
        const nextAttemptAt = instantOf(clock, nextProbe);
        if (this.#configFault !== outcome.reason) {
          this.#configFault = outcome.reason;
          log.error("push.misconfigured", { reason: outcome.reason, status, retryMs: nextAttemptAt - now });
        }
        record(pendingAt(nextAttemptAt));
        return nextAttemptAt;
      }
      case "dead":
        log.error("push.dead_letter", { deliveryId, deviceId, reason, status });
        record(settled("dead"));
        return undefined;
      case "gone":
        return this.#afterRefusal(prepared.gone(outcome, attempt), delivery, record);
      default: {
        const unknown: never = outcome;
        throw new Error(`No status for the outcome ${JSON.stringify(unknown)}.`);
      }
    }
  }

  async #afterRefusal(
    after: AfterRefusal,
    delivery: Delivery,
    record: (next: DeliveryStatus) => void,
  ): Promise<HoldUntil> {
    if ("next" in after) {
      record(after.next);
      return after.holdUntilAt;
    }
    record(pendingAt(this.#parts.clock.now()));
    return this.#attempt({ ...delivery, attemptCount: delivery.attemptCount + 1 }, after.fallback);
  }

  #retryAt(attempt: number, notBeforeAt: number | undefined): number {
    const { clock, random } = this.#parts;
    return retryAt(attempt, { now: clock.now(), notBeforeAt, random: random() });
  }
}

/** Whether the one subscription may be at fault: of a browser's push service, when it answered at all. */
const mayBeOfDevice = ({ target }: PreparedPush, { status }: PushOutcome): boolean =>
  target.provider === "webpush" && status !== undefined;
