import type { Allowance, AllowanceKind } from "../sessions/allowances.ts";
import type { NamedConversation } from "../sessions/conversation.ts";
import type { Lease } from "../sessions/lease.ts";
import type { Permission, PermissionDecision } from "../sessions/permission.ts";
import type { Session, SessionOrigin, SessionState } from "../sessions/session.ts";
import type { Task, TaskEnd, TaskOutput, Wakeup } from "../sessions/task.ts";
import type { TrustedProject } from "../sessions/trust.ts";
import type { OwnOrigin, Turn, TurnState } from "../sessions/turn.ts";

/** Which sessions a page lists; the latest active first. */
export interface SessionFilter {
  state?: SessionState;
  projectPath?: string;
  limit: number;
  /** The `nextBefore` of the page before. */
  before?: string;
}

/** The little of a session that tells how a project is used. */
export interface SessionUse {
  row: number;
  projectPath: string;
  /** Claude's id of the conversation. */
  conversationId: string;
  lastActivityAt: number;
}

/** Repository of sessions with their leases, figures and cached recaps. */
export interface SessionStore {
  insert(session: Session): void;
  get(sessionId: string): Session | undefined;
  /** The session that goes on with this conversation of Claude's, under whichever id; a closed one only where no other does. */
  ofConversation(claudeSessionId: string): Session | undefined;
  list(filter: SessionFilter): { sessions: Session[]; nextBefore?: string };
  /** Where sessions are and when they were last used, in pages by `row`; the first page comes after row 0. */
  uses(afterRow: number, limit: number): SessionUse[];
  inStates(states: SessionState[]): Session[];
  countByState(): Map<SessionState, number>;
  /** Nothing runs without asking in the session any more because of what was chosen at its beginning. */
  dropAllowedTools(sessionId: string): void;
  setState(sessionId: string, state: SessionState): void;
  update(
    sessionId: string,
    change: Partial<Pick<Session, "title" | "model" | "permissionMode" | "muted" | "autoKeepAlive">>,
  ): void;
  /**
   * Claude goes on with this session under another id of its own. `origin` says what that conversation is to be made from;
   * `null` forgets what it was made from.
   */
  setClaudeSession(sessionId: string, claudeSessionId: string, origin?: SessionOrigin | null): void;
  /** Writes the term (a new one or the same one moved) and the instant of activity. */
  setLease(sessionId: string, lease: Lease, activityAt: number): void;
  /** Compare-and-set: true for the one caller that marks this term. */
  markWarned(sessionId: string, term: number, final: boolean, at: number): boolean;
  markLeaseEnded(sessionId: string, term: number, at: number): boolean;
  /** The earliest deadline of a lease, over all sessions. */
  nextLeaseDeadline(): number | undefined;
  withLeaseDue(at: number): Session[];
  /**
   * Adds a finished turn; `totalCostUsd` is the CLI's cumulative figure (`undefined`: it did not say). Returns the turn's
   * own cost.
   */
  addTurn(
    sessionId: string,
    totalCostUsd: number | undefined,
    inputTokens: number,
    outputTokens: number,
  ): number;
  /** What the CLI's cumulative figure starts from, in a process that has just come up. */
  setCliCost(sessionId: string, totalCostUsd: number): void;
  recap(sessionId: string): { text: string; createdAt: number; turnCount: number } | undefined;
  setRecap(sessionId: string, recap: { text: string; createdAt: number; turnCount: number }): void;
}

/** What is known of another program that went on with a session's conversation. */
export interface Handoff {
  sessionId: string;
  /** The conversation that `readOffset` is of. */
  claudeSessionId: string;
  /** How far Claude's record was read, in bytes. */
  readOffset: number;
  /** The process of the other program that has the conversation open. */
  heldBy: number | undefined;
  /** What was said side by side, which the next process is to be told; mostly empty. */
  untold: string;
}

/** Hand-offs of sessions; one that no other program ever touched has none. */
export interface HandoffStore {
  get(sessionId: string): Handoff | undefined;
  set(handoff: Handoff): void;
  /** Sessions whose conversations other programs had open at the last look. */
  held(): string[];
}

/** Erases sessions. Only inside `Store.transaction`. */
export interface ErasureStore {
  /** Removes the session's events and their deliveries. Returns the attachments that no other session's turns use. */
  removeEvents(sessionId: string): string[];
  /** Removes the session, and with it its turns, permissions, leases and rules. */
  removeSession(sessionId: string): void;
}

/** Repository of turns, and the queue of those that wait. */
export interface TurnStore {
  insert(turn: Turn): void;
  get(turnId: string): Turn | undefined;
  byClientMessage(deviceId: string, clientMessageId: string): Turn | undefined;
  nextQueued(sessionId: string, nowAt: number): Turn | undefined;
  /** Sessions with a turn that is due, longest waiting first. */
  sessionsWithQueued(nowAt: number): string[];
  nextSendAt(afterAt: number): number | undefined;
  queuedOf(sessionId: string): Turn[];
  inState(state: TurnState): Turn[];
  /** Turns that wait and are due. */
  queuedCount(nowAt: number): number;
  /** Turns of a session that wait, scheduled ones included. */
  queuedCountOf(sessionId: string): number;
  /** Turns of a device that wait, scheduled ones included, in the order of their acceptance. */
  waitingOf(deviceId: string): Turn[];
  /** The newest device whose turn was accepted in the session by then: what Claude does there by itself follows from it. */
  deviceBefore(sessionId: string, at: number): string | undefined;
  /** Turns of Claude's own that wait for a process. */
  waitingOwn(): Turn[];
  /** The same of every session that has some. */
  queuedCounts(): Map<string, number>;
  /** Waiting turns that the device has sent, without those whose instant is still to come. */
  queuedCountBy(deviceId: string, nowAt: number): number;
  /** Turns of a device that wait for their instant. */
  scheduledCountOf(deviceId: string, nowAt: number): number;
  /** 0 runs now, 1 is next in its session. */
  queuePosition(turnId: string): number;
  markRunning(turnId: string, at: number): void;
  markGiven(turnId: string, at: number): void;
  requeue(turnId: string): void;
  /** Why Claude began an own turn, when its result says it better than its beginning did. */
  setOrigin(turnId: string, origin: OwnOrigin): void;
  /** Whether a turn of the session runs. */
  isRunning(sessionId: string): boolean;
  /** Compare-and-set on a turn that has not ended; true for the one caller that ends it. */
  settle(turnId: string, end: Pick<Turn, "state" | "reply" | "error"> & { endedAt: number }): boolean;
}

/** Repository of permissions and questions. */
export interface PermissionStore {
  insert(permission: Permission): void;
  get(permissionId: string): Permission | undefined;
  open(): Permission[];
  openOf(sessionId: string): Permission[];
  openCountOf(sessionId: string): number;
  /** The same of every session that has some. */
  openCounts(): Map<string, number>;
  /** Compare-and-set on `open`. */
  resolve(permissionId: string, decision: PermissionDecision): boolean;
  expire(permissionId: string): boolean;
}

/** Repository of the names that tools of `/v1` give to sessions. */
export interface ConversationStore {
  /** Throws when the name, or the session, is taken: the caller has looked in the same transaction. */
  insert(conversation: NamedConversation): void;
  get(conversationId: string): NamedConversation | undefined;
  ofSession(sessionId: string): NamedConversation | undefined;
  /** The newest first; `after`: those that come after this one in the list. */
  list(after: string | undefined, limit: number): NamedConversation[];
  /** The turn is no response of the Responses API any more. Idempotent. */
  deleteResponse(turnId: string): void;
  isResponseDeleted(turnId: string): boolean;
  /** The session's name, if it has one, is free again; the session stays. */
  removeOf(sessionId: string): boolean;
}

/** Repository of what devices let sessions do without asking. */
export interface AllowanceStore {
  /** One of each kind a session: the latest device counts. */
  set(allowance: Allowance): void;
  remove(sessionId: string, kind: AllowanceKind): void;
  ofDevice(deviceId: string): Allowance[];
}

/** Repository of trusted projects and of the permission rules that were kept for them. */
export interface TrustStore {
  /** False: it was trusted before. */
  add(project: TrustedProject): boolean;
  has(projectPath: string): boolean;
  /** Forgets the rules of the project and of its sessions too. False: it was not trusted, and no rule was kept. */
  remove(projectPath: string): boolean;
  /** The rules kept for the project, oldest first. */
  rulesOf(projectPath: string): string[];
  keepRule(projectPath: string, rule: string, at: number, deviceId?: string): void;
  /** The rules kept for the session alone, oldest first. */
  sessionRulesOf(sessionId: string): string[];
  keepSessionRule(sessionId: string, rule: string, at: number, deviceId?: string): void;
  /** Forgets the rules that the device gave: where each of them held, by project or by session. */
  dropRulesOf(deviceId: string): { projectPaths: string[]; sessionIds: string[] };
  /** The projects that the device trusted. */
  projectsOf(deviceId: string): string[];
  /** No rule is kept for the session any more. */
  forgetSession(sessionId: string): void;
}

/** Repository of the tasks of sessions. */
export interface TaskStore {
  /** Keeps a task that runs; one of the same id that has ended runs again. */
  start(task: Task): void;
  get(sessionId: string, taskId: string): Task | undefined;
  /** Running ones first, then the newest that have ended, at most `mostEnded` of them. */
  list(sessionId: string, mostEnded: number): Task[];
  running(): Task[];
  runningOf(sessionId: string): Task[];
  runningCountOf(sessionId: string): number;
  /** The same of every session that has some. */
  runningCounts(): Map<string, number>;
  /** Compare-and-set on a task that runs; true for the one caller that ends it. Forgets ended ones beyond `mostEnded`. */
  finish(
    task: Pick<Task, "sessionId" | "taskId">,
    end: Pick<Task, "summary" | "tokens" | "lastTool"> & { state: TaskEnd; endedAt: number },
    mostEnded: number,
  ): boolean;
  setOutput(sessionId: string, taskId: string, output: TaskOutput): void;
  output(sessionId: string, taskId: string): TaskOutput | undefined;
  /** Where a command writes its output. */
  setOutputFile(sessionId: string, taskId: string, path: string): void;
  outputFile(sessionId: string, taskId: string): string | undefined;
  setWakeup(sessionId: string, taskId: string, wakeup: Wakeup): void;
  wakeup(sessionId: string, taskId: string): Wakeup | undefined;
  /** The next instant of a recurring wake-up. */
  setDue(sessionId: string, taskId: string, dueAt: number): void;
  /** The instant of the running wake-up that is due first. */
  nextDueAt(): number | undefined;
  /** Running wake-ups that are due, the one that is due longest first. */
  due(nowAt: number): Task[];
}
