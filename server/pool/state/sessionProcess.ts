import type { NewEvent } from "../../domain/delivery/event.ts";
import type { Failure } from "../../domain/errors.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type { ClaudeProcess } from "../../domain/processes/process.ts";
import { RetryingWriter } from "./retryingWriter.ts";

/** The turn a process works on, as far as memory has to know it. */
export interface CurrentTurn {
  /** Also the id of the user's message, which comes back with its result. */
  turnId: string;
  /** The last finished assistant text of the turn. */
  lastMessageId?: string;
  /** Its prompt is with the process. */
  isGiven?: true;
  /** Claude said or did something in it, so that it must not be run again. */
  hasActed?: true;
  /** Set when somebody asked for its end: what the terminal event will say. */
  interrupt?: { detail: string };
  /** Set when it is being broken off for a reason of ours: what the turn fails with. */
  fault?: Failure;
  /** Claude refused it for a limit: what it fails with, should it fail. */
  limited?: Failure;
}

/**
 * Why a process is on its way out; decides what the session becomes when it is gone. `failed`: it did not do what it has
 * to; `recycled`: a fresh one is better; `unwritten`: the store could not take what has to be written before it is used.
 */
export type StopReason =
  | "evicted"
  | "idle"
  | "cancelled"
  | "server_stopped"
  | "expired"
  | "closed"
  | "failed"
  | "recycled"
  | "unwritten";

/**
 * A session's process, from the decision to start it until nothing is left of it.
 *
 *   starting -> idle <-> busy -> stopping -> (gone)
 *   A process that ends by itself goes from any phase to gone.
 * It takes one of the pool's places for all of that time. `ProcessRegistry` is its only keeper, the pool its only writer.
 */
export interface SessionProcess {
  readonly sessionId: string;
  readonly processId: string;
  /** Its session is a conversation of `/v1`. */
  readonly isNamed: boolean;
  phase: "starting" | "idle" | "busy" | "stopping";
  process?: ClaudeProcess;
  turn?: CurrentTurn;
  /** How often it is asked something without a message right now: idle or not, it must not be taken away from that. */
  calls: number;
  /** Instant since which it is idle; the longest idle makes room first. */
  idleSinceAt: number;
  stopReason?: StopReason;
  /** Instant of the last sign of life: anything the process said, a prompt, an answer to what it asked. */
  lastSignAt: number;
  /** Samples in a row in which it was idle and hot. */
  hotSamples: number;
  /** It is to be replaced by a fresh process as soon as no turn runs, and why. */
  recycle?: { detail: string };
  /** What its first prompt tells Claude beforehand. */
  preamble?: string;
  /** The operating system's process is gone; nothing can be given to it, even while its end is not written yet. */
  hasExited: boolean;
  /** Gives up a start that is under way. */
  readonly start: AbortController;
  /** Ends of turns, and the end of the process, in the order in which they came. */
  readonly writer: RetryingWriter;
  /** What was said and is not written yet: it goes into the log with what follows within moments, in one commit. */
  readonly held: NewEvent[];
  /** Names of tools under way, by tool-use id. */
  readonly tools: Map<string, string>;
  /** Resolves when it can take a prompt for the first time. */
  readonly up: Promise<void>;
  readonly markUp: () => void;
  /** Resolves when nothing is left of it. */
  readonly gone: Promise<void>;
  readonly markGone: () => void;
}

/** Nothing of it can be used any more, though something of it is left. */
export const isLeaving = ({ phase, hasExited }: SessionProcess): boolean => phase === "stopping" || hasExited;

/** It is there and has nothing to do: it can be ended, for another or for a fresh one. */
export const isFree = ({ phase, hasExited, calls }: SessionProcess): boolean =>
  phase === "idle" && !hasExited && calls === 0;

export function newSessionProcess(parts: {
  sessionId: string;
  processId: string;
  isNamed: boolean;
  clock: Clock;
  log: Log;
}): SessionProcess {
  let markUp!: () => void;
  const up = new Promise<void>((resolve) => {
    markUp = resolve;
  });
  let markGone!: () => void;
  const gone = new Promise<void>((resolve) => {
    markGone = resolve;
  });
  return {
    sessionId: parts.sessionId,
    processId: parts.processId,
    isNamed: parts.isNamed,
    phase: "starting",
    calls: 0,
    idleSinceAt: parts.clock.now(),
    hasExited: false,
    lastSignAt: parts.clock.now(),
    hotSamples: 0,
    start: new AbortController(),
    writer: new RetryingWriter(parts),
    held: [],
    tools: new Map(),
    up,
    markUp,
    gone,
    markGone,
  };
}
