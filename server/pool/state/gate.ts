import type { DaylongError } from "../../domain/errors.ts";

/** The use that a waiting message makes of a process: starts a new one, or is given to its session's idle one. */
export type GateUse = "start" | "give";

/**
 * Something that makes messages wait although a place is free: a lost login, a usage limit, a back-off, a busy machine.
 * They stay in the queue; the owner of the gate calls the scheduler's `advance` when it opens.
 */
export interface Gate {
  /** Asked on the hot path: it must answer from memory. */
  holds(sessionId: string, use: GateUse): boolean;
  /** Why a new message of the session is not even kept, if so. */
  refusal?(sessionId: string): DaylongError | undefined;
}

/** Whether any of the gates holds the session's next message. */
export const isHeld = (gates: readonly Gate[], sessionId: string, use: GateUse): boolean =>
  gates.some((gate) => gate.holds(sessionId, use));
