import { z } from "zod";
import type { ProcessRecord, SeenProcess } from "../../domain/processes/process.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import { type Connection, Statement } from "../statement.ts";

const seenSchema = z.array(z.object({ pid: z.number(), startTicks: z.string(), pgid: z.number() }));

/**
 * CLI processes in SQLite: all that were started, so that the next run of the server can end what a crash of this one
 * left behind. A record may name a session that is not in the directory: a prewarmed spare's becomes one when it is
 * claimed.
 */
export class SqliteProcessStore implements ProcessStore {
  readonly #open: Statement<[ProcessRecord]>;
  readonly #started: Statement<[pid: number, startTicks: string | null, processId: string]>;
  readonly #ended: Statement<[at: number, processId: string]>;
  readonly #saw: Statement<[seen: string, processId: string]>;
  readonly #unended: Statement<[], ProcessRecord & { seenJson: string | null }>;

  constructor(connection: Connection) {
    this.#open = new Statement(
      connection,
      `INSERT INTO processes (process_id, session_id, pid, start_ticks, started_at)
       VALUES (@processId, @sessionId, @pid, @startTicks, @startedAt)`,
    );
    this.#started = new Statement(
      connection,
      "UPDATE processes SET pid = ?, start_ticks = ? WHERE process_id = ?",
    );
    this.#ended = new Statement(
      connection,
      "UPDATE processes SET ended_at = ? WHERE process_id = ? AND ended_at IS NULL",
    );
    this.#saw = new Statement(connection, "UPDATE processes SET seen = ? WHERE process_id = ?");
    this.#unended = new Statement(
      connection,
      `SELECT process_id AS processId, session_id AS sessionId, pid, start_ticks AS startTicks, started_at AS startedAt,
         seen AS seenJson
       FROM processes WHERE ended_at IS NULL ORDER BY started_at, rowid`,
    );
  }

  open(record: ProcessRecord): void {
    this.#open.run(record);
  }

  started(processId: string, pid: number, startTicks: string | null): void {
    this.#started.run(pid, startTicks, processId);
  }

  saw(processId: string, seen: readonly SeenProcess[]): void {
    this.#saw.run(JSON.stringify(seen), processId);
  }

  ended(processId: string, at: number): void {
    this.#ended.run(at, processId);
  }

  unended(): ProcessRecord[] {
    return this.#unended.all().map(({ seenJson, ...record }) => ({
      ...record,
      ...(seenJson !== null && { seen: seenSchema.parse(JSON.parse(seenJson)) }),
    }));
  }
}
