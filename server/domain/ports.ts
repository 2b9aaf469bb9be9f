import type { RetryReason } from "./processes/factSignal.ts";
import type { AgentRef } from "./sessions/agent.ts";
import type { ActivityStore, DeviceStore, EventStore, OutboxStore } from "./stores/delivery.ts";
import type { FactStore, UsageStore } from "./stores/facts.ts";
import type { AttachmentStore, AuditStore, ProcessStore, SettingsStore } from "./stores/operation.ts";
import type { ReadStore } from "./stores/reads.ts";
import type {
  AllowanceStore,
  ConversationStore,
  ErasureStore,
  HandoffStore,
  PermissionStore,
  SessionStore,
  TaskStore,
  TrustStore,
  TurnStore,
} from "./stores/sessions.ts";

/** The clock. All timers and timestamps come from it. */
export interface Clock {
  /** The instant, in integer milliseconds since the epoch: for what is stored and shown. It may be set, back or on. */
  now(): number;
  /**
   * Milliseconds since some instant of the past, the computer's sleep included: for everything that measures a span. It is
   * never set, and never goes back.
   */
  monotonic(): number;
  /** Calls back once after `delayMs`; the result cancels. Never keeps the program alive by itself. */
  after(delayMs: number, callback: () => void): () => void;
  /**
   * Calls back when everything that has come by now has been handled, which a timer cannot say: it waits for a millisecond at
   * least. Absent: a timer of no delay is as good.
   */
  soon?(callback: () => void): void;
  /**
   * Calls back when the clock is set, with the milliseconds (negative: back), before `now` tells the new time; the result
   * unsubscribes. Absent: this clock is never set.
   */
  onStep?(listener: (byMs: number) => void): () => void;
}

/** Structured log: event names with bound ids; never prompts, tokens or payloads. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Durability of commits: tells when they would survive a power loss, which all that tells of a commit waits for. */
export interface Durability {
  /**
   * Calls back when everything committed by now would survive: at once when it would already, else later, in the order
   * of the calls. `tell` must not throw.
   */
  whenDurable(tell: () => void): void;
}

/** When a commit is made durable: at once, or with the next one that is; until then a loss of power takes it back. */
export type SyncTime = "now" | "later";

/**
 * The database, as all floors see it: one repository for each kind of row. Calls are synchronous: SQLite is in the process,
 * and a commit is a fraction of a millisecond. A commit survives the end of the program at once, and the loss of power when
 * `whenDurable` says so.
 */
export interface Store extends Durability {
  /**
   * All or nothing; the events that it appended are announced after the commit. Nested calls join the outer one.
   * `committed` is called right after the commit, before the listeners of events: for work that must not wait for them.
   */
  transaction<T>(work: () => T, committed?: (result: T) => void, sync?: SyncTime): T;
  readonly events: EventStore;
  readonly sessions: SessionStore;
  readonly reads: ReadStore;
  readonly erasures: ErasureStore;
  readonly turns: TurnStore;
  readonly permissions: PermissionStore;
  readonly tasks: TaskStore;
  readonly facts: FactStore;
  readonly usage: UsageStore;
  readonly attachments: AttachmentStore;
  readonly devices: DeviceStore;
  readonly outbox: OutboxStore;
  readonly activities: ActivityStore;
  readonly processes: ProcessStore;
  readonly trust: TrustStore;
  readonly allowances: AllowanceStore;
  readonly conversations: ConversationStore;
  readonly handoffs: HandoffStore;
  readonly settings: SettingsStore;
  readonly audit: AuditStore;
}

/** Live feed of partial text and activity for connected devices; never stored, never the only copy. */
export interface LiveFeed {
  delta(sessionId: string, turnId: string, text: string): void;
  /** The assistant text that was being written is finished (or given up): the next delta starts at offset 0. */
  flush(sessionId: string): void;
  /** The text being written is whole: its message is on the way to the log. */
  finished(sessionId: string, turnId: string): void;
  /** The turn's text that was begun and is not whole. */
  unfinished(sessionId: string, turnId: string): string | undefined;
  activity(
    sessionId: string,
    turnId: string,
    activity:
      | { kind: "thinking" }
      | { kind: "tool"; toolName: string; title: string; agent?: AgentRef }
      | { kind: "task"; taskId: string; text?: string }
      | { kind: "compacting" }
      /** A request failed and is tried again at `nextAt`. */
      | { kind: "retrying"; attempt: number; reason: RetryReason; nextAt: number },
  ): void;
}
