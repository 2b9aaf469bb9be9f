import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

/** The data folder is locked by another server. Two servers on one folder would end each other's processes. */
export class FolderTakenError extends Error {
  override readonly name = "FolderTakenError";
}

/**
 * Holds the data folder for this process. A lock of SQLite's own on a file beside the database: the operating system
 * lets go of it when the process dies, however it dies, so that it is never stale.
 */
export function lockFolder(dataDir: string): () => void {
  const path = join(dataDir, "server.lock");
  closeSync(openSync(path, "a", 0o600));
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.pragma("locking_mode = EXCLUSIVE");
    lock.exec("BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (at INTEGER); COMMIT");
  } catch (error) {
    lock.close();
    throw new FolderTakenError(
      `Another Daylong server uses the data folder ${dataDir}. Stop it, or set DATA_DIR.`,
      {
        cause: error,
      },
    );
  }
  return () => lock.close();
}
