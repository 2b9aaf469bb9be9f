import type { Allowance, AllowanceKind } from "../../domain/sessions/allowances.ts";
import type { AllowanceStore } from "../../domain/stores/sessions.ts";
import { type Connection, Statement } from "../statement.ts";

interface AllowanceRow {
  session_id: string;
  kind: AllowanceKind;
  device_id: string;
}

/** Allowances in SQLite: which device let a session do something without asking. */
export class SqliteAllowanceStore implements AllowanceStore {
  readonly #set: Statement<[Allowance]>;
  readonly #remove: Statement<[sessionId: string, kind: AllowanceKind]>;
  readonly #ofDevice: Statement<[deviceId: string], AllowanceRow>;

  constructor(connection: Connection) {
    this.#set = new Statement(
      connection,
      `INSERT INTO allowances (session_id, kind, device_id) VALUES (@sessionId, @kind, @deviceId)
       ON CONFLICT (session_id, kind) DO UPDATE SET device_id = excluded.device_id`,
    );
    this.#remove = new Statement(connection, "DELETE FROM allowances WHERE session_id = ? AND kind = ?");
    this.#ofDevice = new Statement(
      connection,
      "SELECT session_id, kind, device_id FROM allowances WHERE device_id = ? ORDER BY session_id, kind",
    );
  }

  set(allowance: Allowance): void {
    this.#set.run(allowance);
  }

  remove(sessionId: string, kind: AllowanceKind): void {
    this.#remove.run(sessionId, kind);
  }

  ofDevice(deviceId: string): Allowance[] {
    return this.#ofDevice.all(deviceId).map((row) => ({
      sessionId: row.session_id,
      kind: row.kind,
      deviceId: row.device_id,
    }));
  }
}
