import type { PushOutcome, PushTarget } from "../domain/push.ts";
import type { Standing } from "./ledger.ts";

/** The instant until which the device's other deliveries wait too, if they must. */
export type LaneHold = number | undefined;

export type GoneOutcome = Extract<PushOutcome, { outcome: "gone" }>;

/** One push as it would be sent now, and what its fate means for the address it goes to. */
export interface Errand {
  target: PushTarget;
  send(): Promise<PushOutcome>;
  /** It was taken: where the delivery stands then. */
  sent(): Standing;
  /** The address is said to be dead; books where the delivery stands. */
  gone(outcome: GoneOutcome, book: (next: Standing) => void): LaneHold | Promise<LaneHold>;
}

/** Nothing is sent: where the delivery stands instead, and why, when it was worth an entry in its log. */
export interface NoErrand {
  next: Standing;
  reason?: string;
}
