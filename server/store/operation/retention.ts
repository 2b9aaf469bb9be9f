import type { RetentionStore } from "../../domain/stores/operation.ts";
import { type Connection, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";

/** Pages of 4 KiB given back to the file system at once. */
const vacuumPages = 500;

/**
 * Retention in SQLite: deletes the oldest history, a bounded number of rows at a time. How far the log was cut is
 * written in the same commit (`meta.floor_cursor`): a reader that asks for something older is told that it is gone.
 */
export class SqliteRetentionStore implements RetentionStore {
  readonly #connection: Connection;
  readonly #transactions: Transactions;
  readonly #oldest: Statement<[limit: number], { cursor: number; at: number }>;
  readonly #newest: Statement<[], { at: number }>;
  readonly #cutEvents: Statement<[throughCursor: number]>;
  readonly #cutDeliveries: Statement<[throughCursor: number]>;
  readonly #raiseFloor: Statement<[{ cursor: number }]>;
  readonly #cutAudit: Statement<[beforeAt: number, limit: number]>;
  readonly #cutProcesses: Statement<[beforeAt: number, limit: number]>;
  readonly #cutTasks: Statement<[beforeAt: number, limit: number]>;

  constructor(parts: { connection: Connection; transactions: Transactions }) {
    const { connection } = parts;
    this.#connection = connection;
    this.#transactions = parts.transactions;
    this.#oldest = new Statement(connection, "SELECT cursor, at FROM events ORDER BY cursor LIMIT ?");
    this.#newest = new Statement(connection, "SELECT at FROM events ORDER BY cursor DESC LIMIT 1");
    this.#cutEvents = new Statement(connection, "DELETE FROM events WHERE cursor <= ?");
    // Their attempts go with them (ON DELETE CASCADE). A push for an event that is gone would lead nowhere.
    this.#cutDeliveries = new Statement(connection, "DELETE FROM deliveries WHERE cursor <= ?");
    this.#raiseFloor = new Statement(
      connection,
      "UPDATE meta SET floor_cursor = max(floor_cursor, @cursor) WHERE id = 1",
    );
    this.#cutAudit = new Statement(
      connection,
      "DELETE FROM audit WHERE audit_id IN (SELECT audit_id FROM audit WHERE at < ? ORDER BY audit_id LIMIT ?)",
    );
    this.#cutProcesses = new Statement(
      connection,
      `DELETE FROM processes WHERE process_id IN
         (SELECT process_id FROM processes WHERE ended_at IS NOT NULL AND ended_at < ? LIMIT ?)`,
    );
    this.#cutTasks = new Statement(
      connection,
      `DELETE FROM tasks WHERE (session_id, task_id) IN
         (SELECT session_id, task_id FROM tasks WHERE ended_at IS NOT NULL AND ended_at < ? LIMIT ?)`,
    );
  }

  newestAt(): number | undefined {
    return this.#newest.get()?.at;
  }

  cut(beforeAt: number, limit: number): number {
    const rows = this.#transactions.run(() => {
      const oldest = this.#oldest.all(limit);
      // By cursor, not by instant alone: a clock that was set back for a while must not leave holes in the log.
      const kept = oldest.findIndex(({ at }) => at >= beforeAt);
      const last = kept < 0 ? oldest.at(-1) : oldest[kept - 1];
      let count = 0;
      if (last !== undefined) {
        count += this.#cutEvents.run(last.cursor);
        this.#cutDeliveries.run(last.cursor);
        this.#raiseFloor.run({ cursor: last.cursor });
      }
      count += this.#cutTasks.run(beforeAt, limit);
      return count + this.#cutAudit.run(beforeAt, limit) + this.#cutProcesses.run(beforeAt, limit);
    });
    if (rows > 0) {
      this.#connection.pragma(`incremental_vacuum(${vacuumPages})`);
      this.#connection.committed?.();
    }
    return rows;
  }
}
