import type { LoggedEvent } from "../domain/delivery/event.ts";
import { DaylongError } from "../domain/errors.ts";
import type { SyncTime } from "../domain/ports.ts";
import { type Connection, Statement } from "./statement.ts";

export type EventListener = (events: LoggedEvent[]) => void;

/**
 * Transactions of SQLite, with the announcement of the events that they appended.
 *
 *   none --run--> open --commit--> none, then announcing
 *                 open --throw--> none (rolled back, nothing announced)
 *
 * A transaction takes the write lock at once (BEGIN IMMEDIATE): one that read first and then wanted to write could
 * find its snapshot stale and fail with SQLITE_BUSY, however long the busy timeout. Nested calls join as savepoints, so
 * that an inner call whose error the outer one survives leaves nothing half done.
 */
export class Transactions {
  readonly #connection: Connection;
  readonly #onListenerError: (error: unknown) => void;
  readonly #onCommit: ((durationMs: number) => void) | undefined;
  readonly #onFollowed: (() => void) | undefined;
  readonly #onStorageFault: ((fault: DaylongError | undefined) => void) | undefined;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #rollback: Statement<[]>;
  readonly #savepoint: Statement<[]>;
  readonly #release: Statement<[]>;
  readonly #rollbackTo: Statement<[]>;
  readonly #listeners = new Set<{ hear: EventListener }>();
  readonly #batches: LoggedEvent[][] = [];
  #appended: LoggedEvent[] = [];
  #committed: Array<() => void> = [];
  #open = false;
  #announcing = false;
  #storageFault: DaylongError | undefined;

  constructor(parts: {
    connection: Connection;
    onListenerError: (error: unknown) => void;
    onCommit?: (durationMs: number) => void;
    /** Called when `committed` callbacks are through, before anything is announced. */
    onFollowed?: () => void;
    onStorageFault?: (fault: DaylongError | undefined) => void;
  }) {
    this.#connection = parts.connection;
    this.#onListenerError = parts.onListenerError;
    this.#onCommit = parts.onCommit;
    this.#onFollowed = parts.onFollowed;
    this.#onStorageFault = parts.onStorageFault;
    this.#begin = new Statement(parts.connection, "BEGIN IMMEDIATE");
    this.#commit = new Statement(parts.connection, "COMMIT");
    this.#rollback = new Statement(parts.connection, "ROLLBACK");
    this.#savepoint = new Statement(parts.connection, "SAVEPOINT nested");
    this.#release = new Statement(parts.connection, "RELEASE nested");
    this.#rollbackTo = new Statement(parts.connection, "ROLLBACK TO nested");
  }

  /** Whether a transaction is open, that is, whether `note` may be called. */
  get isOpen(): boolean {
    return this.#open && this.#connection.inTransaction;
  }

  /** What storage did to the last transaction; `undefined` when that was committed, or failed for a reason of its own. */
  get storageFault(): DaylongError | undefined {
    return this.#storageFault;
  }

  /**
   * Does `work` wholly or not at all and returns its result. What it noted is announced after the commit, in order.
   * Throws what `work` throws, or `storage_failed`. `committed` is called between the commit and the announcement; its
   * fault, like a listener's, does not undo the commit. `sync`: what appended an event is synced now in any case, because a
   * cursor that was told must not be given to another event.
   */
  run<T>(work: () => T, committed?: (result: T) => void, sync: SyncTime = "now"): T {
    if (this.#open) {
      const joined = this.#runNested(work);
      if (committed) this.#committed.push(() => committed(joined));
      return joined;
    }
    let result: T;
    let committedMs: number;
    try {
      this.#begin.run();
      this.#open = true;
      result = settled(work());
      // SQLite itself rolls back on some I/O errors; if `work` swallowed one, there is nothing left to commit.
      if (!this.#connection.inTransaction) throw lostTransaction();
      const beganAt = performance.now();
      this.#connection.leavesSync = sync === "later" && this.#appended.length === 0;
      this.#commit.run();
      committedMs = performance.now() - beganAt;
    } catch (error) {
      this.#abandon();
      if (error instanceof DaylongError && error.code === "storage_failed") this.#noteFault(error);
      throw error;
    } finally {
      this.#connection.leavesSync = false;
    }
    this.#open = false;
    if (this.#storageFault !== undefined) this.#noteFault(undefined);
    const batch = this.#appended;
    this.#appended = [];
    if (committed) this.#committed.push(() => committed(result));
    for (const follow of this.#committed.splice(0)) this.#tell(follow, batch);
    this.#onFollowed?.();
    if (batch.length > 0) this.#announce(batch);
    this.#onCommit?.(committedMs);
    return result;
  }

  /** Remembers an event of the open transaction for its announcement. */
  note(event: LoggedEvent): void {
    this.#appended.push(event);
  }

  /** Calls back after every commit that noted events; the result unsubscribes. */
  subscribe(listener: EventListener): () => void {
    const subscription = { hear: listener };
    this.#listeners.add(subscription);
    return () => {
      this.#listeners.delete(subscription);
    };
  }

  #noteFault(fault: DaylongError | undefined): void {
    const isNews = (fault === undefined) !== (this.#storageFault === undefined);
    this.#storageFault = fault;
    if (isNews) this.#onStorageFault?.(fault);
  }

  #runNested<T>(work: () => T): T {
    if (!this.#connection.inTransaction) throw lostTransaction();
    const noted = this.#appended.length;
    const following = this.#committed.length;
    this.#savepoint.run();
    try {
      const result = settled(work());
      if (!this.#connection.inTransaction) throw lostTransaction();
      this.#release.run();
      return result;
    } catch (error) {
      this.#appended.length = noted;
      this.#committed.length = following;
      if (this.#connection.inTransaction) {
        this.#rollbackTo.run();
        this.#release.run();
      }
      throw error;
    }
  }

  #abandon(): void {
    this.#open = false;
    this.#appended = [];
    this.#committed = [];
    if (!this.#connection.inTransaction) return;
    try {
      this.#rollback.run();
    } catch {
      // The error that led here says more; a journal that cannot be rolled back now is when the file is next opened.
    }
  }

  /** A listener may commit events of its own: they wait until all have heard the current batch. */
  #announce(batch: LoggedEvent[]): void {
    this.#batches.push(batch);
    if (this.#announcing) return;
    this.#announcing = true;
    try {
      for (let next = this.#batches.shift(); next !== undefined; next = this.#batches.shift()) {
        for (const subscription of [...this.#listeners]) {
          if (this.#listeners.has(subscription)) this.#tell(subscription.hear, next);
        }
      }
    } finally {
      this.#announcing = false;
    }
  }

  /** The commit stands, so a listener's fault is not its caller's. */
  #tell(hear: EventListener, batch: LoggedEvent[]): void {
    try {
      hear(batch);
    } catch (error) {
      this.#onListenerError(error);
    }
  }
}

function lostTransaction(): DaylongError {
  return new DaylongError(
    "storage_failed",
    "The transaction was rolled back by the database after an earlier failure.",
  );
}

/** A promise would go on after the commit, outside the transaction. */
function settled<T>(result: T): T {
  if (result instanceof Promise)
    throw new TypeError("A transaction's work must be synchronous; it returned a promise.");
  return result;
}
