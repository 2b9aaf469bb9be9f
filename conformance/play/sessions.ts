import { randomUUID } from "node:crypto";

/** A session as the played server keeps it. */
export interface PlayedSession {
  sessionId: string;
  lastSeq: number;
  messages: Array<{ messageId: string; role: "user" | "assistant"; text: string; turnId: string }>;
}

export const makeSession = (): PlayedSession => ({ sessionId: randomUUID(), lastSeq: 0, messages: [] });

/** The session as the interface shows it. `now`: ms since the epoch, by the server's clock. */
export function sessionView(
  { sessionId, lastSeq, messages }: PlayedSession,
  now: number,
  openPermissions: number,
): object {
  const day = 86_400_000;
  return {
    sessionId,
    projectPath: "/home/owner/project",
    title: "A session",
    state: openPermissions > 0 ? "waiting" : "idle",
    model: null,
    permissionMode: "default",
    createdAt: now,
    lastActivityAt: now,
    lease: { term: 1, startedAt: now, warnAt: now + (day * 20) / 24, expiresAt: now + day },
    timeRemainingMs: day,
    turnCount: messages.filter(({ role }) => role === "user").length,
    queuedTurns: 0,
    lastSeq,
    costUsd: 0,
    tokens: { input: 0, output: 0 },
    muted: false,
    autoKeepAlive: false,
    openPermissions,
    readSeq: 0,
    unread: 0,
    runningTasks: 0,
    suggestedPrompts: [],
    compacting: false,
  };
}

/** An open permission to run a command, as events and answers show it. */
export function makePermission(sessionId: string, turnId: string, command: string): PlayedPermission {
  const now = Date.now();
  return {
    permissionId: randomUUID(),
    sessionId,
    turnId,
    kind: "tool",
    toolName: "Bash",
    title: `Bash: ${command}`,
    input: { command },
    suggestions: [],
    scopes: ["once", "session"],
    lookFirst: false,
    truncated: false,
    requestedAt: now,
    expiresAt: now + 3_600_000,
    state: "open",
  };
}

export interface PlayedPermission {
  permissionId: string;
  sessionId: string;
  turnId: string;
  state: "open" | "resolved";
  decision?: unknown;
  [field: string]: unknown;
}
