import type { DeliveryAttempt, DeliveryState } from "../../domain/delivery/delivery.ts";
import type { Log } from "../../domain/ports.ts";
import type { OutboxStore } from "../../domain/stores/delivery.ts";

/** The status of a delivery after an attempt, or after the decision not to make one. */
export interface DeliveryStatus {
  state: DeliveryState;
  nextAttemptAt: number | null;
}

interface Entry {
  attempt: DeliveryAttempt | undefined;
  next: DeliveryStatus;
}

/**
 * Records the outcomes of deliveries in the outbox. A push that was sent while the disk was full is still pending in the
 * database: until its outcome can be written it is kept here, so that the push is not sent again and again.
 */
export class OutcomeRecorder {
  readonly #outbox: Pick<OutboxStore, "record" | "claim" | "hold">;
  readonly #log: Log;
  readonly #unwritten = new Map<string, Entry[]>();

  constructor({ outbox, log }: { outbox: Pick<OutboxStore, "record" | "claim" | "hold">; log: Log }) {
    this.#outbox = outbox;
    this.#log = log;
  }

  record(deliveryId: string, attempt: DeliveryAttempt | undefined, next: DeliveryStatus): void {
    const earlier = this.#unwritten.get(deliveryId);
    if (earlier) {
      earlier.push({ attempt, next });
      return;
    }
    try {
      this.#write(deliveryId, { attempt, next });
    } catch (error) {
      this.#unwritten.set(deliveryId, [{ attempt, next }]);
      this.#log.error("delivery.not_recorded", { deliveryId, state: next.state, error });
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

  /** Holds back the due deliveries of the device. False: that could not be written, and they are still due. */
  hold(deviceId: string, untilAt: number): boolean {
    try {
      this.#outbox.hold(deviceId, untilAt);
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

  /** Writes the outcomes that could not be written. Stops at the first failure: the next would fail alike. */
  retryWrites(): void {
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
    }
  }

  #write(deliveryId: string, { attempt, next }: Entry): void {
    // An ack that came while the push was in flight outranks the outcome of the push: the store moves no acked delivery.
    this.#outbox.record(deliveryId, attempt, next);
  }
}
