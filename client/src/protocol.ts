/**
 * The outside of a Daylong server, as a client sees it. Written from the contract; a test of the server's holds these
 * types against the schemas that it parses and answers with. Unknown fields and events are to be tolerated.
 */

export type SessionState = "idle" | "busy" | "waiting" | "parked" | "expired" | "quarantined" | "closed";
export type PermissionMode = "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
export type TurnState = "queued" | "running" | "completed" | "failed" | "interrupted" | "cancelled";

/** A conversation with Claude in one project directory. Instants are milliseconds since the epoch. */
export interface Session {
  sessionId: string;
  projectPath: string;
  title: string;
  state: SessionState;
  model: string | null;
  permissionMode: PermissionMode;
  createdAt: number;
  lastActivityAt: number;
  lease: { term: number; startedAt: number; warnAt: number; expiresAt: number; warnedAt?: number };
  timeRemainingMs: number;
  turnCount: number;
  queuedTurns: number;
  lastSeq: number;
  costUsd: number;
  tokens: { input: number; output: number };
  muted: boolean;
  autoKeepAlive: boolean;
  openPermissions: number;
  process?: { pid: number; startedAt: number; rssBytes: number; cpuPercent: number; processCount: number };
}

export interface NewSession {
  projectPath: string;
  title?: string;
  model?: string;
  permissionMode?: PermissionMode;
  /** Id of the Claude conversation to go on with; with `fork`, in a copy. */
  resume?: string;
  fork?: boolean;
  resumeAt?: string;
  appendSystemPrompt?: string;
  allowedTools?: string[];
  disallowedTools?: string[];
  maxTurns?: number;
  maxBudgetUsd?: number;
}

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheCreationTokens: number;
}

/** What Claude answered to one message. */
export interface Reply {
  messageId: string;
  text: string;
  costUsd: number;
  usage: Usage;
  durationMs: number;
  numTurns: number;
}

export interface TurnView {
  turnId: string;
  sessionId: string;
  clientMessageId: string;
  state: TurnState;
  acceptedAt: number;
  sendAt?: number;
  startedAt?: number;
  endedAt?: number;
  queuePosition?: number;
  reply?: Reply;
  error?: { code: string; detail: string };
}

export interface Permission {
  permissionId: string;
  sessionId: string;
  turnId: string;
  kind: "tool" | "question" | "plan";
  toolName: string;
  title: string;
  description?: string;
  input: Record<string, unknown>;
  plan?: string;
  questions?: unknown[];
  suggestions: unknown[];
  requestedAt: number;
  expiresAt: number;
  state: "open" | "resolved" | "expired";
}

export interface PermissionAnswer {
  decision: "allow" | "deny";
  message?: string;
  updatedInput?: Record<string, unknown>;
  scope?: "once" | "session" | "always";
  answers?: Record<string, string>;
}

/** What each type of event says; types that are not listed may come. */
export interface EventData {
  "session.created": {
    projectPath: string;
    title: string;
    model: string | null;
    permissionMode: PermissionMode;
  };
  "session.renewed": { term: number; expiresAt: number; reason: string };
  "session.expiring": { expiresAt: number; timeRemainingMs: number; final: boolean };
  "session.expired": { term: number; expiredAt: number };
  "session.parked": { reason: string };
  "session.woken": { pid: number; resumed: boolean };
  "session.crashed": { detail: string };
  "session.recovered": { detail: string };
  "session.recycled": { detail: string };
  "session.quarantined": { detail: string; retryAt?: number };
  "session.closed": { by: string };
  "session.updated": Partial<Pick<Session, "title" | "model" | "permissionMode" | "muted" | "autoKeepAlive">>;
  "session.recap": { text: string; turnCount: number };
  "turn.accepted": {
    messageId: string;
    message: string;
    clientMessageId: string;
    deviceId: string;
    attachments: string[];
    sendAt?: number;
  };
  "turn.queued": { queuePosition: number };
  "turn.started": Record<string, never>;
  "turn.completed": Reply;
  "turn.failed": { code: string; detail: string; retryable: boolean };
  "turn.interrupted": { code: string; detail: string };
  "turn.cancelled": { by: string };
  message: { messageId: string; text: string };
  "tool.started": { toolUseId: string; toolName: string; title: string };
  "tool.finished": { toolUseId: string; toolName: string; failed: boolean };
  "permission.requested": Omit<Permission, "state">;
  "permission.resolved": { permissionId: string; decision: "allow" | "deny"; by: string };
  "permission.expired": { permissionId: string; reason: string };
  "resource.warning": { kind: string; detail: string };
  "limit.reached": { kind: string; resetsAt?: number; retryAt: number; detail: string };
  "login.required": { detail: string };
  "device.paired": { deviceId: string; name: string; platform: string };
  "device.revoked": { deviceId: string; name: string };
}
export type EventType = keyof EventData;

/** One row of the log. `cursor` grows over the whole log; `seq` is gap-free in a session from 1. */
export type DaylongEvent = {
  [T in EventType]: {
    cursor: number;
    sessionId: string | null;
    seq: number | null;
    type: T;
    at: number;
    turnId?: string;
    data: EventData[T];
  };
}[EventType];

/** Text being written; `offset` counts UTF-16 units into the text of the message being written. */
export interface Delta {
  type: "delta";
  sessionId: string;
  turnId: string;
  offset: number;
  text: string;
}

export type Activity = { type: "activity"; sessionId: string; turnId: string } & (
  | { kind: "thinking" }
  | { kind: "tool"; toolName: string; title: string }
);

/** The word that a message is kept and will end in one reply or one failure. */
export interface Accepted {
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
}

/** What a message is: for a session, or for a new one in a project. */
export interface Message {
  message: string;
  sessionId?: string;
  projectPath?: string;
  model?: string;
  permissionMode?: PermissionMode;
  attachments?: Array<{ attachmentId: string } | { name: string; mimeType: string; data: string }>;
  /** Instant at which it is to run. */
  sendAt?: number;
}

export type ClientFrame =
  | { type: "hello"; token?: string; cursor?: number; epoch?: string }
  | ({ type: "send"; ref?: string; clientMessageId: string } & Message)
  | { type: "ack"; cursor: number }
  | { type: "presence"; foreground: boolean; sessionId?: string }
  | { type: "ping"; ref?: string };

export type ServerFrame =
  | { type: "welcome"; deviceId: string; epoch: string; cursor: number; recovered: boolean }
  | { type: "event"; event: DaylongEvent }
  | Delta
  | Activity
  | ({ type: "accepted"; ref?: string } & Accepted)
  | { type: "result"; ref?: string; [field: string]: unknown }
  | { type: "error"; ref?: string; code: string; detail: string; retryAfterMs?: number }
  | { type: "pong"; ref?: string };

/** An error as the server tells it (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  requestId: string;
  retryAfterMs?: number;
  errors?: Array<{ path: string; message: string }>;
}

export const terminalEvents = [
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.cancelled",
] as const;
export type TerminalEvent = Extract<DaylongEvent, { type: (typeof terminalEvents)[number] }>;
export const isTerminalEvent = (event: DaylongEvent): event is TerminalEvent =>
  (terminalEvents as readonly string[]).includes(event.type);
