import type { Caller } from "../domain/delivery/device.ts";
import type { EndedWork } from "../domain/delivery/event.ts";
import type { LimitReason } from "../domain/processes/machine.ts";
import type { ContextUse, OneShotAnswer, ProcessUsage, RewindReport } from "../domain/processes/process.ts";
import type { UsageReport } from "../domain/processes/usage.ts";
import type { Workload } from "../domain/processes/workload.ts";
import type { MessageAttachment } from "../domain/sessions/attachment.ts";
import type { SessionCommand, SessionFacts, Todo } from "../domain/sessions/facts.ts";
import type { Lease } from "../domain/sessions/lease.ts";
import type { PermissionDecision, PermissionScope } from "../domain/sessions/permission.ts";
import type { ChosenOptions, PermissionMode, Session, SessionOptions } from "../domain/sessions/session.ts";
import type { Task, TaskOutput } from "../domain/sessions/task.ts";
import type { Turn, TurnOrigin, TurnState } from "../domain/sessions/turn.ts";
import type { ReadMarks } from "../domain/stores/reads.ts";

/** Samples of memory and CPU that are kept, oldest first: of the pool, and of each session that has a process. */
export interface ResourceHistoryView {
  points: Array<{ at: number; memoryBytes: number; cpuPercent: number; liveSessions: number }>;
  sessions: Array<{
    sessionId: string;
    points: Array<{ at: number; rssBytes: number; cpuPercent: number }>;
  }>;
}

/** A message for a session, or for a new one in `projectPath` (resolved and inside the roots already). */
export interface SubmitRequest {
  caller: Caller;
  message: string;
  sessionId?: string;
  projectPath?: string;
  clientMessageId?: string;
  /** Kept already. */
  attachments?: MessageAttachment[];
  /** Of a message to a session that exists: the session is changed to it first. */
  model?: string;
  permissionMode?: PermissionMode;
  sendAt?: number;
  /** How long the turn may run. */
  timeoutMs?: number;
  /** Paths in the project whose contents go to Claude with it. */
  contextFiles?: string[];
  /** Of a message that begins a session: the settings that are fixed for the session's life. */
  options?: SessionOptions;
  /** Of a message that begins a session: the name under which `/v1` finds it again, and what was said before it. */
  conversation?: { conversationId: string; earlier: string };
}

/** Acknowledgement: the message is kept and will end in one reply or one failure. */
export interface Accepted {
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  /** Of a duplicate: the present state of the first message's turn. */
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
}

export interface CreateSessionRequest {
  caller: Caller;
  projectPath: string;
  title?: string;
  model?: string;
  permissionMode?: PermissionMode;
  options: SessionOptions;
  /** Instead of `options.origin`: go on with the project's newest conversation, or with a copy of it. */
  latest?: { fork: boolean; resumeAt?: string };
}

/** A one-shot prompt, of which nothing is kept. */
export interface AskRequest {
  /** Resolved and inside the roots already. */
  projectPath: string;
  prompt: string;
  model?: string;
  /** From now on, the wait for a place included. */
  timeoutMs: number;
}

export interface SessionChange {
  title?: string;
  model?: string | null;
  permissionMode?: PermissionMode;
  muted?: boolean;
  autoKeepAlive?: boolean;
}

/** What goes on of a turn after its end: its tasks, and the turns in which Claude speaks of them. */
export interface FollowedTurn {
  /**
   * The turns in which Claude spoke of the tasks, oldest first, as soon as none of them runs; or those so far after
   * `deadlineMs`, or when `signal` aborts.
   */
  ownTurns(deadlineMs: number, signal?: AbortSignal): Promise<Turn[]>;
  /** Follows no longer. Idempotent. */
  close(): void;
}

/** A session as clients see it. */
export type SessionView = Omit<Session, "options" | "lease"> &
  ReadMarks &
  ChosenOptions &
  Pick<SessionFacts, "context" | "suggestedPrompts" | "compacting"> & {
    gitBranch?: string;
    lease: Pick<Lease, "term" | "startedAt" | "warnAt" | "expiresAt" | "warnedAt">;
    timeRemainingMs: number;
    queuedTurns: number;
    openPermissions: number;
    runningTasks: number;
    /** What runs now; `lastTool` is the line of the tool that it used last. */
    turn?: { turnId: string; origin: TurnOrigin; startedAt: number; lastTool?: string };
    process?: { pid: number; startedAt: number; toolsRssBytes: number } & Omit<
      ProcessUsage,
      "ownCpuPercent" | "trees"
    >;
  };

export interface PoolStats {
  totalSessions: number;
  maxSessions: number;
  /** With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher. */
  maxSessionsLimitedBy?: LimitReason;
  availableSlots: number;
  queuedTurns: number;
  memoryUsageBytes: number;
  memoryLimitBytes: number;
  cpuPercent: number;
}

export interface Recap {
  text: string;
  createdAt: number;
  turnCount: number;
  cached: boolean;
}

/** Port of the pool, called by the edges. Refusals are thrown as `DaylongError`. */
export interface SessionPool {
  /**
   * Keeps the message in one transaction and starts it if it can; the answer is the acknowledgement. Synchronous,
   * unless the message asks for another model or mode than its session has: then the session is changed first, as by
   * `updateSession`, and the message is kept in the tick in which the change is written.
   */
  submit(request: SubmitRequest): Accepted | Promise<Accepted>;
  /** The turn as soon as it has ended, or as it is after `deadlineMs` or when `signal` aborts. */
  waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn>;
  /** Follows the tasks that a turn begins, from now on; the caller closes it. */
  followTasks(sessionId: string, turnId: string): FollowedTurn;
  interrupt(
    sessionId: string,
    turnId: string | undefined,
    caller: Caller,
  ): Promise<{ interrupted: boolean; turnId: string }>;
  cancelTurn(sessionId: string, turnId: string, caller: Caller): void;
  /**
   * A device is revoked, in the open transaction: its turns end, and sessions lose what it let them do without asking. What
   * runs is stopped after the commit.
   */
  endWorkOf(deviceId: string, by: Caller): EndedWork;
  createSession(request: CreateSessionRequest): Promise<SessionView>;
  updateSession(sessionId: string, change: SessionChange, caller: Caller): Promise<SessionView>;
  /** Ends its turns and its process; final. */
  closeSession(sessionId: string, caller: Caller): Promise<void>;
  /** Closes it and keeps nothing of it; for an admin Claude's own transcript goes too. Throws `conversation_held`. */
  eraseSession(sessionId: string, caller: Caller): Promise<void>;
  /** Stops the process of one session or of all; the sessions stay. Returns the sessions that had one. */
  stopProcesses(sessionId: string | undefined, caller: Caller): Promise<string[]>;
  /** How far a project is trusted has changed: its processes are replaced, now when they are idle, else after their turn. */
  replaceProcesses(projectPath: string, detail: string): void;
  /** A new session that begins as a copy of this one, up to a message or as it is now. */
  forkSession(sessionId: string, atMessageId: string | undefined, caller: Caller): Promise<SessionView>;
  /** Takes the project's files back to before a message; wakes the process. `session_busy` while turns run or wait. */
  rewind(sessionId: string, messageId: string, dryRun: boolean, caller: Caller): Promise<RewindReport>;
  /** Wakes the process. */
  contextUse(sessionId: string): Promise<ContextUse>;
  /** The session's tasks: running ones first, then the newest that have ended. */
  tasks(sessionId: string): Task[];
  /** The end of a task's output. Throws `task_not_found`. */
  taskOutput(sessionId: string, taskId: string): Promise<TaskOutput>;
  /** Tells Claude to end the task. False: it has ended before. Throws `task_not_found`. */
  stopTask(sessionId: string, taskId: string, caller: Caller): Promise<boolean>;
  /** Claude's todos; those last known while the session has no process. */
  todos(sessionId: string): Todo[];
  /** The slash commands that the session knows; those last known while it has no process. */
  commands(sessionId: string): SessionCommand[];
  /** Use of the plan as last told, and cost of the last `days` days. */
  usage(days: number): Promise<UsageReport>;
  keepAlive(sessionId: string, caller: Caller): SessionView;
  recap(sessionId: string): Promise<Recap>;
  /**
   * Runs a one-shot prompt, without a session. Throws `pool_full`, `login_required`, `ask_failed`, `ask_timed_out`, and
   * `interrupted` when `signal` aborted.
   */
  ask(request: AskRequest, caller: Caller, signal: AbortSignal): Promise<OneShotAnswer>;
  answerPermission(
    permissionId: string,
    decision: PermissionDecision,
    caller: Caller,
  ): { permissionId: string; state: "resolved"; decision: "allow" | "deny"; scope: PermissionScope };
  /** `session_not_found` for an unknown id. */
  session(sessionId: string): SessionView;
  views(sessions: Session[]): SessionView[];
  /** Sessions that have a process now. */
  active(): SessionView[];
  stats(): PoolStats;
  /** What goes on now. Cheap: asked after every event. */
  workload(): Workload;
  /** The limit of live processes that `auto` means now; `undefined` while the owner has set a number. */
  sessionLimit(): { effective: number; limitedBy: LimitReason } | undefined;
  /** Memory and CPU of the last ten minutes. */
  resourceHistory(): ResourceHistoryView;
  health(): { state: "ok" | "degraded" | "failing"; detail?: string };
}
