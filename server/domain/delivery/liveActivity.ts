import type { Session } from "../sessions/session.ts";
import { isTerminal, type Turn, type TurnState } from "../sessions/turn.ts";
import type { LoggedEvent } from "./event.ts";

/**
 * Deliveries of the outbox for Live Activities. A start that is lost is a turn that is not shown, an end that is lost is a turn
 * that seems to run for ever: both are kept and tried again. Updates are not: the next one says it all again.
 */
export const activityKinds = ["activity-start", "activity-end"] as const;
export type ActivityKind = (typeof activityKinds)[number];

/** Where a turn stands, as a Live Activity shows it; `waiting`: for the owner's permission or answer. */
export type ActivityState = TurnState | "waiting";

/** The `content-state` of a Live Activity; instants in ms since the epoch. How long the turn runs follows from `startedAt`. */
export interface ActivityContent {
  state: ActivityState;
  /** The title of the tool that Claude uses at the moment. */
  tool?: string;
  startedAt: number;
  leaseExpiresAt: number;
  /** The last thing Claude said. */
  lastText?: string;
}

/** The progress of a running turn. */
export interface Progress {
  /** Tools that have started and not finished, in this order. */
  tools: ReadonlyArray<{ toolUseId: string; title: string }>;
  lastText?: string;
}
/** Far more than a lock screen shows; a reply may be a megabyte. */
const maxLastTextLength = 1_000;

export const noProgress: Progress = { tools: [] };

/** A Live Activity on a device: the address of its updates, which Apple gave to the app. Never logged. */
export interface LiveActivity {
  deviceId: string;
  sessionId: string;
  turnId: string;
  token: string;
  registeredAt: number;
}

/** The address with which an activity is started on a device whose app is not running. */
export interface PushToStart {
  deviceId: string;
  token: string;
  registeredAt: number;
}

/** The progress after an event of the turn; the very same object when the event changes nothing. */
export function progressAfter(before: Progress, event: LoggedEvent): Progress {
  switch (event.type) {
    case "tool.started": {
      const { toolUseId, toolName, title } = event.data;
      return { ...before, tools: [...before.tools, { toolUseId, title: title || toolName }] };
    }
    case "tool.finished": {
      const { toolUseId } = event.data;
      return { ...before, tools: before.tools.filter((tool) => tool.toolUseId !== toolUseId) };
    }
    case "message":
      return { ...before, lastText: event.data.text.slice(0, maxLastTextLength) };
    default:
      return before;
  }
}

/** Events other than of progress after which a running turn's activity looks different. */
export const showsInActivity = (event: LoggedEvent): boolean =>
  event.type === "turn.started" ||
  event.type === "permission.requested" ||
  event.type === "permission.resolved" ||
  event.type === "permission.expired";

/** The content of an activity for a turn. */
export function activityContentOf(
  turn: Pick<Turn, "state" | "acceptedAt" | "startedAt" | "reply" | "error">,
  session: Pick<Session, "state" | "lease">,
  progress: Progress,
): ActivityContent {
  const instants = { startedAt: turn.startedAt ?? turn.acceptedAt, leaseExpiresAt: session.lease.expiresAt };
  if (isTerminal(turn.state)) {
    return { state: turn.state, ...instants, lastText: turn.reply?.text ?? turn.error?.detail };
  }
  const state = turn.state === "running" && session.state === "waiting" ? "waiting" : turn.state;
  return { state, tool: progress.tools.at(-1)?.title, ...instants, lastText: progress.lastText };
}
