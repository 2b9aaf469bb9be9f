import type { DeliveryAttempt, DeliveryState } from "../../domain/delivery/delivery.ts";
import type { Log } from "../../domain/ports.ts";
import type { OutboxStore } from "../../domain/stores/delivery.ts";

/** Where a delivery stands after something was done about it. */
export interface DeliveryStatus {
  state: DeliveryState;
  nextAttemptAt: number | null;
}

interface Entry {
  attempt: DeliveryAttempt | undefined;
  next: DeliveryStatus;
}

/**
 * Books what became of deliveries. A push that was sent while the disk was full is still pending in the database: until
 * it can be booked it is remembered here, so that it is not sent again and again.
 */
export class DeliveryRecorder {
  readonly #outbox: Pick<OutboxStore, "get" | "record" | "claim" | "hold">;
  readonly #log: Log;
  readonly #owed = new Map<string, Entry[]>();

  constructor({ outbox, log }: { outbox: Pick<OutboxStore, "get" | "record" | "claim" | "hold">; log: Log }) {
    this.#outbox = outbox;
    this.#log = log;
  }

  book(deliveryId: string, attempt: DeliveryAttempt | undefined, next: DeliveryStatus): void {
    const owed = this.#owed.get(deliveryId);
    if (owed) {
      owed.push({ attempt, next });
      return;
    }
    try {
      this.#write(deliveryId, { attempt, next });
    } catch (error) {
      this.#owed.set(deliveryId, [{ attempt, next }]);
      this.#log.error("delivery.not_booked", { deliveryId, state: next.state, error });
    }
  }

  /** Claims deliveries, so that after a crash it is known that they may have been sent. */
  claim(deliveryIds: readonly string[], at: number): void {
    try {
      this.#outbox.claim(deliveryIds, at);
    } catch (error) {
      // A full disk is no reason not to tell the phone; it may be told twice if we crash now.
      this.#log.error("outbox.not_claimed", { deliveries: deliveryIds.length, error });
    }
  }

  /** Holds back what is due for the device. False: it could not be written, and is still due. */
  hold(deviceId: string, untilAt: number): boolean {
    try {
      this.#outbox.hold(deviceId, untilAt);
      return true;
    } catch (error) {
      this.#log.error("outbox.not_held", { deviceId, error });
      return false;
    }
  }

  /** Deliveries whose row in the database is not what we know; they must not be tried. */
  owes(deliveryId: string): boolean {
    return this.#owed.has(deliveryId);
  }

  get owedCount(): number {
    return this.#owed.size;
  }

  /** Tries again to book what could not be booked. Stops at the first failure: the next would fail alike. */
  settle(): void {
    for (const [deliveryId, entries] of this.#owed) {
      try {
        for (let entry = entries[0]; entry; entry = entries[0]) {
          this.#write(deliveryId, entry);
          entries.shift();
        }
      } catch {
        return;
      }
      this.#owed.delete(deliveryId);
    }
  }

  #write(deliveryId: string, { attempt, next }: Entry): void {
    // The ack may have come while the push was on its way; it is the stronger word.
    const acked = this.#outbox.get(deliveryId)?.state === "acked";
    this.#outbox.record(deliveryId, attempt, acked ? { state: "acked", nextAttemptAt: null } : next);
  }
}
