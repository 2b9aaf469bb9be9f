import type { LoggedEvent } from "../../domain/delivery/event.ts";
import { pushOf } from "../../domain/delivery/pushRules.ts";
import type { ReadMarks, ReadStore } from "../../domain/stores/reads.ts";
import { headOf } from "../../domain/visibleText.ts";
import { type Connection, parsedOrUndefined, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";

/** Most of the last text in a list of sessions, in UTF-16 units. */
const mostTextUnits = 200;

interface MarksRow {
  session_id: string;
  read_seq: number;
  unread: number;
  last_text: string | null;
  last_error: string | null;
}

/**
 * What the owner has not read, in SQLite: the events that call for the owner, until they are read on any device. Sessions
 * carry the number of theirs and the last words, so that a list of sessions reads no event.
 */
export class SqliteReadStore implements ReadStore {
  readonly #transactions: Transactions;
  readonly #add: Statement<[cursor: number, sessionId: string | null, seq: number | null]>;
  readonly #addUnread: Statement<[{ cursor: number; sessionId: string; seq: number | null }]>;
  readonly #count: Statement<[sessionId: string]>;
  readonly #setLastText: Statement<[text: string, sessionId: string]>;
  readonly #setLastError: Statement<[error: string, sessionId: string]>;
  readonly #clearLastError: Statement<[sessionId: string]>;
  readonly #marksOf: Statement<[sessionIds: string], MarksRow>;
  readonly #seqAt: Statement<[sessionId: string, cursor: number], { seq: number }>;
  readonly #raise: Statement<[{ sessionId: string; seq: number }]>;
  readonly #settle: Statement<[sessionId: string, seq: number], { device_id: string }>;
  readonly #remove: Statement<[sessionId: string, seq: number]>;
  readonly #recount: Statement<[sessionId: string]>;
  readonly #settleOthers: Statement<[cursor: number], { device_id: string }>;
  readonly #removeOthers: Statement<[cursor: number]>;

  constructor(parts: { connection: Connection; transactions: Transactions }) {
    const { connection } = parts;
    this.#transactions = parts.transactions;
    this.#add = new Statement(connection, "INSERT INTO unread (cursor, session_id, seq) VALUES (?, ?, ?)");
    this.#addUnread = new Statement(
      connection,
      `INSERT INTO unread (cursor, session_id, seq)
       SELECT @cursor, @sessionId, @seq FROM sessions WHERE session_id = @sessionId AND read_seq < @seq
       ON CONFLICT DO NOTHING`,
    );
    this.#count = new Statement(connection, "UPDATE sessions SET unread = unread + 1 WHERE session_id = ?");
    this.#setLastText = new Statement(connection, "UPDATE sessions SET last_text = ? WHERE session_id = ?");
    this.#setLastError = new Statement(connection, "UPDATE sessions SET last_error = ? WHERE session_id = ?");
    this.#clearLastError = new Statement(
      connection,
      "UPDATE sessions SET last_error = NULL WHERE session_id = ? AND last_error IS NOT NULL",
    );
    this.#marksOf = new Statement(
      connection,
      `SELECT session_id, read_seq, unread, last_text, last_error FROM sessions
       WHERE session_id IN (SELECT value FROM json_each(?))`,
    );
    this.#seqAt = new Statement(
      connection,
      "SELECT seq FROM events WHERE session_id = ? AND cursor <= ? ORDER BY seq DESC LIMIT 1",
    );
    this.#raise = new Statement(
      connection,
      `UPDATE sessions SET read_seq = min(@seq, last_seq)
       WHERE session_id = @sessionId AND read_seq < min(@seq, last_seq)`,
    );
    // Only deliveries that were sent: a push that is still to come waits for the ack of its own device.
    const settle = (of: string) => `UPDATE deliveries SET state = 'acked'
      WHERE cursor IN (SELECT cursor FROM unread WHERE ${of}) AND state = 'sent'
        AND kind NOT IN ('activity-start', 'activity-end') RETURNING device_id`;
    this.#settle = new Statement(connection, settle("session_id = ? AND seq <= ?"));
    this.#remove = new Statement(connection, "DELETE FROM unread WHERE session_id = ? AND seq <= ?");
    this.#recount = new Statement(
      connection,
      `UPDATE sessions SET unread = (SELECT count(*) FROM unread u WHERE u.session_id = sessions.session_id)
       WHERE session_id = ?`,
    );
    this.#settleOthers = new Statement(connection, settle("session_id IS NULL AND cursor <= ?"));
    this.#removeOthers = new Statement(
      connection,
      "DELETE FROM unread WHERE session_id IS NULL AND cursor <= ?",
    );
  }

  /** Inside the transaction that appended the event. */
  note(event: LoggedEvent): void {
    const { sessionId, cursor, seq, at } = event;
    const push = pushOf(event);
    if (push !== undefined && push.unlessTurnFollows !== true) {
      this.#add.run(cursor, sessionId, seq);
      if (sessionId !== null) this.#count.run(sessionId);
    }
    if (sessionId === null) return;
    switch (event.type) {
      case "message":
        this.#setLastText.run(headOf(event.data.text, mostTextUnits), sessionId);
        return;
      case "turn.completed":
        this.#clearLastError.run(sessionId);
        return;
      case "turn.failed":
      case "turn.interrupted": {
        const { code, detail } = event.data;
        // The owner's own interrupt is no error.
        if (code !== "interrupted") this.#setLastError.run(JSON.stringify({ code, detail, at }), sessionId);
        return;
      }
    }
  }

  noteRung({ cursor, sessionId, seq }: LoggedEvent): void {
    if (sessionId !== null && this.#addUnread.run({ cursor, sessionId, seq }) > 0) this.#count.run(sessionId);
  }

  marksOf(sessionIds: readonly string[]): Map<string, ReadMarks> {
    return new Map(
      this.#marksOf.all(JSON.stringify(sessionIds)).map((row) => [
        row.session_id,
        {
          readSeq: row.read_seq,
          unread: row.unread,
          lastText: row.last_text ?? undefined,
          lastError: parsedOrUndefined<ReadMarks["lastError"]>(row.last_error),
        },
      ]),
    );
  }

  read(sessionId: string, throughSeq: number): string[] {
    return this.#transactions.run(() => {
      if (this.#raise.run({ sessionId, seq: throughSeq }) === 0) return [];
      const pushed = this.#settle.all(sessionId, throughSeq);
      if (this.#remove.run(sessionId, throughSeq) > 0) this.#recount.run(sessionId);
      return devicesIn(pushed);
    });
  }

  readUpTo(sessionId: string | null, cursor: number): string[] {
    if (sessionId !== null) {
      const seq = this.#seqAt.get(sessionId, cursor)?.seq;
      return seq === undefined ? [] : this.read(sessionId, seq);
    }
    return this.#transactions.run(() => {
      const pushed = this.#settleOthers.all(cursor);
      this.#removeOthers.run(cursor);
      return devicesIn(pushed);
    });
  }
}

const devicesIn = (rows: ReadonlyArray<{ device_id: string }>): string[] => [
  ...new Set(rows.map((row) => row.device_id)),
];
