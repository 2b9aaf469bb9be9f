import type { Delivery, DeliveryAttempt, DeliveryState } from "../../domain/delivery/delivery.ts";
import type { Log, Store, SyncTime } from "../../domain/ports.ts";

/** The status of a delivery after an attempt, or after the decision not to make one. */
export interface DeliveryStatus {
  state: DeliveryState;
  nextAttemptAt: number | null;
}

interface RecorderStore {
  transaction(work: () => void, committed?: () => void, sync?: SyncTime): void;
  outbox: Pick<Store["outbox"], "record" | "claim" | "hold">;
}

interface Entry {
  attempt: DeliveryAttempt | undefined;
  next: DeliveryStatus;
}

/**
 * Records the outcomes of deliveries in the outbox. Those of one step of the event loop are written in one commit, which
 * costs as much as a single one. A push that was sent while the disk was full is still pending in the database: until its
 * outcome can be written it is kept here, so that the push is not sent again and again.
 */
export class OutcomeRecorder {
  readonly #store: RecorderStore;
  readonly #log: Log;
  readonly #unwritten = new Map<string, Entry[]>();
  /** Deliveries whose outcome was refused by the database: that is logged once for each. */
  readonly #refused = new Set<string>();

  constructor({ store, log }: { store: RecorderStore; log: Log }) {
    this.#store = store;
    this.#log = log;
  }

  /** Keeps the outcome until `write`. */
  record(deliveryId: string, attempt: DeliveryAttempt | undefined, next: DeliveryStatus): void {
    const entry = { attempt, next };
    const earlier = this.#unwritten.get(deliveryId);
    if (earlier) earlier.push(entry);
    else this.#unwritten.set(deliveryId, [entry]);
  }

  /** Holds back the due deliveries of the device. False: that could not be written, and they are still due. */
  hold(deviceId: string, untilAt: number): boolean {
    this.write();
    try {
      this.#store.outbox.hold(deviceId, untilAt);
      return true;
    } catch (error) {
      this.#log.error("outbox.not_held", { deviceId, error });
      return false;
    }
  }

  /** Whether the delivery has an outcome that is not in the database yet; it must not be attempted. */
  isUnwritten(deliveryId: string): boolean {
    return this.#unwritten.has(deliveryId);
  }

  get unwrittenCount(): number {
    return this.#unwritten.size;
  }

  /**
   * Writes the outcomes that are kept here; what the database refuses stays for the next time.
   *
   * With them, in the same commit, `claimed` deliveries are claimed, so that after a crash it is known that they may have been
   * sent; those that were pending are returned. The disk is not asked for such a commit: a loss of power that takes a claim or an
   * outcome back leaves a delivery that is due, and is sent once more under its id, as it is after any crash. The commit of the
   * last outcomes claims nothing, and takes the earlier ones to the disk with it.
   */
  write(claimed: readonly string[] = [], at = 0): Delivery[] {
    if (this.#unwritten.size === 0 && claimed.length === 0) return [];
    let pending: Delivery[] = [];
    const sync = claimed.length > 0 ? "later" : "now";
    const work = () => {
      for (const [deliveryId, entries] of this.#unwritten)
        for (const entry of entries) this.#write(deliveryId, entry);
      if (claimed.length > 0) pending = this.#store.outbox.claim(claimed, at);
    };
    try {
      this.#store.transaction(work, undefined, sync);
      this.#unwritten.clear();
      this.#refused.clear();
      return pending;
    } catch (error) {
      this.#writeEach();
      this.#logRefused(error);
      return this.#claim(claimed, at);
    }
  }

  /** Writes as many as the database takes, one by one, and stops at the first failure: the next would fail alike. */
  #writeEach(): void {
    for (const [deliveryId, entries] of this.#unwritten) {
      try {
        for (let entry = entries[0]; entry; entry = entries[0]) {
          this.#write(deliveryId, entry);
          entries.shift();
        }
      } catch {
        return;
      }
      this.#unwritten.delete(deliveryId);
      this.#refused.delete(deliveryId);
    }
  }

  #claim(deliveryIds: readonly string[], at: number): Delivery[] {
    if (deliveryIds.length === 0) return [];
    try {
      return this.#store.outbox.claim(deliveryIds, at);
    } catch (error) {
      // A full disk is no reason not to tell the phone; it may be told twice if we crash now.
      this.#log.error("outbox.not_claimed", { deliveries: deliveryIds.length, error });
      return [];
    }
  }

  #logRefused(error: unknown): void {
    for (const [deliveryId, entries] of this.#unwritten) {
      if (this.#refused.has(deliveryId)) continue;
      this.#refused.add(deliveryId);
      this.#log.error("delivery.not_recorded", { deliveryId, state: entries.at(-1)?.next.state, error });
    }
  }

  #write(deliveryId: string, { attempt, next }: Entry): void {
    // An ack that came while the push was in flight outranks the outcome of the push: the store moves no acked delivery.
    this.#store.outbox.record(deliveryId, attempt, next);
  }
}
