import { nextTurn, withDeadline } from "../../domain/deadline.ts";
import { DeadlineTimer, instantOf } from "../../domain/deadlineTimer.ts";
import type { Delivery } from "../../domain/delivery/delivery.ts";
import type { DeliveryWatch } from "../../domain/delivery/deliveryWatch.ts";
import type { PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { Acks } from "../sockets/acks.ts";
import type { Connections } from "../sockets/connections.ts";
import { AlertPushes } from "./alertPushes.ts";
import { BadgeSync } from "./badgeSync.ts";
import { DeliveryAttempts, type HoldUntil } from "./deliveryAttempts.ts";
import { OutcomeRecorder } from "./outcomeRecorder.ts";
import type { PushPreparer } from "./preparedPush.ts";
import { TokenInvalidation } from "./tokenInvalidation.ts";

/** Deliveries read from the outbox at once, besides those that are queued. */
const batchSize = 2_000;
/** Longest queue of one device: a backlog of thousands for one device must not hide the due ones of another. */
const maxQueueLength = 50;
/** When more is due than is read at once: look again after this time. */
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
  /** Told of acks. */
  watch?: Pick<DeliveryWatch, "acked">;
}

/**
 * Sends the pushes of the outbox. Each device has a queue, in the order of cursors, with one attempt in flight at a time; the
 * queues take turns for the bounded number of attempts in flight, so that a device that answers slowly delays no other.
 *
 *   ready -> running -> stopping (deliveries that are due, or wait for an ack, are sent up to a deadline) -> stopped
 *
 * A queued delivery is still pending in the database, and claimed while its attempt is in flight: after a crash it is sent
 * again, under the same `apns-id`. A claim needs no lease: one server holds the data folder, and within it no attempt lasts
 * longer than a minute.
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #recorder: OutcomeRecorder;
  readonly #invalidation: TokenInvalidation;
  readonly #attempts: DeliveryAttempts;
  readonly #badgeSync: BadgeSync;
  readonly #acks: Acks;
  readonly #concurrency: number;
  /** Queued deliveries by device, lowest cursor first. A device has a queue also while its last delivery is in flight. */
  readonly #queues = new Map<string, Delivery[]>();
  /** Devices whose next attempt may start, in turn. */
  readonly #readyDevices: string[] = [];
  /** Ids of the deliveries that are queued or in flight. */
  readonly #taken = new Set<string>();
  readonly #inFlight = new Set<Promise<void>>();
  /** Attempts have ended; the next ones start when every other one that is ready to end has ended too. */
  #refilling: Promise<void> | undefined;
  /** A queue has become empty: only then is the outbox read again, for the read costs more the more is due. */
  #hasEmptiedQueue = false;
  readonly #heldUntil = new Map<string, number>();
  readonly #timer: DeadlineTimer;
  #state: "ready" | "running" | "stopping" | "stopped" = "ready";
  #stopping: Promise<void> | undefined;

  constructor(parts: OutboxSenderParts) {
    const { store, push, activities, connections, clock, log, graceMs, watch, random = Math.random } = parts;
    this.#parts = parts;
    this.#concurrency = parts.concurrency ?? 100;
    this.#timer = new DeadlineTimer({ clock, onDue: () => this.#drain() });
    this.#recorder = new OutcomeRecorder({ store, log });
    this.#invalidation = new TokenInvalidation({ devices: store.devices, clock, log });
    this.#badgeSync = new BadgeSync({ store, push, clock, log });
    this.#acks = new Acks({ store, connections, badgeSync: this.#badgeSync, clock, log, watch });
    const [recorder, invalidation] = [this.#recorder, this.#invalidation];
    const alerts = new AlertPushes({ store, push, connections, clock, log, graceMs, invalidation, random });
    this.#attempts = new DeliveryAttempts({ store, alerts, activities, clock, log, recorder, random });
  }

  /** Idempotent. Goes on with the deliveries that an earlier run left pending. */
  start(): void {
    if (this.#state !== "ready") return;
    this.#state = "running";
    this.#releaseClaims();
    this.#arm(this.#parts.clock.now());
  }

  /**
   * The outbox has a new delivery that is due at `at` (ms since the epoch). Cheap: the outbox is read then, and never within
   * the current work. A reply that a device watches is due at the end of the grace; its turn ends without a read of the outbox.
   */
  noteDue(at: number): void {
    this.#arm(at);
  }

  /** The device holds everything up to `cursor`. Written when this returns the cursor in force. */
  acknowledge(deviceId: string, cursor: number): number {
    return this.#acks.take(deviceId, cursor);
  }

  /** The same for an ack without an answer: written a moment later, and before anything is sent. */
  noteAck(deviceId: string, cursor: number): void {
    this.#acks.note(deviceId, cursor);
  }

  /** The device has another session on its screen. */
  noteView(deviceId: string): void {
    this.#acks.noteView(deviceId);
  }

  /** A device says that the owner has read the session up to here. */
  markRead(deviceId: string, sessionId: string, throughSeq: number): void {
    this.#acks.read(deviceId, sessionId, throughSeq);
  }

  /**
   * Sends the deliveries that are due now or within the grace, for the sockets that could have acked them are closed by now,
   * and waits up to `deadlineMs`. The others stay pending for the next start. Idempotent.
   */
  stop(deadlineMs: number): Promise<void> {
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  async #stop(deadlineMs: number): Promise<void> {
    const { clock, log, graceMs } = this.#parts;
    const wasRunning = this.#state === "running";
    this.#state = "stopping";
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
      this.#idle().then(() => true),
      () => false,
    );
    this.#state = "stopped";
    if (!inTime) log.warn("outbox.stopped_early", { inFlight: this.#inFlight.size, deadlineMs });
    this.#invalidation.stop();
    this.#recorder.write();
  }

  /** Resolves when nothing is in flight: the end of an attempt may start the next one of its queue. */
  async #idle(): Promise<void> {
    for (this.#startAttempts(); this.#inFlight.size > 0; this.#startAttempts()) {
      await Promise.all(this.#inFlight);
    }
  }

  #releaseClaims(): void {
    const { store, log } = this.#parts;
    try {
      const claimed = store.outbox.claimed();
      if (claimed.length === 0) return;
      for (const delivery of claimed) this.#attempts.releaseClaim(delivery);
      this.#recorder.write();
      log.info("outbox.claims_released", { deliveries: claimed.length });
    } catch (error) {
      // They are still pending and due; only the attempt that may have been made is missing from their log.
      log.error("outbox.claims_not_released", { error });
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
      if (this.#recorder.unwrittenCount > 0) this.#arm(now + storageRetryMs);
      // A delivery that is due by now is queued, or waits until the queue of its device is empty and the outbox is read again.
      const nextAt = store.outbox.nextDueAfter(now);
      if (nextAt !== undefined) this.#arm(nextAt);
    } catch (error) {
      log.error("outbox.not_drained", { error, retryMs: storageRetryMs });
      this.#arm(now + storageRetryMs);
    }
  }

  /** Queues the deliveries that are due at `at`. False: there are more. Throws what the database throws. */
  #takeDue(at: number): boolean {
    const { store } = this.#parts;
    this.#recorder.write();
    // A delivery that is taken or not recorded yet is still due in the database, hence the larger limit.
    const limit = this.#taken.size + this.#recorder.unwrittenCount + batchSize;
    const due = store.outbox.due(at, limit, maxQueueLength + this.#recorder.unwrittenCount);
    for (const delivery of due) this.#take(delivery);
    this.#startAttempts();
    return due.length < limit;
  }

  #take(delivery: Delivery): void {
    const { deliveryId, deviceId } = delivery;
    if (this.#taken.has(deliveryId) || this.#recorder.isUnwritten(deliveryId)) return;
    const { clock } = this.#parts;
    const heldUntil = this.#heldUntil.get(deviceId);
    if (heldUntil !== undefined && heldUntil > clock.monotonic()) {
      const heldUntilAt = instantOf(clock, heldUntil);
      this.#recorder.record(deliveryId, undefined, { state: "pending", nextAttemptAt: heldUntilAt });
      return;
    }
    this.#taken.add(deliveryId);
    const queue = this.#queues.get(deviceId);
    if (!queue) {
      this.#queues.set(deviceId, [delivery]);
      this.#readyDevices.push(deviceId);
      return;
    }
    queue.push(delivery);
    queue.sort((a, b) => a.cursor - b.cursor);
  }

  /** Writes what the last attempts came to, and starts as many as there is room for, their deliveries claimed in one commit. */
  #startAttempts(): void {
    const next: Delivery[] = [];
    while (this.#state !== "stopped" && this.#inFlight.size + next.length < this.#concurrency) {
      const deviceId = this.#readyDevices.shift();
      if (deviceId === undefined) break;
      const delivery = this.#queues.get(deviceId)?.shift();
      if (delivery) next.push(delivery);
    }
    const ids = next.map(({ deliveryId }) => deliveryId);
    const claimed = this.#recorder.write(ids, this.#parts.clock.now());
    if (next.length === 0) return;
    const made = this.#attempts.make(next, claimed);
    for (const [index, delivery] of next.entries()) {
      const attempt = this.#follow(delivery, made[index]!).finally(() => {
        this.#inFlight.delete(attempt);
        this.#refilling ??= this.#refill();
      });
      this.#inFlight.add(attempt);
    }
  }

  async #refill(): Promise<void> {
    // The answers that have come by now are read first: attempts that end together are written, and followed, together.
    await nextTurn(this.#parts.clock);
    this.#refilling = undefined;
    this.#startAttempts();
    if (!this.#hasEmptiedQueue) return;
    this.#hasEmptiedQueue = false;
    this.#arm(this.#parts.clock.now());
  }

  async #follow(delivery: Delivery, made: Promise<HoldUntil>): Promise<void> {
    const { clock, log } = this.#parts;
    const { deviceId } = delivery;
    let heldUntilAt: HoldUntil;
    try {
      heldUntilAt = await made;
    } catch (error) {
      // The database, or a bug of ours. The row is untouched: leave the device alone for a while, then try again.
      heldUntilAt = clock.now() + storageRetryMs;
      log.error("delivery.not_attempted", { deliveryId: delivery.deliveryId, error });
      this.#recorder.record(delivery.deliveryId, undefined, { state: "pending", nextAttemptAt: heldUntilAt });
    }
    this.#taken.delete(delivery.deliveryId);
    this.#endTurn(deviceId, heldUntilAt);
  }

  /**
   * Lets the queue of the device take its next turn. A queue that is held is dissolved, even for no time at all: its
   * deliveries are taken anew together with the one that is retried, which keeps their order.
   */
  #endTurn(deviceId: string, heldUntilAt: number | undefined): void {
    const queue = this.#queues.get(deviceId) ?? [];
    if (heldUntilAt === undefined) {
      this.#heldUntil.delete(deviceId);
    } else {
      const { clock } = this.#parts;
      this.#heldUntil.set(deviceId, clock.monotonic() + (heldUntilAt - clock.now()));
      for (const { deliveryId } of queue.splice(0)) this.#taken.delete(deliveryId);
      // Deliveries that could not be held back together are held back one by one when they are taken.
      if (!this.#recorder.hold(deviceId, heldUntilAt)) this.#arm(this.#parts.clock.now() + storageRetryMs);
    }
    if (queue.length > 0) {
      this.#readyDevices.push(deviceId);
      return;
    }
    this.#queues.delete(deviceId);
    this.#hasEmptiedQueue = true;
  }
}
