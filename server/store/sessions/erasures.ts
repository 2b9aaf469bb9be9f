import type { ErasureStore } from "../../domain/stores/sessions.ts";
import { type Connection, Statement } from "../statement.ts";

/**
 * Erases sessions from SQLite for good: what is deleted is overwritten with zeros (`secure_delete`) and not only marked as
 * free. Rows that hang on the session's (turns, permissions, leases, rules, recaps, names) go with it.
 */
export class SqliteErasureStore implements ErasureStore {
  readonly #connection: Connection;
  readonly #attachmentsOf: Statement<[{ sessionId: string }], { attachment_id: string }>;
  readonly #deleteDeliveries: Statement<[sessionId: string]>;
  readonly #deleteEvents: Statement<[sessionId: string]>;
  readonly #deleteSession: Statement<[sessionId: string]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#attachmentsOf = new Statement(
      connection,
      `SELECT DISTINCT a.value AS attachment_id FROM turns t, json_each(t.attachment_ids) a
       WHERE t.session_id = @sessionId AND NOT EXISTS (
         SELECT 1 FROM turns o, json_each(o.attachment_ids) b WHERE o.session_id <> @sessionId AND b.value = a.value)`,
    );
    // Their attempts go with them. A push for an event that is gone would lead nowhere.
    this.#deleteDeliveries = new Statement(
      connection,
      "DELETE FROM deliveries WHERE cursor IN (SELECT cursor FROM events WHERE session_id = ?)",
    );
    this.#deleteEvents = new Statement(connection, "DELETE FROM events WHERE session_id = ?");
    this.#deleteSession = new Statement(connection, "DELETE FROM sessions WHERE session_id = ?");
  }

  removeEvents(sessionId: string): string[] {
    const attachments = this.#attachmentsOf.all({ sessionId }).map((row) => row.attachment_id);
    this.#overwriting(() => {
      this.#deleteDeliveries.run(sessionId);
      this.#deleteEvents.run(sessionId);
    });
    return attachments;
  }

  removeSession(sessionId: string): void {
    this.#overwriting(() => this.#deleteSession.run(sessionId));
  }

  /** For these deletions only: the outbox deletes and writes all day. */
  #overwriting(remove: () => void): void {
    this.#connection.pragma("secure_delete = ON");
    try {
      remove();
    } finally {
      this.#connection.pragma("secure_delete = OFF");
    }
  }
}
