import { closeSync, fsyncSync, openSync, rmSync } from "node:fs";
import type { Connection } from "./statement.ts";

/**
 * Writes a whole copy of the database as it is at one instant; those who write meanwhile are not held up. The copy is on the disk
 * when this returns, and readable by the owner alone.
 */
export function copyInto(connection: Connection, copy: string): void {
  rmSync(copy, { force: true });
  // VACUUM INTO accepts an empty file, and so the copy is never readable by others, not even for a moment.
  closeSync(openSync(copy, "wx", 0o600));
  connection.prepare("VACUUM INTO ?").run(copy);
  // SQLite does not sync what VACUUM INTO wrote.
  const file = openSync(copy, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
