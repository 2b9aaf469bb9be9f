import type { Failure } from "../errors.ts";

/**
 * queued -> running -> completed | failed | interrupted
 *   queued -> cancelled | failed
 * Exactly one terminal event per turn: `TurnStore.settle` is compare-and-set on a non-terminal state.
 */
export const turnStates = ["queued", "running", "completed", "failed", "interrupted", "cancelled"] as const;
export type TurnState = (typeof turnStates)[number];
export const isTerminal = (state: TurnState): boolean => state !== "queued" && state !== "running";

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
  /** The device that sent it. */
  deviceId: string;
  clientMessageId: string;
  /** SHA-256 of the request's meaning: the same id with another body is a conflict. */
  requestHash: string;
  message: string;
  attachmentIds: string[];
  state: TurnState;
  acceptedAt: number;
  sendAt?: number;
  /** When the prompt was given to a process. A running turn without it can be run again after a crash. */
  givenAt?: number;
  startedAt?: number;
  endedAt?: number;
  reply?: Reply;
  error?: Failure;
}
