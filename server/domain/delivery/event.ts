import type { ErrorCode, Failure } from "../errors.ts";
import type { AgentRef } from "../sessions/agent.ts";
import type { ContextFill, Todo } from "../sessions/facts.ts";
import type { Lease } from "../sessions/lease.ts";
import type { Permission, PermissionDecision } from "../sessions/permission.ts";
import type { ChosenOptions, PermissionMode } from "../sessions/session.ts";
import type { Task } from "../sessions/task.ts";
import type { ToolOutcome } from "../sessions/toolLine.ts";
import type { Reply, TurnOrigin } from "../sessions/turn.ts";

/** What of a device's work was ended when it was revoked. */
export interface EndedWork {
  /** Turns that waited, scheduled ones too. */
  cancelledTurns: number;
  interruptedTurns: number;
  /** Sessions that ask again about what the device had allowed them. */
  restrictedSessions: number;
  /** Background tasks and wake-ups that followed from its turns. */
  stoppedTasks: number;
  /** Rules of its answers to permissions with "session" and "always". */
  withdrawnRules: number;
}

/** What a revoked device has set up and what stays: the owner is to look at it. */
export interface LeftBehind {
  /** Devices that were paired with its codes. */
  pairedDevices: Array<{ deviceId: string; name: string }>;
  trustedProjects: string[];
}

/** The data of each type of event. Rows of the log are immutable; a new fact is a new event. */
export interface EventDataByType {
  "session.created": {
    projectPath: string;
    title: string;
    model: string | null;
    permissionMode: PermissionMode;
  } & ChosenOptions;
  "session.renewed": { term: number; expiresAt: number; reason: "keep-alive" | "activity" | "revived" };
  "session.expiring": { expiresAt: number; timeRemainingMs: number; final: boolean };
  "session.expired": { term: number; expiredAt: number };
  "session.parked": {
    reason: "evicted" | "idle" | "cancelled" | "server_restarted" | "server_stopped" | "process_ended";
  };
  "session.woken": { pid: number; resumed: boolean; spare?: boolean; notes?: string[] };
  "session.crashed": { detail: string };
  "session.recovered": { detail: string };
  "session.recycled": { detail: string };
  "session.quarantined": { detail: string; retryAt?: number };
  /** `erased`: nothing of the session is kept, here or elsewhere. */
  "session.closed": { by: string; erased?: boolean };
  "session.updated": {
    title?: string;
    model?: string | null;
    permissionMode?: PermissionMode;
    muted?: boolean;
    autoKeepAlive?: boolean;
    runningTasks?: number;
    /** Tools that run without asking: empty when the device that allowed them was revoked. */
    allowedTools?: string[];
    suggestedPrompts?: string[];
    gitBranch?: string | null;
    context?: ContextFill;
    compacting?: boolean;
  };
  /** The conversation was summed up to make room in the context window. */
  "session.compacted": { trigger: "manual" | "auto"; tokensBefore: number; tokensAfter?: number };
  /** The list of commands that the session knows has changed. */
  "session.commands": Record<string, never>;
  "todos.changed": { todos: Todo[] };
  /** Claude tells the owner something. */
  notice: { text: string };
  "session.recap": { text: string; turnCount: number };
  /** Another program ran so many turns in the conversation; they are in the messages. */
  "session.continued": { by: "terminal"; turns: number; lastText?: string };
  /** Another program has the conversation open: messages wait until `session.released`. */
  "session.held": { by: "terminal"; pid: number };
  "session.released": Record<string, never>;
  "turn.accepted": {
    messageId: string;
    message: string;
    clientMessageId: string;
    deviceId: string;
    attachments: string[];
    sendAt?: number;
    timeoutMs?: number;
    contextFiles?: string[];
    /** Typed at another program, which no device sent. */
    origin?: "terminal";
  };
  /**
   * `reason` `tasks`: every process has a turn, or a task that would be cut off for this message; `held`: another program has
   * the conversation open.
   */
  "turn.queued": { queuePosition: number; reason?: "tasks" | "held" };
  "turn.started": { origin: TurnOrigin };
  /** `origin` of an own turn, or of a terminal's. */
  "turn.completed": Reply & { origin?: Exclude<TurnOrigin, "user"> };
  /** `text`: what was heard of the answer. */
  "turn.failed": { code: ErrorCode; detail: string; retryable: boolean; text?: string };
  "turn.interrupted": Failure & { text?: string };
  "turn.cancelled": { by: string; text?: string };
  /** `partial`: the turn ended in the middle of it. */
  message: { messageId: string; text: string; partial?: boolean; origin?: "terminal" };
  /** A subagent's finished text: never a `message`, never the reply. */
  "agent.message": { agent: AgentRef; text: string };
  "tool.started": {
    toolUseId: string;
    toolName: string;
    title: string;
    /** Up to 4 KB of it; `truncated`: not all. */
    input?: Record<string, unknown>;
    truncated?: boolean;
    /** A device allowed another input than the one asked about: this one runs. Replaces the line of the same `toolUseId`. */
    edited?: boolean;
    parentToolUseId?: string;
    agent?: AgentRef;
  };
  "tool.finished": { toolUseId: string; toolName: string; failed: boolean } & ToolOutcome;
  "task.started": Pick<Task, "taskId" | "kind" | "description" | "state">;
  /** `cutOff`: nobody asked for its end: its process had to go, or went. */
  "task.finished": Pick<Task, "taskId" | "kind" | "description" | "state" | "summary"> & { cutOff?: boolean };
  "permission.requested": Omit<Permission, "state" | "decision">;
  "permission.resolved": {
    permissionId: string;
    decision: PermissionDecision["decision"];
    by: string;
    /** What runs instead of the input that was asked about. */
    updatedInput?: Record<string, unknown>;
  };
  "permission.expired": {
    permissionId: string;
    reason: "timed_out" | "turn_ended" | "process_gone" | "server_restarted";
  };
  "resource.warning": { kind: string; detail: string };
  "limit.reached": { kind: string; resetsAt?: number; retryAt: number; detail: string };
  /** Once a window. */
  "limit.warning": { windowId: string; utilizationPercent: number; resetsAt?: number };
  "limit.lifted": { kind: string };
  "login.required": { detail: string };
  "device.paired": { deviceId: string; name: string; platform: string };
  "device.revoked": { deviceId: string; name: string } & Partial<EndedWork & LeftBehind>;
  /** The device `deviceId` is pushed to no more: another one, `by`, has registered the same target. */
  "device.push_lost": { deviceId: string; name: string; by: string; provider: "apns" | "webpush" };
}
export type EventType = keyof EventDataByType;

/**
 * One row of the log. `cursor` grows over the whole log; `seq` is gap-free in its session from 1. Events about no
 * session (`device.*`, `login.required`) have `sessionId` and `seq` null.
 */
export type LoggedEvent = LoggedEventOf<EventType>;

/** A row of the log of the given type. */
export type LoggedEventOf<Type extends EventType> = {
  [T in Type]: {
    cursor: number;
    sessionId: string | null;
    seq: number | null;
    type: T;
    at: number;
    turnId?: string;
    data: EventDataByType[T];
  };
}[Type];

/** An event before the log gives it its place. */
export type NewEvent = {
  [T in EventType]: { sessionId: string | null; type: T; turnId?: string; data: EventDataByType[T] };
}[EventType];

/**
 * What happens to sessions, processes and devices, without what is said in turns: the lifecycle log shows these. A type that is
 * added here has to be added to the index of the log too, by a migration.
 */
export const lifecycleEvents = [
  "session.created",
  "session.renewed",
  "session.expiring",
  "session.expired",
  "session.parked",
  "session.woken",
  "session.crashed",
  "session.recovered",
  "session.recycled",
  "session.quarantined",
  "session.closed",
  "turn.failed",
  "resource.warning",
  "limit.reached",
  "limit.warning",
  "limit.lifted",
  "login.required",
  "device.paired",
  "device.revoked",
  "device.push_lost",
] as const satisfies readonly EventType[];

export const terminalTurnEvents: ReadonlySet<EventType> = new Set([
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.cancelled",
]);

/** The lease as clients see it. */
export const leaseView = (lease: Lease) => ({
  term: lease.term,
  startedAt: lease.startedAt,
  warnAt: lease.warnAt,
  expiresAt: lease.expiresAt,
  ...(lease.warnedAt === undefined ? {} : { warnedAt: lease.warnedAt }),
});
