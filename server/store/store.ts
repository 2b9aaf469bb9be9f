import { randomUUID } from "node:crypto";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Store } from "../domain/ports.ts";
import type { WrongSessionChange } from "../domain/sessions/session.ts";
import type { RetentionStore } from "../domain/stores/operation.ts";
import type { RecordedProcess } from "./copies.ts";
import {
  type DatabaseLocation,
  databasePath,
  foldHere,
  layOutJournal,
  leaveSyncing,
  openDatabase,
  resumeCheckpoints,
} from "./database.ts";
import { SqliteActivityStore } from "./delivery/activities.ts";
import { SqliteDeviceStore } from "./delivery/devices.ts";
import { SqliteEventStore } from "./delivery/events.ts";
import { SqliteOutboxStore } from "./delivery/outbox.ts";
import { WalSync, type WalSyncParts } from "./durability/walSync.ts";
import { SqliteAttachmentStore } from "./operation/attachments.ts";
import { SqliteAuditStore } from "./operation/audit.ts";
import { ClockSteps } from "./operation/clockSteps.ts";
import { SqliteProcessStore } from "./operation/processes.ts";
import { SqliteRetentionStore } from "./operation/retention.ts";
import { SqliteSettingsStore } from "./operation/settings.ts";
import { SqliteUsageStore } from "./operation/usage.ts";
import { SqliteAllowanceStore } from "./sessions/allowances.ts";
import { SqliteConversationStore } from "./sessions/conversations.ts";
import { SqliteErasureStore } from "./sessions/erasures.ts";
import { SqliteFactStore } from "./sessions/facts.ts";
import { SqliteHandoffStore } from "./sessions/handoffs.ts";
import { SqlitePermissionStore } from "./sessions/permissions.ts";
import { SqliteReadStore } from "./sessions/reads.ts";
import { SqliteSessionStore } from "./sessions/sessions.ts";
import { SqliteTaskStore } from "./sessions/tasks.ts";
import { SqliteTrustStore } from "./sessions/trust.ts";
import { SqliteTurnStore } from "./sessions/turns.ts";
import { type Connection, refuseLost, Statement, waitBriefly } from "./statement.ts";
import { Transactions } from "./transactions.ts";

export interface StoreParts {
  clock: Clock;
  /**
   * Called with what a subscriber of the event log, or a callback of `whenDurable`, threw. The commit stands and the
   * other subscribers are called all the same. Default: a process warning, so that it is seen.
   */
  onSubscriberError?: (error: unknown) => void;
  /**
   * Told of a change of a session's state that is a bug; the change is not made, and the transaction goes on. Default: a
   * process warning.
   */
  onWrongSessionChange?: (wrong: WrongSessionChange) => void;
  /** Told how long each commit took. */
  onCommit?: (durationMs: number) => void;
  /** Told when storage begins to refuse transactions, and, with `undefined`, when it takes them again. */
  onStorageFault?: (fault: DaylongError | undefined) => void;
}

/** How the store makes commits durable when it does not do so within them. */
export type BesideParts = Pick<WalSyncParts, "onFault" | "onSync" | "sync" | "isFound"> & {
  /** Called after each commit, to schedule the checkpoints. */
  onWritten?(): void;
};

export type OpenStore = Store & {
  readonly history: RetentionStore;
  /** For how long the disk has owed its word on a commit, in milliseconds; 0: it owes none. */
  readonly owedMs: number;
  /** Moves the stored ends of spans by as much as the clock was set. Throws `storage_failed`. */
  moveInstants(byMs: number): void;
  /** SQLite sees to the checkpoints by itself again. */
  resumeCheckpoints(): void;
  /** Folds the write-ahead log in; the caller waits for the disk. */
  foldJournal(): void;
  /**
   * Throws `storage_failed` when the database can be read but not be written, which is tried when the last write
   * failed, and when any part of it was found to be damaged or lost.
   */
  checkWritable(): void;
  /** Whether nothing is written any more: the files were found to be damaged or lost. */
  readonly isLost: boolean;
  /** From now on nothing is written: every write throws `storage_failed` with these words, and `close` leaves the files alone. */
  refuseWrites(detail: string): void;
  /** The start is over: from now on another program's lock holds the event loop up for no more than some milliseconds. */
  serve(): void;
  /**
   * Folds the write-ahead log into the file and closes it; while the disk owes its word the log is left to the next
   * start, for the fold would ask it twice more, on the event loop. Idempotent.
   */
  close(): void;
};

/**
 * Opens the store in a file or a data folder, made and migrated as needed. A commit is durable when it returns; with
 * `beside`, when `whenDurable` says so. Throws `storage_failed`.
 */
export function openStore(options: DatabaseLocation & StoreParts & { beside?: BesideParts }): OpenStore {
  const connection = openDatabase(options);
  const { beside } = options;
  if (beside === undefined) return storeOver(connection, options);
  try {
    layOutJournal(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
  const path = `${databasePath(options)}-wal`;
  const sync = new WalSync({
    ...beside,
    path,
    onTellError: options.onSubscriberError ?? warnOfSubscriberError,
  });
  leaveSyncing(connection);
  connection.committed = () => {
    if (connection.leavesSync !== true) sync.noteCommit();
    beside.onWritten?.();
  };
  return storeOver(connection, options, sync);
}

/** The store over a connection of `openDatabase`; closing the store closes it. */
export function storeOver(connection: Connection, parts: StoreParts, sync?: WalSync): OpenStore {
  const { clock } = parts;
  const transactions = new Transactions({
    connection,
    onListenerError: parts.onSubscriberError ?? warnOfSubscriberError,
    onCommit: parts.onCommit,
    // The disk works while the commit is announced: nobody is told before it is done.
    onFollowed: sync && (() => sync.beginAsked()),
    onStorageFault: parts.onStorageFault,
  });
  const clockSteps = new ClockSteps({ connection, transactions });
  const touch = new Statement<[]>(connection, "UPDATE meta SET id = id");
  const reads = new SqliteReadStore({ connection, transactions });
  let isGivenUp = false;
  return {
    refuseWrites: (detail) => {
      isGivenUp = true;
      connection.refusal = new DaylongError("storage_failed", detail);
    },
    get isLost() {
      return connection.refusal !== undefined;
    },
    serve: () => waitBriefly(connection),
    checkWritable: () => {
      refuseLost(connection);
      if (transactions.storageFault !== undefined) transactions.run(() => touch.run());
    },
    transaction: (work, committed, sync) => transactions.run(work, committed, sync),
    whenDurable: (tell) => (sync === undefined ? tell() : sync.whenDurable(tell)),
    get owedMs() {
      return sync?.syncingMs ?? 0;
    },
    moveInstants: (byMs) => clockSteps.moveInstants(byMs),
    resumeCheckpoints: () => resumeCheckpoints(connection),
    foldJournal: () => foldHere(connection),
    events: new SqliteEventStore({
      connection,
      clock,
      transactions,
      appended: (event) => reads.note(event),
    }),
    reads,
    erasures: new SqliteErasureStore(connection),
    sessions: new SqliteSessionStore({
      connection,
      transactions,
      onWrongChange: parts.onWrongSessionChange ?? warnOfWrongChange,
    }),
    turns: new SqliteTurnStore(connection),
    permissions: new SqlitePermissionStore(connection),
    tasks: new SqliteTaskStore(connection),
    facts: new SqliteFactStore(connection),
    usage: new SqliteUsageStore(connection),
    attachments: new SqliteAttachmentStore(connection),
    devices: new SqliteDeviceStore({ connection, clock, transactions }),
    outbox: new SqliteOutboxStore({ connection, transactions }),
    activities: new SqliteActivityStore(connection),
    processes: new SqliteProcessStore(connection),
    trust: new SqliteTrustStore(connection),
    allowances: new SqliteAllowanceStore(connection),
    conversations: new SqliteConversationStore(connection),
    handoffs: new SqliteHandoffStore(connection),
    settings: new SqliteSettingsStore(connection),
    audit: new SqliteAuditStore(connection),
    history: new SqliteRetentionStore({ connection, transactions }),
    close: () => {
      const isOwed = (sync?.syncingMs ?? 0) > 0;
      sync?.close();
      // To close it would delete the file at the log's path, whichever that is by now.
      if (!isOwed && !isGivenUp) connection.close();
    },
  };
}

/**
 * Gives a restored database a new epoch, so that devices which had seen later events start over, and forgets the processes
 * of the server that it was copied from; those in `left` are on record in their place, for the next start to end. Call it while
 * no server runs on the file. Returns the new epoch.
 */
export function renewEpoch(location: DatabaseLocation, left: readonly RecordedProcess[] = []): string {
  const connection = openDatabase(location);
  try {
    const epoch = randomUUID();
    connection.transaction(() => {
      connection.prepare("UPDATE meta SET epoch = ? WHERE id = 1").run(epoch);
      // They are those of the server that the backup was taken of, and may run there still: a start ends what it finds here.
      connection.exec("DELETE FROM processes");
      const keep = connection.prepare(
        `INSERT INTO processes (process_id, session_id, pid, start_ticks, started_at, seen)
         VALUES (@processId, @sessionId, @pid, @startTicks, @startedAt, @seenJson)`,
      );
      for (const record of left) keep.run(record);
    })();
    return epoch;
  } finally {
    connection.close();
  }
}

function warnOfSubscriberError(error: unknown): void {
  const detail = error instanceof Error ? error.stack : undefined;
  process.emitWarning(`A subscriber of the event log failed: ${error}`, {
    type: "SubscriberWarning",
    detail,
  });
}

function warnOfWrongChange({ sessionId, from, to }: WrongSessionChange): void {
  process.emitWarning(`The session ${sessionId} cannot become ${to} from ${from}.`, {
    type: "WrongSessionChangeWarning",
  });
}
