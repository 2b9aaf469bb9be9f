import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { DaylongError } from "../domain/errors.ts";
import { migrations as allMigrations, type Migration, migrate } from "./migrations.ts";
import { type Connection, withStorageFailures } from "./statement.ts";

/** The database's name in DATA_DIR. */
export const databaseName = "daylong.db";

/** How long a start, or a thread beside the server, waits for a lock of another program (a backup, `sqlite3`). */
const busyTimeoutMs = 2_500;

/** SQLite's own `wal_autocheckpoint`: pages of 4 KiB after which the log is folded in and begins anew. */
const journalPages = 1_000;
/** So much of the log is laid out beforehand. */
const journalFillBytes = 4_000 * journalPages;

/**
 * Pages that a connection keeps in memory, in KiB. better-sqlite3's own limit is 16 MB, which a long replay fills with pages
 * that nobody asks for again; the operating system has them too.
 */
const cacheKilobytes = 4_000;

/** A write-ahead log larger than this after a burst is cut back at the next checkpoint. */
const journalSizeLimitBytes = 64 * 1024 * 1024;

export interface DatabaseLocation {
  /** The database file itself … */
  path?: string;
  /** … or the folder that holds it as `daylong.db`. */
  dataDir?: string;
}

/** The file a location names. */
export function databasePath(location: DatabaseLocation): string {
  if (location.path !== undefined) return location.path;
  if (location.dataDir !== undefined) return join(location.dataDir, databaseName);
  throw new TypeError("The database needs a path or a dataDir.");
}

/**
 * Opens the database, made with mode 0600 in a folder of mode 0700 where missing, and brings its schema up to date.
 * Throws `storage_failed` when it cannot be opened, is newer than this program, or would not survive a power loss.
 */
export function openDatabase(location: DatabaseLocation & { migrations?: readonly Migration[] }): Connection {
  const path = databasePath(location);
  refuseForeignLog(path);
  makePrivateFile(path);
  const connection = connect(path);
  try {
    withStorageFailures(() => {
      makeDurable(connection);
      migrate(connection, path, location.migrations ?? allMigrations);
      connection.pragma(`cache_size = -${cacheKilobytes}`);
    });
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

const connect = (path: string, options: Database.Options = {}): Connection =>
  withStorageFailures(() => new Database(path, { timeout: busyTimeoutMs, ...options }));

/**
 * SQLite throws a write-ahead log away that has no database. The log may hold the newest commits of a database that somebody
 * has moved elsewhere, and means to bring back.
 */
function refuseForeignLog(path: string): void {
  const sizeOf = (file: string): number => {
    try {
      return statSync(file).size;
    } catch {
      // It is missing, or the folder is: to open it says what is wrong.
      return 0;
    }
  };
  if (sizeOf(path) > 0 || sizeOf(`${path}-wal`) === 0) return;
  const name = basename(path);
  throw new DaylongError(
    "storage_failed",
    `${name} is not there, but its write-ahead log ${name}-wal is, which may hold what was written last. ` +
      `Bring ${name} back, or move ${name}-wal away to begin with an empty database.`,
  );
}

/**
 * Lays out the write-ahead log's file for a connection that stays open. A commit that makes the file grow has to sync its
 * length as well as its data, which costs half as much again (0.7 ms against 0.5 ms on ext4, commits 20 ms apart); one
 * that overwrites does not. Costs 12 ms, and the last connection that closes takes the file away.
 */
export function layOutJournal(connection: Connection): void {
  withStorageFailures(() => {
    connection.transaction(() => {
      connection.exec("CREATE TABLE filling (bytes BLOB)");
      connection.prepare("INSERT INTO filling VALUES (zeroblob(?))").run(journalFillBytes);
      connection.exec("DROP TABLE filling");
    })();
    connection.pragma("wal_checkpoint(RESTART)");
    // What was written to lay it out is still in the cache, and would stay there: 4 MB.
    connection.pragma("shrink_memory");
  });
}

/**
 * From now on commits on this connection are made durable by `WalSync`: SQLite writes them and does
 * not wait for the disk, and leaves the checkpoints alone. What it still syncs by itself, on level NORMAL, is the first
 * frame of a log that begins anew, which keeps the file whole in whichever order the writes reach the disk.
 */
export function leaveSyncing(connection: Connection): void {
  connection.pragma("synchronous = NORMAL");
  connection.pragma("wal_autocheckpoint = 0");
}

/** SQLite folds the log in by itself again, within a commit. */
export function resumeCheckpoints(connection: Connection): void {
  connection.pragma(`wal_autocheckpoint = ${journalPages}`);
}

/** So many times one fold looks whether the log grew meanwhile; each time there is less to do. */
const foldRounds = 12;

/**
 * Folds the write-ahead log into the database; holds up neither readers nor writers. False: a connection reads an older
 * state, or commits came faster than they could be folded in. Only a log that was folded in whole begins anew.
 */
export function foldJournal(path: string): boolean {
  // Never a new file: it would be an empty database, for which SQLite throws the log away.
  const connection = connect(path, { fileMustExist: true });
  try {
    return withStorageFailures(() => {
      makeDurable(connection);
      let before = Number.POSITIVE_INFINITY;
      for (let round = 0; round < foldRounds; round += 1) {
        const { frames, isFolded } = foldOnce(connection);
        // SQLite counts the frames that were there when it began. As many as before: none came. Fewer: the log has begun anew.
        if (isFolded && round > 0 && frames <= before) return true;
        before = frames;
      }
      return false;
    });
  } finally {
    connection.close();
  }
}

/** The same on the server's own connection, where no commit comes between; the event loop waits for the disk. */
export function foldHere(connection: Connection): void {
  withStorageFailures(() => foldOnce(connection));
}

function foldOnce(connection: Connection): { frames: number; isFolded: boolean } {
  const rows = connection.pragma("wal_checkpoint(PASSIVE)") as Array<{ log: number; checkpointed: number }>;
  const { log = 0, checkpointed = 0 } = rows[0] ?? {};
  return { frames: log, isFolded: log === checkpointed };
}

function makePrivateFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite would make the file with the umask's mode, and gives its -wal and -shm files the mode of the main one.
    closeSync(openSync(path, "a", 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    throw new DaylongError(
      "storage_failed",
      "The data folder cannot be written. Mend its permissions or choose another DATA_DIR.",
      { cause: error },
    );
  }
}

/** Makes every commit survive a power loss: WAL with a sync at every commit. */
function makeDurable(connection: Connection): void {
  // Only a new file takes it: what retention cuts can then be given back page by page, without a VACUUM that holds
  // every turn up.
  connection.pragma("auto_vacuum = INCREMENTAL");
  const mode = connection.pragma("journal_mode = WAL", { simple: true });
  if (mode !== "wal") {
    throw new DaylongError(
      "storage_failed",
      `The database's file system does not support write-ahead logging (journal mode "${mode}"). Use a local disk.`,
    );
  }
  // better-sqlite3 is compiled with SQLITE_DEFAULT_WAL_SYNCHRONOUS=1 (NORMAL): a power loss would take the last commits.
  connection.pragma("synchronous = FULL");
  const level = connection.pragma("synchronous", { simple: true });
  if (level !== 2) {
    throw new DaylongError(
      "storage_failed",
      `The database would not sync its commits (synchronous is ${level}, not 2).`,
    );
  }
  // On macOS fsync leaves data in the drive's cache; elsewhere this does nothing.
  connection.pragma("fullfsync = ON");
  connection.pragma(`journal_size_limit = ${journalSizeLimitBytes}`);
}
