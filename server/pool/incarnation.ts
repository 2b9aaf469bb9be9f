import type { NewEvent } from "../domain/event.ts";
import type { ClaudeProcess } from "../domain/process.ts";

/** The turn a process works on, as far as memory has to know it. */
export interface CurrentTurn {
  turnId: string;
  /** Id of the user's message, which comes back with its result. */
  messageId: string;
  /** The last finished assistant text of the turn. */
  lastMessageId?: string;
  /** Set when somebody asked for its end: what the terminal event will say. */
  interrupt?: { detail: string };
}

/** Why a process is on its way out; decides what the session becomes when it is gone. */
export type StopReason =
  | "evicted"
  | "idle"
  | "cancelled"
  | "server_stopped"
  | "expired"
  | "closed"
  | "failed";

/**
 * A session's process, from the decision to start it until nothing is left of it.
 *
 *   starting -> idle <-> busy -> stopping -> (gone)
 *   A process that ends by itself goes from any phase to gone.
 * It takes one of the pool's places for all of that time. `Roster` is its only keeper, the pool its only writer.
 */
export interface Incarnation {
  readonly sessionId: string;
  readonly processId: string;
  phase: "starting" | "idle" | "busy" | "stopping";
  process?: ClaudeProcess;
  turn?: CurrentTurn;
  /** Instant since which it is idle; the longest idle makes room first. */
  idleSinceAt: number;
  stopReason?: StopReason;
  /** What was said and is not written yet: it goes into the log with what follows within moments, in one commit. */
  readonly held: NewEvent[];
  /** Names of tools under way, by tool-use id. */
  readonly tools: Map<string, string>;
  /** Resolves when nothing is left of it. */
  readonly gone: Promise<void>;
  readonly markGone: () => void;
}

export function newIncarnation(sessionId: string, processId: string, nowAt: number): Incarnation {
  let markGone!: () => void;
  const gone = new Promise<void>((resolve) => {
    markGone = resolve;
  });
  return {
    sessionId,
    processId,
    phase: "starting",
    idleSinceAt: nowAt,
    held: [],
    tools: new Map(),
    gone,
    markGone,
  };
}
