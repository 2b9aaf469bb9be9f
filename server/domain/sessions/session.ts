import { DaylongError } from "../errors.ts";
import type { Lease } from "./lease.ts";

/**
 * State of a session.
 *
 *   parked       no process; a session begins here
 *   busy         a turn runs, or waits for the start of the process
 *   waiting      a permission request is open: of the running turn, or of a subagent that works beside turns
 *   idle         a process that can take the next message
 *   expired      the lease is over
 *   quarantined  the process keeps failing; the next try comes later
 *   closed       final
 *
 * `nextStates` says which may become which. `SessionStore.setState` asserts it and is the only writer; the pool alone
 * calls it.
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

const nextStates: Record<SessionState, readonly SessionState[]> = {
  // A message; a wake without one.
  parked: ["busy", "idle", "expired", "quarantined", "closed"],
  // The turn's end, also when it was cut before it was given; a permission request; the end of the process.
  busy: ["idle", "waiting", "parked", "expired", "quarantined", "closed"],
  // The last answer, or the end of what asked; another request.
  waiting: ["busy", "idle", "waiting", "parked", "expired", "quarantined", "closed"],
  idle: ["busy", "waiting", "parked", "expired", "quarantined", "closed"],
  // A message that was scheduled begins its turn at once; a new message and a keep-alive open a lease first.
  expired: ["busy", "parked", "closed"],
  // The next try, and its failure. A full disk can delay the word of a quarantine until the session runs again.
  quarantined: ["busy", "idle", "waiting", "parked", "quarantined", "expired", "closed"],
  closed: [],
};

/** Whether a session in the state `from` may be put into the state `to`. */
export const mayBecome = (from: SessionState, to: SessionState): boolean => nextStates[from].includes(to);

/** The states from which a session may be put into the state `to`. */
export const statesBefore = (to: SessionState): SessionState[] =>
  sessionStates.filter((from) => mayBecome(from, to));

/** A change of a session's state that `mayBecome` does not allow: a bug of the pool. */
export interface WrongSessionChange {
  sessionId: string;
  from: SessionState;
  to: SessionState;
}

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
  /** Stands in the place of Claude's own. */
  systemPrompt?: string;
  appendSystemPrompt?: string;
  allowedTools?: string[];
  disallowedTools?: string[];
  maxTurns?: number;
  maxBudgetUsd?: number;
  origin?: SessionOrigin;
}

/** The options that clients are shown: those that were chosen. */
export type ChosenOptions = Pick<SessionOptions, "allowedTools" | "systemPrompt" | "appendSystemPrompt">;

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

/**
 * Throws `project_mismatch` for a message whose project is another one than its session's. `resolve` follows links and throws
 * for a path that is no project; the same path as the session's passes even then.
 */
export async function refuseOtherProject(
  session: Pick<Session, "projectPath">,
  named: string,
  resolve: (path: string) => Promise<string>,
): Promise<void> {
  const { projectPath } = session;
  if (named === projectPath) return;
  const resolved = await resolve(named).catch(() => undefined);
  if (resolved === projectPath) return;
  throw new DaylongError(
    "project_mismatch",
    "The session works in another project than the projectPath beside its sessionId; leave the path out, or begin a session there.",
  );
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
