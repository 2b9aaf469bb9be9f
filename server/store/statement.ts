import type Database from "better-sqlite3";
import { DaylongError } from "../domain/errors.ts";

/** One open SQLite connection. */
export type Connection = Database.Database & {
  /** Called after every statement that committed, be it by itself. */
  committed?: () => void;
  /** The commit under way may be lost with a loss of power: the disk is not asked for it, but for the next one that is not. */
  leavesSync?: boolean;
  /**
   * Why nothing is written any more: SQLite found the file damaged, where a write could only do more harm, or the file is
   * not the one at its path any more, where nobody would find what is written.
   */
  refusal?: DaylongError;
  /**
   * Set by `waitBriefly`: whether another program's lock has turned the last write away. As long as it does, no write waits for
   * it: many that each waited a little would hold the event loop up together.
   */
  isLockedOut?: boolean;
};

/**
 * How long a write of the running server waits for another program's lock. The event loop waits with it, so hardly at all: the
 * write fails, and is tried again by whichever part asked for it, a client after `Retry-After`, the pool after a pause.
 */
const servingTimeoutMs = 10;

/** From now on a lock of another program is waited for as briefly as an event loop can bear. */
export function waitBriefly(connection: Connection): void {
  setLockedOut(connection, false);
}

function setLockedOut(connection: Connection, isLockedOut: boolean): void {
  connection.isLockedOut = isLockedOut;
  connection.pragma(`busy_timeout = ${isLockedOut ? 0 : servingTimeoutMs}`);
}

/** SQLite's codes for faults of the operating system or of another program, as opposed to faults of our own SQL. */
const environmental =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CORRUPT|NOTADB|CANTOPEN|NOMEM|PROTOCOL|PERM|AUTH)/;

const adviceByCode: Record<string, string> = {
  SQLITE_FULL: "The disk is full. Free some space; the same request will then succeed.",
  SQLITE_BUSY: "Another program holds the database. Try again.",
  SQLITE_LOCKED: "Another program holds the database. Try again.",
  SQLITE_READONLY: "The database file is read-only. Mend its permissions.",
  SQLITE_CORRUPT: "The database file is damaged. Restore a backup.",
  SQLITE_NOTADB: "The database file is not an SQLite database. Restore a backup.",
};

/**
 * The error to throw for what SQLite threw: `storage_failed` (with the cause) for a full disk, a failing device, a
 * lock; anything else, a constraint for example, is a bug and stays what it is. Result codes:
 * https://www.sqlite.org/rescode.html
 */
export function storageFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (!environmental.test(code)) return error;
  const primary = code.split("_", 2).join("_");
  const advice = adviceByCode[primary] ?? "The database cannot be read or written. See the server's log.";
  return new DaylongError("storage_failed", advice, {
    cause: error,
    retryAfterMs: isLock(error) ? lockRetryMs : undefined,
  });
}

/** When a caller whom another program's lock turned away is told to come back: most are held for less than that. */
const lockRetryMs = 1_000;

/** Whether it is what SQLite throws when another program holds the database, or what became of that. */
export function isLock(error: unknown): boolean {
  const thrown = error instanceof DaylongError ? error.cause : error;
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(thrown));
}

/** Not by `instanceof`: the native part throws the class of the copy of better-sqlite3 that was loaded first. */
function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

/** Runs `work`, turning what storage does to it into `storage_failed`. */
export function withStorageFailures<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailure(error);
  }
}

const isDamage = (error: unknown): error is DaylongError =>
  error instanceof DaylongError && /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error.cause));

/** Throws `storage_failed` when the file is known to be damaged or lost, which no later success disproves. */
export function refuseLost({ refusal }: Connection): void {
  if (refusal) throw new DaylongError("storage_failed", refusal.message, { cause: refusal });
}

/** A prepared statement. Throws `storage_failed` when the disk, not the SQL, is at fault. */
export class Statement<Parameters extends unknown[], Row = unknown> {
  readonly #connection: Connection;
  readonly #prepared: Database.Statement<unknown[], Row>;

  constructor(connection: Connection, sql: string) {
    this.#connection = connection;
    this.#prepared = withStorageFailures(() => connection.prepare<unknown[], Row>(sql));
  }

  /** Returns the number of rows written. */
  run(...parameters: Parameters): number {
    const { changes } = this.#do(() => this.#prepared.run(...parameters));
    this.#noteCommit();
    return changes;
  }

  /** Returns the rowid of the row inserted. */
  insert(...parameters: Parameters): number {
    const { lastInsertRowid } = this.#do(() => this.#prepared.run(...parameters));
    this.#noteCommit();
    return Number(lastInsertRowid);
  }

  get(...parameters: Parameters): Row | undefined {
    const row = this.#do(() => this.#prepared.get(...parameters));
    // One that reads commits nothing; one that writes and returns (`RETURNING`) does.
    if (!this.#prepared.readonly) this.#noteCommit();
    return row;
  }

  all(...parameters: Parameters): Row[] {
    const rows = this.#do(() => this.#prepared.all(...parameters));
    if (!this.#prepared.readonly) this.#noteCommit();
    return rows;
  }

  /** The first rows, up to and without the first one that `fits` refuses; always one if there is one. */
  while(fits: (row: Row) => boolean, ...parameters: Parameters): Row[] {
    return this.#do(() => {
      const rows: Row[] = [];
      for (const row of this.#prepared.iterate(...parameters)) {
        if (!fits(row) && rows.length > 0) break;
        rows.push(row);
      }
      return rows;
    });
  }

  #do<T>(work: () => T): T {
    // Ends of transactions count as reading, their beginnings (IMMEDIATE) do not.
    if (this.#connection.refusal && !this.#prepared.readonly) refuseLost(this.#connection);
    try {
      return withStorageFailures(work);
    } catch (error) {
      if (isDamage(error)) this.#connection.refusal ??= error;
      if (this.#connection.isLockedOut === false && isLock(error)) setLockedOut(this.#connection, true);
      throw error;
    }
  }

  #noteCommit(): void {
    if (this.#connection.inTransaction) return;
    if (this.#connection.isLockedOut) setLockedOut(this.#connection, false);
    this.#connection.committed?.();
  }
}

/** SQLite has no booleans and better-sqlite3 binds none. */
export const asInteger = (value: boolean): number => (value ? 1 : 0);

/** JSON of an optional value: absent is NULL, so that reading it gives absent again. */
export const jsonOrNull = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(value);

/** The value of a nullable JSON column; we wrote it, so its shape is not checked again on the hot path. */
export const parsedOrUndefined = <T>(json: string | null): T | undefined =>
  json === null ? undefined : (JSON.parse(json) as T);
