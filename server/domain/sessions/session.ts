import type { Lease } from "./lease.ts";

/**
 * idle <-> busy <-> waiting (a permission is open)
 *   idle -> parked (no process; the next message wakes it) -> busy
 *   any live state -> expired (lease over) -> busy (message) | parked (keep-alive)
 *   any live state -> quarantined (crash loop); any -> closed (terminal)
 * One function writes it: `SessionStore.setState`, called by the pool alone.
 */
export const sessionStates = [
  "idle",
  "busy",
  "waiting",
  "parked",
  "expired",
  "quarantined",
  "closed",
] as const;
export type SessionState = (typeof sessionStates)[number];

export const permissionModes = ["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"] as const;
export type PermissionMode = (typeof permissionModes)[number];

/** What the first start of the session's Claude conversation builds on. */
export interface SessionOrigin {
  /** Id of the Claude conversation to go on with. */
  resume: string;
  /** Copy the conversation to this session's own id instead of going on with it. */
  fork: boolean;
  /** Uuid of the message after which the copy ends. */
  resumeAt?: string;
  /** Turns the session had when this was asked of it: while it has no more, the copy is still to be made. */
  afterTurns?: number;
}

/** Settings of a session that are fixed for its life. */
export interface SessionOptions {
  appendSystemPrompt?: string;
  allowedTools?: string[];
  disallowedTools?: string[];
  maxTurns?: number;
  maxBudgetUsd?: number;
  origin?: SessionOrigin;
}

export interface Session {
  sessionId: string;
  /** Claude's id of the conversation, when it is not the session's own any more (after a `/clear`). */
  claudeSessionId?: string;
  projectPath: string;
  title: string;
  state: SessionState;
  model: string | null;
  permissionMode: PermissionMode;
  createdAt: number;
  lastActivityAt: number;
  lease: Lease;
  turnCount: number;
  lastSeq: number;
  costUsd: number;
  tokens: { input: number; output: number };
  muted: boolean;
  autoKeepAlive: boolean;
  options: SessionOptions;
}

/** A title from the first message: its first line, cut at a word. */
export function titleFrom(message: string): string {
  const line = message.toWellFormed().trim().split(/\r?\n/, 1)[0]!.replace(/\s+/g, " ").trimEnd();
  if (line.length <= 60) return line || "New session";
  const cut = line.slice(0, 60);
  const words = cut.slice(0, Math.max(cut.lastIndexOf(" "), 30));
  // The cut may have left half an emoji behind, and before it a space.
  return `${words.replace(/[\uD800-\uDBFF]$/, "").trimEnd()}…`;
}
