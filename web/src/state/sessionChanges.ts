import type { DaylongEvent, Session } from "../../../client/src/index.ts";

/** Longest text that the server gives as `lastText`. */
const lastTextChars = 200;

/** What an event says about the session at once; the rest is asked for (`isWorthAsking`). */
export function changedBy(session: Session, event: DaylongEvent): Session {
  const seq = event.seq ?? 0;
  if (seq <= session.lastSeq) return session;
  return { ...session, ...fieldsOf(session, event), lastSeq: seq };
}

function fieldsOf(session: Session, event: DaylongEvent): Partial<Session> {
  switch (event.type) {
    case "session.updated": {
      const { gitBranch, allowedTools, ...rest } = event.data;
      return { ...rest, gitBranch: gitBranch ?? (gitBranch === null ? undefined : session.gitBranch) };
    }
    case "session.renewed":
      return {
        state: session.state === "expired" ? "parked" : session.state,
        lease: {
          ...session.lease,
          term: event.data.term,
          expiresAt: event.data.expiresAt,
          warnedAt: undefined,
        },
      };
    case "session.expiring":
      return { lease: { ...session.lease, warnedAt: event.at } };
    case "session.expired":
      return { state: "expired", process: undefined, turn: undefined };
    case "session.parked":
      return { state: "parked", process: undefined };
    case "session.woken":
      return { state: session.turn ? "busy" : "idle" };
    case "session.quarantined":
      return { state: "quarantined" };
    case "session.closed":
      return { state: "closed" };
    case "turn.accepted":
      return { lastActivityAt: event.at, suggestedPrompts: [] };
    case "turn.queued":
      return { queuedTurns: Math.max(1, session.queuedTurns) };
    case "turn.started":
      return {
        state: "busy",
        turn: { turnId: event.turnId ?? "", origin: event.data.origin, startedAt: event.at },
        queuedTurns: Math.max(0, session.queuedTurns - (event.data.origin === "user" ? 1 : 0)),
        suggestedPrompts: [],
        lastActivityAt: event.at,
      };
    case "turn.completed":
      return {
        state: "idle",
        turn: undefined,
        lastError: undefined,
        lastText: event.data.text === "" ? session.lastText : event.data.text.slice(0, lastTextChars),
        unread: session.unread + 1,
        lastActivityAt: event.at,
      };
    case "turn.failed":
      return {
        state: "idle",
        turn: undefined,
        lastError: { code: event.data.code, detail: event.data.detail, at: event.at },
        unread: session.unread + 1,
      };
    case "turn.interrupted":
      return { state: "idle", turn: undefined };
    case "message":
      return { lastText: event.data.text.slice(0, lastTextChars), lastActivityAt: event.at };
    case "tool.started":
      return session.turn ? { turn: { ...session.turn, lastTool: event.data.title } } : {};
    case "permission.requested":
      return { state: "waiting", openPermissions: session.openPermissions + 1, unread: session.unread + 1 };
    case "permission.resolved":
    case "permission.expired": {
      const openPermissions = Math.max(0, session.openPermissions - 1);
      return { openPermissions, state: openPermissions === 0 && session.turn ? "busy" : session.state };
    }
    case "task.started":
      return { runningTasks: session.runningTasks + 1 };
    case "task.finished":
      return { runningTasks: Math.max(0, session.runningTasks - 1) };
    default:
      return {};
  }
}

/** Whether the server's own view of the session may say more than the event did. */
export const isWorthAsking = (event: DaylongEvent): boolean =>
  /^(session|turn|permission|task)\./.test(event.type) && event.type !== "session.commands";
