import { existsSync } from "node:fs";
import Database from "better-sqlite3";
import { z } from "zod";
import { copyInto } from "./copyInto.ts";
import { newestVersion } from "./migrations.ts";

/** Databases of earlier schemas have no `seen`. */
const processRowSchema = z
  .object({
    process_id: z.string(),
    session_id: z.string(),
    pid: z.number().int().nullable(),
    start_ticks: z.string().nullable(),
    started_at: z.number().int(),
    seen: z.string().nullable().default(null),
  })
  .transform(
    (row): RecordedProcess => ({
      processId: row.process_id,
      sessionId: row.session_id,
      pid: row.pid,
      startTicks: row.start_ticks,
      startedAt: row.started_at,
      seenJson: row.seen,
    }),
  );

/** How long a look at a database waits for another program's lock. */
const busyTimeoutMs = 10_000;

/** Copies the database of a data folder, whether a server has it open or not. */
export function copyDatabase(path: string, copy: string): void {
  const connection = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs });
  try {
    copyInto(connection, copy);
  } finally {
    connection.close();
  }
}

/** A process that a database has on record, in the words of its table. */
export interface RecordedProcess {
  processId: string;
  sessionId: string;
  pid: number | null;
  startTicks: string | null;
  startedAt: number;
  seenJson: string | null;
}

/** The processes that the server of a database has not seen to their end; none of one that cannot be read or is not there. */
export function unendedProcesses(path: string): RecordedProcess[] {
  if (!existsSync(path)) return [];
  try {
    const connection = new Database(path, { fileMustExist: true, readonly: true, timeout: busyTimeoutMs });
    try {
      const rows = connection.prepare("SELECT * FROM processes WHERE ended_at IS NULL").all();
      return z.array(processRowSchema).parse(rows);
    } finally {
      connection.close();
    }
  } catch {
    // What is damaged is restored from a backup; then the marks of the processes tell.
    return [];
  }
}

/** What a database file says of itself. */
export interface DatabaseLook {
  /** Of its schema; `newest` is the one that this program makes. */
  version: number;
  newest: number;
  epoch: string | undefined;
  /** The instant of its newest event. */
  lastEventAt: number | undefined;
  /** What SQLite finds damaged; empty: nothing. */
  damage: string[];
}

/** Looks through the whole of a database file without changing it. Throws when it is no database or is not there. */
export function lookThrough(path: string): DatabaseLook {
  if (!existsSync(path)) throw new Error(`${path} is not there.`);
  const connection = new Database(path, { fileMustExist: true, readonly: true, timeout: busyTimeoutMs });
  try {
    const version = Number(connection.pragma("user_version", { simple: true }));
    const rows = connection.pragma("integrity_check(20)") as Array<{ integrity_check: string }>;
    const damage = rows.map((row) => row.integrity_check).filter((word) => word !== "ok");
    const broken = damage.length === 0 ? (connection.pragma("foreign_key_check") as unknown[]) : [];
    if (broken.length > 0) damage.push(`${broken.length} rows refer to nothing`);
    const has = (table: string) =>
      connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) !==
      undefined;
    const meta = has("meta")
      ? (connection.prepare("SELECT epoch FROM meta WHERE id = 1").get() as { epoch: string } | undefined)
      : undefined;
    const last = has("events")
      ? (connection.prepare("SELECT at FROM events ORDER BY cursor DESC LIMIT 1").get() as
          | { at: number }
          | undefined)
      : undefined;
    return { version, newest: newestVersion, epoch: meta?.epoch, lastEventAt: last?.at, damage };
  } finally {
    connection.close();
  }
}
