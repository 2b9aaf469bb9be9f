import type { Delivery } from "../../domain/delivery/delivery.ts";
import type { PushOutcome, PushTarget } from "../../domain/delivery/push.ts";
import type { DeliveryStatus } from "./outcomeRecorder.ts";
import type { SharedReads } from "./sharedReads.ts";

export type GoneOutcome = Extract<PushOutcome, { outcome: "gone" }>;

/**
 * What happens to a delivery after its address was refused: its next status (with `holdUntilAt` the device's other
 * deliveries wait too), or a `fallback`, the same push in another way, which is attempted at once.
 */
export type AfterRefusal = { next: DeliveryStatus; holdUntilAt?: number } | { fallback: PreparedPush };

/** A push that is ready to be sent, and what its outcome means for the address it goes to. */
export interface PreparedPush {
  target: PushTarget;
  send(): Promise<PushOutcome>;
  /** The push service took it: the delivery's status then. */
  sent(): DeliveryStatus;
  /** The address is said to be dead, at the delivery's attempt of this number (from 1). */
  gone(outcome: GoneOutcome, attempt: number): AfterRefusal;
  /** Our own configuration is at fault. Absent: the push waits until it is mended. */
  misconfigured?(): AfterRefusal;
}

/** No push is sent: the delivery's next status, and the reason when it is worth an attempt in the delivery's log. */
export interface NoPush {
  next: DeliveryStatus;
  reason?: string;
}

/** Prepares the pushes of one kind of delivery: alerts, or Live Activities. */
export interface PushPreparer {
  /** The push as of now, or the status of a delivery that is not pushed (any more, or yet). */
  prepare(delivery: Delivery, reads: SharedReads): PreparedPush | NoPush;
}

export const settled = (state: DeliveryStatus["state"]): DeliveryStatus => ({ state, nextAttemptAt: null });
export const pendingAt = (nextAttemptAt: number): DeliveryStatus => ({ state: "pending", nextAttemptAt });
