import type { Delivery } from "../../domain/delivery/delivery.ts";
import type { PushOutcome, PushTarget } from "../../domain/delivery/push.ts";
import type { DeliveryStatus } from "./deliveryRecorder.ts";

export type GoneOutcome = Extract<PushOutcome, { outcome: "gone" }>;

/**
 * Where a delivery stands after its address was refused; with `holdUntilAt` the device's other deliveries wait too.
 * `instead`: the same push may be tried in another way, at once.
 */
export type Fate = { next: DeliveryStatus; holdUntilAt?: number } | { instead: PreparedPush };

/** One push as it would be sent now, and what its outcome means for the address it goes to. */
export interface PreparedPush {
  target: PushTarget;
  send(): Promise<PushOutcome>;
  /** It was taken: where the delivery stands then. */
  sent(): DeliveryStatus;
  /** The address is said to be dead, at the delivery's attempt of this number (from 1). */
  gone(outcome: GoneOutcome, attempt: number): Fate;
  /** Our own configuration is at fault. Absent: the push waits until it is mended. */
  misconfigured?(): Fate;
}

/** Nothing is sent: where the delivery stands instead, and why, when that is worth an entry in its log. */
export interface NoPush {
  next: DeliveryStatus;
  reason?: string;
}

/** What one kind of delivery sends. */
export interface PushPreparer {
  /** The push as it would be said now, or the reason why it is not said (any more, or yet). */
  prepare(delivery: Delivery): PreparedPush | NoPush;
}

export const settled = (state: DeliveryStatus["state"]): DeliveryStatus => ({ state, nextAttemptAt: null });
export const pendingAt = (nextAttemptAt: number): DeliveryStatus => ({ state: "pending", nextAttemptAt });
