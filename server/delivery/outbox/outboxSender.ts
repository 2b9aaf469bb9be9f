import { pause, withDeadline } from "../../domain/deadline.ts";
import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import type { Delivery } from "../../domain/delivery/delivery.ts";
import type { PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { Acks } from "../sockets/acks.ts";
import type { Connections } from "../sockets/connections.ts";
import { AlertPushes } from "./alertPushes.ts";
import { BadgeSync } from "./badgeSync.ts";
import { DeliveryAttempts } from "./deliveryAttempts.ts";
import { DeliveryRecorder } from "./deliveryRecorder.ts";
import type { PushPreparer } from "./preparedPush.ts";
import { TokenInvalidation } from "./tokenInvalidation.ts";

/** Deliveries taken up at once, besides those in hand. */
const batchSize = 100;
/** Deliveries of one device in hand: a backlog of thousands for one must not hide what is due for another. */
const laneLength = 50;
/** When more is due than is taken up at once: look again after this time. */
const lookAgainMs = 100;
/** Pause after the database refused to be read or written. */
const storageRetryMs = 5_000;

export interface OutboxSenderParts {
  store: Store;
  push: PushSender;
  activities: PushPreparer;
  connections: Connections;
  clock: Clock;
  log: Log;
  /** How long a device that watches has to ack before it is pushed to (`PUSH_GRACE_MS`). */
  graceMs: () => number;
  /** Pushes in flight at once, over all devices. */
  concurrency?: number;
  /** From 0 to 1, for the jitter of back-off. */
  random?: () => number;
}

/**
 * Drains the outbox. Each device has a lane, in the order of cursors, one push at a time; lanes take turns for the
 * bounded number of pushes in flight, so that a device that answers slowly delays nobody but itself.
 *
 *   ready -> running -> last call (what is due, or waited for an ack in vain, is sent up to a deadline) -> stopped
 *
 * A delivery in hand is still pending in the database, and claimed: after a crash it is sent again, under the same
 * `apns-id`. The lease of a claim is the run itself: one server holds the data folder, and within it no attempt lasts
 * longer than a minute.
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #recorder: DeliveryRecorder;
  readonly #invalidation: TokenInvalidation;
  readonly #attempts: DeliveryAttempts;
  readonly #badgeSync: BadgeSync;
  readonly #acks: Acks;
  readonly #concurrency: number;
  /** Deliveries in hand, by device, lowest cursor first. A lane is there while it has any, the one in flight included. */
  readonly #lanes = new Map<string, Delivery[]>();
  readonly #waiting: string[] = [];
  readonly #inHand = new Set<string>();
  readonly #inFlight = new Set<Promise<void>>();
  /** Pushes have settled; the next ones start when every one that is ready has settled too. */
  #landing: Promise<void> | undefined;
  /** A lane has run dry: only then is the outbox looked at again, for a look costs time with what is due. */
  #isDry = false;
  readonly #heldUntil = new Map<string, number>();
  readonly #timer: DeadlineTimer;
  #state: "ready" | "running" | "last-call" | "stopped" = "ready";
  #stopping: Promise<void> | undefined;

  constructor(parts: OutboxSenderParts) {
    const { store, push, activities, connections, clock, log, graceMs, random = Math.random } = parts;
    this.#parts = parts;
    this.#concurrency = parts.concurrency ?? 100;
    this.#timer = new DeadlineTimer({ clock, onDue: () => this.#drain() });
    this.#recorder = new DeliveryRecorder({ outbox: store.outbox, log });
    this.#invalidation = new TokenInvalidation({ devices: store.devices, clock, log });
    this.#badgeSync = new BadgeSync({ store, push, clock, log });
    this.#acks = new Acks({ store, connections, badgeSync: this.#badgeSync, clock, log });
    const [recorder, invalidation] = [this.#recorder, this.#invalidation];
    const alerts = new AlertPushes({ store, push, connections, clock, log, graceMs, invalidation, random });
    this.#attempts = new DeliveryAttempts({ store, alerts, activities, clock, log, recorder, random });
  }

  /** Idempotent. Takes up what an earlier run left pending. */
  start(): void {
    if (this.#state !== "ready") return;
    this.#state = "running";
    this.#reap();
    this.pulse();
  }

  /** There may be something new in the outbox. Cheap; looks after the current work, not within it. */
  pulse(): void {
    this.#arm(this.#parts.clock.now());
  }

  /** The device holds everything up to `cursor`; it is written when this returns the cursor in force. */
  acknowledge(deviceId: string, cursor: number): number {
    return this.#acks.take(deviceId, cursor);
  }

  /** The same for an ack that wants no answer: written a moment later, and before anything is sent. */
  noteAck(deviceId: string, cursor: number): void {
    this.#acks.note(deviceId, cursor);
  }

  /**
   * Sends what is due now or within the grace, for the sockets that could have acked it are closed by now, and waits up
   * to `deadlineMs`. What is left stays pending for the next start. Idempotent.
   */
  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { clock, log, graceMs } = this.#parts;
    const wasRunning = this.#state === "running";
    this.#state = "last-call";
    this.#timer.cancel();
    this.#acks.stop();
    this.#badgeSync.stop();
    try {
      if (wasRunning) this.#takeDue(clock.now() + graceMs());
    } catch (error) {
      log.error("outbox.not_drained", { error });
    }
    const inTime = await withDeadline(
      clock,
      deadlineMs,
      this.#landed().then(() => true),
      () => false,
    );
    this.#state = "stopped";
    if (!inTime) log.warn("outboxSender.stopped_early", { inFlight: this.#inFlight.size, deadlineMs });
    this.#invalidation.stop();
    this.#recorder.settle();
  }

  /** Resolves when nothing is in flight: a flight that lands may start the next one of its lane. */
  async #landed(): Promise<void> {
    for (this.#fly(); this.#inFlight.size > 0; this.#fly()) await Promise.all(this.#inFlight);
  }

  #reap(): void {
    const { store, log } = this.#parts;
    try {
      const claimed = store.outbox.claimed();
      if (claimed.length === 0) return;
      store.transaction(() => {
        for (const delivery of claimed) this.#attempts.giveBack(delivery);
      });
      log.info("outbox.reaped", { deliveries: claimed.length });
    } catch (error) {
      // They are still pending and due; only that they may have been sent is not in their log.
      log.error("outbox.not_reaped", { error });
    }
  }

  #arm(at: number): void {
    if (this.#state === "running") this.#timer.armNoLaterThan(at);
  }

  #drain(): void {
    const { clock, store, log } = this.#parts;
    if (this.#state !== "running") return;
    const now = clock.now();
    this.#acks.flush();
    try {
      const isAll = this.#takeDue(now);
      if (!isAll) this.#arm(now + lookAgainMs);
      if (this.#recorder.owedCount > 0) this.#arm(now + storageRetryMs);
      // What is due by now is in hand, or waits for what is in hand of its own device, whose landing looks again.
      const nextAt = store.outbox.nextDueAfter(now);
      if (nextAt !== undefined) this.#arm(nextAt);
    } catch (error) {
      log.error("outbox.not_drained", { error, retryMs: storageRetryMs });
      this.#arm(now + storageRetryMs);
    }
  }

  /** Takes up what is due at `at`. False: there is more. Throws what the database throws. */
  #takeDue(at: number): boolean {
    const { store } = this.#parts;
    this.#recorder.settle();
    // What is in hand or not booked yet is still due in the database, hence the larger limit.
    const limit = this.#inHand.size + this.#recorder.owedCount + batchSize;
    const due = store.outbox.due(at, limit, laneLength + this.#recorder.owedCount);
    if (due.length > 0) {
      store.transaction(() => {
        for (const delivery of due) this.#take(delivery);
      });
    }
    this.#fly();
    return due.length < limit;
  }

  #take(delivery: Delivery): void {
    const { deliveryId, deviceId } = delivery;
    if (this.#inHand.has(deliveryId) || this.#recorder.owes(deliveryId)) return;
    const heldUntilAt = this.#heldUntil.get(deviceId) ?? 0;
    if (heldUntilAt > this.#parts.clock.now()) {
      this.#recorder.book(deliveryId, undefined, { state: "pending", nextAttemptAt: heldUntilAt });
      return;
    }
    this.#inHand.add(deliveryId);
    const lane = this.#lanes.get(deviceId);
    if (!lane) {
      this.#lanes.set(deviceId, [delivery]);
      this.#waiting.push(deviceId);
      return;
    }
    lane.push(delivery);
    lane.sort((a, b) => a.cursor - b.cursor);
  }

  /** Starts what there is room for, claimed in one commit. */
  #fly(): void {
    const next: Delivery[] = [];
    while (this.#state !== "stopped" && this.#inFlight.size + next.length < this.#concurrency) {
      const deviceId = this.#waiting.shift();
      if (deviceId === undefined) break;
      const delivery = this.#lanes.get(deviceId)?.shift();
      if (delivery) next.push(delivery);
    }
    if (next.length === 0) return;
    const ids = next.map(({ deliveryId }) => deliveryId);
    this.#recorder.claim(ids, this.#parts.clock.now());
    for (const delivery of next) {
      const flight = this.#flyOne(delivery).finally(() => {
        this.#inFlight.delete(flight);
        this.#landing ??= this.#land();
      });
      this.#inFlight.add(flight);
    }
  }

  async #land(): Promise<void> {
    await pause(this.#parts.clock, 0);
    this.#landing = undefined;
    this.#fly();
    if (!this.#isDry) return;
    this.#isDry = false;
    this.pulse();
  }

  async #flyOne(delivery: Delivery): Promise<void> {
    const { clock, log } = this.#parts;
    const { deviceId } = delivery;
    let heldUntilAt: number | undefined;
    try {
      heldUntilAt = await this.#attempts.make(delivery.deliveryId);
    } catch (error) {
      // The database, or a bug of ours. The row is untouched: leave the device alone for a while, then try again.
      heldUntilAt = clock.now() + storageRetryMs;
      log.error("delivery.not_attempted", { deliveryId: delivery.deliveryId, error });
      this.#recorder.book(delivery.deliveryId, undefined, { state: "pending", nextAttemptAt: heldUntilAt });
    }
    this.#inHand.delete(delivery.deliveryId);
    this.#release(deviceId, heldUntilAt);
  }

  /**
   * Lets the lane take its next turn. A held lane is given up, even for no time at all: its deliveries are taken anew
   * together with the one that is retried, which keeps their order.
   */
  #release(deviceId: string, heldUntilAt: number | undefined): void {
    const lane = this.#lanes.get(deviceId) ?? [];
    if (heldUntilAt === undefined) {
      this.#heldUntil.delete(deviceId);
    } else {
      this.#heldUntil.set(deviceId, heldUntilAt);
      for (const { deliveryId } of lane.splice(0)) this.#inHand.delete(deliveryId);
      // What could not be held back together is held back one by one when it is taken up.
      if (!this.#recorder.hold(deviceId, heldUntilAt)) this.#arm(this.#parts.clock.now() + storageRetryMs);
    }
    if (lane.length > 0) {
      this.#waiting.push(deviceId);
      return;
    }
    this.#lanes.delete(deviceId);
    this.#isDry = true;
  }
}
