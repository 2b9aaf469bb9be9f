import type { Delivery, DeliveryAttempt, DeliveryKind, DeliveryState } from "./delivery/delivery.ts";
import type { Device, DevicePreferences, Scope } from "./delivery/device.ts";
import type { LoggedEvent, NewEvent } from "./delivery/event.ts";
import type { ActivityStore } from "./delivery/liveActivity.ts";
import type { PushTarget } from "./delivery/push.ts";
import type { ProcessRecord } from "./processes/process.ts";
import type { Attachment } from "./sessions/attachment.ts";
import type { ConversationStore } from "./sessions/conversation.ts";
import type { Lease } from "./sessions/lease.ts";
import type { Permission, PermissionDecision } from "./sessions/permission.ts";
import type { Session, SessionOrigin, SessionState } from "./sessions/session.ts";
import type { TrustStore } from "./sessions/trust.ts";
import type { Turn, TurnState } from "./sessions/turn.ts";

/** Time, in integer milliseconds since the epoch. Everything that waits or dates does it through this. */
export interface Clock {
  now(): number;
  /** Calls back once after `delayMs`; the result cancels. Never keeps the program alive by itself. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Structured log: event names with bound ids; never prompts, tokens or payloads. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** The append-only log; the truth that every device is brought up to. */
export interface EventStore {
  /** Only inside `Store.transaction`; listeners hear of it after the commit, in order. */
  append(event: NewEvent): LoggedEvent;
  /** Changes when the log is not the one clients knew. */
  readonly epoch: string;
  /** The last cursor, 0 for an empty log. */
  tip(): number;
  /** The cursor below which events have been cut by retention; 0 when nothing was. */
  floor(): number;
  /**
   * At most `limit` events; with `maxChars` no more than so many characters of data either, but always one if there is
   * one: a thousand short events and a thousand replies of a megabyte are not the same page.
   */
  after(cursor: number, limit: number, maxChars?: number): LoggedEvent[];
  ofSession(sessionId: string, afterSeq: number, limit: number, maxChars?: number): LoggedEvent[];
  /** Messages of both sides, newest first, before a cursor; `maxChars` as in `after`. */
  transcript(
    sessionId: string,
    beforeCursor: number | undefined,
    limit: number,
    maxChars?: number,
  ): LoggedEvent[];
  message(messageId: string): LoggedEvent | undefined;
  /** Calls back after every commit that appended, with what it appended; the result unsubscribes. */
  subscribe(listener: (events: LoggedEvent[]) => void): () => void;
}

export interface SessionFilter {
  state?: SessionState;
  projectPath?: string;
  limit: number;
  /** The `nextBefore` of the page before. */
  before?: string;
}

export interface SessionStore {
  insert(session: Session): void;
  get(sessionId: string): Session | undefined;
  /** The session that goes on with this conversation of Claude's, under whichever id. */
  ofConversation(claudeSessionId: string): Session | undefined;
  list(filter: SessionFilter): { sessions: Session[]; nextBefore?: string };
  inStates(states: SessionState[]): Session[];
  countByState(): Map<SessionState, number>;
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
  /** The earliest instant at which a lease wants something, over all sessions. */
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
  recap(sessionId: string): { text: string; createdAt: number; turnCount: number } | undefined;
  setRecap(sessionId: string, recap: { text: string; createdAt: number; turnCount: number }): void;
}

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
  /** Turns of a device that wait for their instant. */
  scheduledCountOf(deviceId: string, nowAt: number): number;
  /** 0 runs now, 1 is next in its session. */
  queuePosition(turnId: string): number;
  markRunning(turnId: string, at: number): void;
  markGiven(turnId: string, at: number): void;
  requeue(turnId: string): void;
  /** Compare-and-set on a turn that has not ended; true for the one caller that ends it. */
  settle(turnId: string, end: Pick<Turn, "state" | "reply" | "error"> & { endedAt: number }): boolean;
}

export interface PermissionStore {
  insert(permission: Permission): void;
  get(permissionId: string): Permission | undefined;
  open(): Permission[];
  openOf(sessionId: string): Permission[];
  openCountOf(sessionId: string): number;
  /** Compare-and-set on `open`. */
  resolve(permissionId: string, decision: PermissionDecision): boolean;
  expire(permissionId: string): boolean;
}

export interface AttachmentStore {
  insert(attachment: Attachment): void;
  get(attachmentId: string): Attachment | undefined;
  /** A message takes it; false when it is gone. */
  use(attachmentId: string, at: number): boolean;
  /** A message that took it was cancelled: it is kept for another one as long as if none had. */
  release(attachmentId: string): void;
  /** What is kept of the device. */
  keptOf(deviceId: string): { count: number; bytes: number };
  /** Sent or last taken before the instant, and named by no turn that waits or runs. */
  unneeded(beforeAt: number, limit: number): Attachment[];
  remove(attachmentId: string): void;
}

export interface DeviceStore {
  insert(device: Device, tokenHash: string): void;
  byTokenHash(tokenHash: string): Device | undefined;
  get(deviceId: string): Device | undefined;
  list(): Device[];
  revoke(deviceId: string, at: number): boolean;
  seen(deviceId: string, at: number): void;
  /** Moves forward only; returns the cursor in force. */
  ack(deviceId: string, cursor: number): number;
  /** Instant of the last silent push to the device, which Apple allows few of. */
  syncedAt(deviceId: string): number | undefined;
  setSynced(deviceId: string, at: number): void;
  setPush(deviceId: string, push: PushTarget | null): void;
  setPreferences(deviceId: string, preferences: DevicePreferences): void;
  rename(deviceId: string, name: string): void;
  addPairingCode(codeHash: string, scope: Scope, expiresAt: number): void;
  /** Compare-and-set: the scope for the one caller that uses the code in time. */
  usePairingCode(codeHash: string, at: number): Scope | undefined;
}

export interface OutboxStore {
  insert(delivery: Delivery): void;
  /** Pending deliveries that are due, oldest first; of each device at most so many. */
  due(at: number, limit: number, perDevice: number): Delivery[];
  /** What is due for the device before `untilAt` becomes due then. */
  hold(deviceId: string, untilAt: number): void;
  /** The earliest instant after `at` at which something falls due. */
  nextDueAfter(at: number): number | undefined;
  /** Marks deliveries as being sent from now on: until `record` says what became of them, they may have been sent. */
  claim(deliveryIds: readonly string[], at: number): void;
  /** Pending deliveries that are marked: at the start, those that the last run had in hand when it died. */
  claimed(): Array<Delivery & { claimedAt: number }>;
  /** Books an attempt and the state after it; ends the claim. */
  record(
    deliveryId: string,
    attempt: DeliveryAttempt | undefined,
    next: { state: DeliveryState; nextAttemptAt: number | null },
  ): void;
  /** Makes a delivery pending and due at `at`, whatever it was; false when there is none. */
  reopen(deviceId: string, cursor: number, kind: DeliveryKind, at: number): boolean;
  /** Settles what the device holds up to the cursor. */
  ackUpTo(deviceId: string, cursor: number): void;
  /**
   * The owner saw everything up to the cursor on this device: what was sent to the others about it counts as read.
   * Returns the devices whose badge is out of date by it.
   */
  readElsewhere(deviceId: string, cursor: number): string[];
  get(deliveryId: string): Delivery | undefined;
  ofDevice(deviceId: string, limit: number): Array<Delivery & { attempts: DeliveryAttempt[] }>;
  unackedCount(deviceId: string): number;
}

export interface ProcessStore {
  /** Before the spawn: the mark is known before the process is. */
  open(record: ProcessRecord): void;
  started(processId: string, pid: number, startTicks: string | null): void;
  ended(processId: string, at: number): void;
  unended(): ProcessRecord[];
}

/** Lets go of what is too old. */
export interface RetentionStore {
  /**
   * Cuts at most `limit` rows of each kind that are older than `beforeAt`: events (and with them their deliveries), the
   * audit log, ended processes. Returns the number of rows cut; 0 when nothing is left to cut.
   */
  cut(beforeAt: number, limit: number): number;
}

/** What the owner set while the server ran; the names and bounds are the edges' business. */
export interface SettingsStore {
  all(): Map<string, number>;
  set(name: string, value: number): void;
  remove(name: string): void;
}

export interface AuditEntry {
  at: number;
  deviceId: string;
  action: string;
  target: string;
  detail: string;
}
export interface AuditStore {
  add(entry: AuditEntry): void;
  list(before: string | undefined, limit: number): { entries: AuditEntry[]; nextBefore?: string };
}

/** Says when what is committed would survive a power loss. Whatever leaves the server and tells of it waits for that. */
export interface Durability {
  /**
   * Calls back when everything committed by now would survive: at once when it would already, else later, in the order
   * of the calls. `tell` must not throw.
   */
  whenDurable(tell: () => void): void;
}

/**
 * Everything durable. Calls are synchronous: SQLite is in the process, and a commit is a fraction of a millisecond. It
 * survives the end of the program as soon as it is there, and the end of the power when `whenDurable` says so.
 */
export interface Store extends Durability {
  /**
   * All or nothing; what it appended is announced after the commit. Nested calls join the outer one. `committed` is
   * called right after the commit, before anybody hears of it: for what must not wait for the telling.
   */
  transaction<T>(work: () => T, committed?: (result: T) => void): T;
  readonly events: EventStore;
  readonly sessions: SessionStore;
  readonly turns: TurnStore;
  readonly permissions: PermissionStore;
  readonly attachments: AttachmentStore;
  readonly devices: DeviceStore;
  readonly outbox: OutboxStore;
  readonly activities: ActivityStore;
  readonly processes: ProcessStore;
  readonly trust: TrustStore;
  readonly conversations: ConversationStore;
  readonly settings: SettingsStore;
  readonly audit: AuditStore;
}

/** Ephemeral words for whoever watches now; never stored, never the only copy. */
export interface LiveFeed {
  delta(sessionId: string, turnId: string, text: string): void;
  /** The assistant text that was being written is finished (or given up): the next delta starts at offset 0. */
  flush(sessionId: string): void;
  activity(
    sessionId: string,
    turnId: string,
    activity: { kind: "thinking" } | { kind: "tool"; toolName: string; title: string },
  ): void;
}
