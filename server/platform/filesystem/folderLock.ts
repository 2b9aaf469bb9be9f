import { closeSync, lstatSync, openSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";

/** The data folder is locked by another server. Two servers on one folder would end each other's processes. */
export class FolderTakenError extends Error {
  override readonly name = "FolderTakenError";
}

/** The locks that a server holds on its data folder. */
export interface FolderLock {
  /** The files that are locked. */
  readonly paths: readonly string[];
  /** Idempotent. */
  release(): void;
}

/** The lock's name in the data folder. */
const lockName = "server.lock";
/** A command of the owner's that looks whether a server runs holds a shared lock for an instant. */
const patienceMs = 300;
/** So often a lock whose file is taken away meanwhile is tried anew. */
const mostTries = 5;

/**
 * Holds the data folder for this process, by locks of SQLite's own on two files. The operating system lets go of them when
 * the process dies, however it dies, so that they are never stale.
 *
 * One file lies in the folder and goes with it when it is moved. The other lies beside it, under its name, so that no second
 * server begins anew at the path from which the first one's folder was moved or removed. Where the second file cannot be
 * made, because this user may not write there, the user cannot move or remove the folder either.
 */
export function lockFolder(dataDir: string): FolderLock {
  const held: HeldLock[] = [];
  const release = () => {
    for (const lock of held.splice(0).reverse()) lock.release();
  };
  try {
    const beside = lockBeside(dataDir);
    if (beside !== undefined) held.push(beside);
    held.push(holdFile(join(dataDir, lockName), dataDir));
  } catch (error) {
    release();
    throw error;
  }
  return { paths: held.map(({ path }) => path), release };
}

/** Whether a server holds the data folder now. */
export function isFolderHeld(dataDir: string): boolean {
  let lock: Database.Database;
  try {
    lock = new Database(join(dataDir, lockName), { timeout: 0, readonly: true, fileMustExist: true });
  } catch {
    return false;
  }
  try {
    lock.prepare("SELECT 1 FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    lock.close();
  }
}

interface HeldLock {
  path: string;
  release(): void;
}

function lockBeside(dataDir: string): HeldLock | undefined {
  const around = dirname(dataDir);
  if (around === dataDir) return undefined;
  const path = join(around, `.${basename(dataDir).replace(/^\.+/, "")}.lock`);
  try {
    makeFile(path);
    // In a folder that others write to, a link could lead to a file of the owner's that SQLite would change.
    const entry = lstatSync(path);
    if (!entry.isFile() || entry.uid !== process.getuid?.()) return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return undefined;
    throw error;
  }
  const lock = holdFile(path, dataDir);
  return {
    path,
    release: () => {
      // While it is still held: a server that has it open by now finds that it locked a file which is gone.
      try {
        unlinkSync(path);
      } catch {
        // It was taken away already.
      }
      lock.release();
    },
  };
}

function holdFile(path: string, dataDir: string): HeldLock {
  for (let tries = 1; ; tries += 1) {
    makeFile(path);
    const before = inodeOf(path);
    const lock = new Database(path, { timeout: patienceMs });
    try {
      lock.pragma("locking_mode = EXCLUSIVE");
      lock.exec("BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (at INTEGER); COMMIT");
    } catch (error) {
      lock.close();
      if (!isBusy(error)) throw error;
      throw new FolderTakenError(
        `Another Daylong server uses the data folder ${dataDir}, or did when it was moved away from there. Stop it, or set DATA_DIR.`,
        { cause: error },
      );
    }
    if (before !== undefined && before === inodeOf(path)) return { path, release: () => lock.close() };
    lock.close();
    if (tries >= mostTries) throw new Error(`The lock ${path} is taken away again and again.`);
  }
}

/**
 * Makes the file if it is missing. It must not be opened and closed while it is there: to close any descriptor of a file ends
 * this process's locks on it (POSIX).
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function inodeOf(path: string): string | undefined {
  const entry = statSync(path, { bigint: true, throwIfNoEntry: false });
  return entry && `${entry.dev}:${entry.ino}`;
}

const isBusy = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "code" in error && /^SQLITE_BUSY/.test(String(error.code));
