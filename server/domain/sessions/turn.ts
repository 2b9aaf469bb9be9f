import type { Failure } from "../errors.ts";

/**
 * queued -> running -> completed | failed | interrupted
 *   queued -> cancelled | failed
 * Exactly one terminal event per turn: `TurnStore.settle` is compare-and-set on a non-terminal state.
 */
export const turnStates = ["queued", "running", "completed", "failed", "interrupted", "cancelled"] as const;
export type TurnState = (typeof turnStates)[number];
export const isTerminal = (state: TurnState): boolean => state !== "queued" && state !== "running";

/**
 * Why a turn runs. `user`: a device sent a message. The others are Claude's own turns, which it begins by itself: `task`, a
 * background command or a subagent has something to say; `schedule`, a wake-up that it scheduled is due; `agent`, another
 * agent or session sent a message; `other`, any other reason. `terminal`: another program ran it in the same conversation; it
 * is kept when it is over.
 */
export const turnOrigins = ["user", "task", "schedule", "agent", "other", "terminal"] as const;
export type TurnOrigin = (typeof turnOrigins)[number];
export type OwnOrigin = Exclude<TurnOrigin, "user" | "terminal">;

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
}

export interface Reply {
  messageId: string;
  text: string;
  costUsd: number;
  usage: Usage;
  durationMs: number;
  numTurns: number;
}

export interface Turn {
  turnId: string;
  sessionId: string;
  origin: TurnOrigin;
  /** The device that sent it; an own turn has none. */
  deviceId?: string;
  /** Of the device's message; an own turn has none. */
  clientMessageId?: string;
  /** SHA-256 of the request's meaning: the same id with another body is a conflict. */
  requestHash: string;
  /** Empty in an own turn; in one of a terminal's what was typed there. */
  message: string;
  attachmentIds: string[];
  state: TurnState;
  acceptedAt: number;
  sendAt?: number;
  /** How long it may run. */
  timeoutMs?: number;
  /** Paths in the project whose contents go to Claude with it. */
  contextFiles?: string[];
  /** When the prompt was given to a process. A running turn without it can be run again after a crash. */
  givenAt?: number;
  startedAt?: number;
  endedAt?: number;
  reply?: Reply;
  error?: Failure;
}
