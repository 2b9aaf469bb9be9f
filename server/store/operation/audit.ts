import { decodePageCursor, pageOf } from "../../domain/pageCursor.ts";
import type { AuditEntry, AuditStore } from "../../domain/stores/operation.ts";
import { type Connection, Statement } from "../statement.ts";

interface AuditRow {
  audit_id: number;
  at: number;
  device_id: string;
  action: string;
  target: string;
  detail: string;
}

/** The audit log in SQLite. Ordered by insertion, which a clock that was set back does not disturb. */
export class SqliteAuditStore implements AuditStore {
  readonly #add: Statement<[AuditEntry]>;
  readonly #list: Statement<[beforeId: number, limit: number], AuditRow>;

  constructor(connection: Connection) {
    this.#add = new Statement(
      connection,
      "INSERT INTO audit (at, device_id, action, target, detail) VALUES (@at, @deviceId, @action, @target, @detail)",
    );
    this.#list = new Statement(
      connection,
      "SELECT * FROM audit WHERE audit_id < ? ORDER BY audit_id DESC LIMIT ?",
    );
  }

  add(entry: AuditEntry): void {
    this.#add.run(entry);
  }

  list(before: string | undefined, limit: number): { entries: AuditEntry[]; nextBefore?: string } {
    const beforeId = before === undefined ? Number.MAX_SAFE_INTEGER : decodePageCursor(before)[0];
    const page = pageOf(this.#list.all(beforeId, limit + 1), limit, (row) => [row.audit_id, "audit"]);
    const entries = page.rows.map((row) => ({
      at: row.at,
      deviceId: row.device_id,
      action: row.action,
      target: row.target,
      detail: row.detail,
    }));
    return page.nextBefore === undefined ? { entries } : { entries, nextBefore: page.nextBefore };
  }
}
