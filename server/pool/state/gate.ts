import type { DaylongError } from "../../domain/errors.ts";

/** What a waiting message wants: a new process, or the idle one of its session. */
export type GateUse = "start" | "give";

/**
 * Something that makes messages wait although a place is free: a lost login, a usage limit, a back-off, a busy machine.
 * They stay in the queue; whoever owns the gate makes the pool advance when it opens.
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
