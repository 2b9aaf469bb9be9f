import {
  type LoggedEvent,
  lifecycleEvents,
  type NewEvent,
  terminalTurnEvents,
} from "../../domain/delivery/event.ts";
import { eventFrameText } from "../../domain/delivery/frameText.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";
import type { EventFrameText, EventStore } from "../../domain/stores/delivery.ts";
import { type Connection, Statement } from "../statement.ts";
import type { EventListener, Transactions } from "../transactions.ts";

interface EventRow {
  cursor: number;
  session_id: string | null;
  seq: number | null;
  type: string;
  at: number;
  turn_id: string | null;
  data: string;
}

function headOf(row: EventRow): Omit<LoggedEvent, "data"> {
  const { cursor, session_id: sessionId, seq, type, at, turn_id: turnId } = row;
  const head = { cursor, sessionId, seq, type, at };
  return (turnId === null ? head : Object.assign(head, { turnId })) as Omit<LoggedEvent, "data">;
}

const eventOf = (row: EventRow): LoggedEvent =>
  Object.assign(headOf(row), { data: JSON.parse(row.data) }) as LoggedEvent;

const frameOf = (row: EventRow): EventFrameText => ({
  cursor: row.cursor,
  turnId: row.turn_id ?? undefined,
  text: eventFrameText(headOf(row), row.data),
});

function page<Parameters extends unknown[]>(
  statement: Statement<Parameters, EventRow>,
  maxChars: number | undefined,
  ...parameters: Parameters
): EventRow[] {
  if (maxChars === undefined) return statement.all(...parameters);
  let left = maxChars;
  const fits = (row: EventRow): boolean => {
    left -= row.data.length;
    return left >= 0;
  };
  return statement.while(fits, ...parameters);
}

const columns = "cursor, session_id, seq, type, at, turn_id, data";
/** To the letter the WHEREs of the partial indexes. */
const isLifecycle = `type IN (${lifecycleEvents.map((type) => `'${type}'`).join(", ")})`;
const isTurnEnd = `type IN (${[...terminalTurnEvents].map((type) => `'${type}'`).join(", ")})`;
/** Of a session's events, so many are looked through for the end of a tool: at most some milliseconds' work. */
const mostRecent = 2_000;
const isMessage = "type IN ('message', 'turn.accepted')";

/** The event log in SQLite. A cursor is an AUTOINCREMENT rowid: it only grows, and is not used again after a deletion. */
export class SqliteEventStore implements EventStore {
  readonly epoch: string;
  readonly #clock: Clock;
  readonly #transactions: Transactions;
  readonly #appended: ((event: LoggedEvent) => void) | undefined;
  readonly #nextSeq: Statement<[sessionId: string], { last_seq: number }>;
  readonly #insert: Statement<[string | null, number | null, string, number, string | null, string]>;
  readonly #tip: Statement<[], { seq: number }>;
  readonly #floor: Statement<[], { floor_cursor: number }>;
  readonly #after: Statement<[cursor: number, limit: number], EventRow>;
  readonly #ofSession: Statement<[sessionId: string, afterSeq: number, limit: number], EventRow>;
  readonly #transcript: Statement<[sessionId: string, beforeCursor: number, limit: number], EventRow>;
  readonly #message: Statement<[messageId: string], EventRow>;
  readonly #toolEnd: Statement<[sessionId: string, at: number, toolUseId: string], { one: number }>;
  readonly #turnEndAfter: Statement<[sessionId: string, seq: number], { one: number }>;
  readonly #lifecycle: Statement<[beforeCursor: number, limit: number], EventRow>;

  constructor(parts: {
    connection: Connection;
    clock: Clock;
    transactions: Transactions;
    /** Called inside the transaction of each append. */
    appended?(event: LoggedEvent): void;
  }) {
    const { connection } = parts;
    this.#clock = parts.clock;
    this.#transactions = parts.transactions;
    this.#appended = parts.appended;
    const meta = new Statement<[], { epoch: string }>(
      connection,
      "SELECT epoch FROM meta WHERE id = 1",
    ).get();
    if (!meta) throw new DaylongError("storage_failed", "The database has no epoch. Restore a backup.");
    this.epoch = meta.epoch;
    this.#nextSeq = new Statement(
      connection,
      "UPDATE sessions SET last_seq = last_seq + 1 WHERE session_id = ? RETURNING last_seq",
    );
    this.#insert = new Statement(
      connection,
      "INSERT INTO events (session_id, seq, type, at, turn_id, data) VALUES (?, ?, ?, ?, ?, ?)",
    );
    // Not max(cursor): after a retention cut of everything, the tip is still where the log stands.
    this.#tip = new Statement(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
    this.#floor = new Statement(connection, "SELECT floor_cursor FROM meta WHERE id = 1");
    this.#after = new Statement(
      connection,
      `SELECT ${columns} FROM events WHERE cursor > ? ORDER BY cursor LIMIT ?`,
    );
    this.#ofSession = new Statement(
      connection,
      `SELECT ${columns} FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#transcript = new Statement(
      connection,
      `SELECT ${columns} FROM events WHERE session_id = ? AND cursor < ? AND ${isMessage} ORDER BY cursor DESC LIMIT ?`,
    );
    this.#toolEnd = new Statement(
      connection,
      `SELECT 1 AS one FROM (SELECT type, at, data FROM events WHERE session_id = ? ORDER BY seq DESC LIMIT ${mostRecent})
       WHERE type = 'tool.finished' AND at >= ? AND json_extract(data, '$.toolUseId') = ? LIMIT 1`,
    );
    this.#turnEndAfter = new Statement(
      connection,
      `SELECT 1 AS one FROM events WHERE session_id = ? AND seq > ? AND ${isTurnEnd} LIMIT 1`,
    );
    this.#lifecycle = new Statement(
      connection,
      `SELECT ${columns} FROM events WHERE cursor < ? AND ${isLifecycle} ORDER BY cursor DESC LIMIT ?`,
    );
    this.#message = new Statement(
      connection,
      `SELECT ${columns} FROM events WHERE json_extract(data, '$.messageId') = ? AND ${isMessage} LIMIT 1`,
    );
  }

  append(event: NewEvent): LoggedEvent {
    if (!this.#transactions.isOpen) throw new Error(`${event.type} was appended outside a transaction.`);
    const at = this.#clock.now();
    const seq = event.sessionId === null ? null : this.#seqAfterLast(event.sessionId);
    const data = JSON.stringify(event.data);
    const cursor = this.#insert.insert(event.sessionId, seq, event.type, at, event.turnId ?? null, data);
    const logged = {
      cursor,
      sessionId: event.sessionId,
      seq,
      type: event.type,
      at,
      data: event.data,
    } as LoggedEvent;
    if (event.turnId !== undefined) logged.turnId = event.turnId;
    this.#appended?.(logged);
    this.#transactions.note(logged);
    return logged;
  }

  tip(): number {
    return this.#tip.get()?.seq ?? 0;
  }

  floor(): number {
    return this.#floor.get()?.floor_cursor ?? 0;
  }

  after(cursor: number, limit: number, maxChars?: number): LoggedEvent[] {
    return page(this.#after, maxChars, cursor, limit).map(eventOf);
  }

  framesAfter(cursor: number, limit: number, maxChars: number): EventFrameText[] {
    return page(this.#after, maxChars, cursor, limit).map(frameOf);
  }

  ofSession(sessionId: string, afterSeq: number, limit: number, maxChars?: number): LoggedEvent[] {
    return page(this.#ofSession, maxChars, sessionId, afterSeq, limit).map(eventOf);
  }

  transcript(
    sessionId: string,
    beforeCursor: number | undefined,
    limit: number,
    maxChars?: number,
  ): LoggedEvent[] {
    return page(this.#transcript, maxChars, sessionId, beforeCursor ?? Number.MAX_SAFE_INTEGER, limit).map(
      eventOf,
    );
  }

  lifecycle(beforeCursor: number | undefined, limit: number): LoggedEvent[] {
    return this.#lifecycle.all(beforeCursor ?? Number.MAX_SAFE_INTEGER, limit).map(eventOf);
  }

  hasToolEndSince(sessionId: string, toolUseId: string, at: number): boolean {
    return this.#toolEnd.get(sessionId, at, toolUseId) !== undefined;
  }

  hasTurnEndAfter(sessionId: string, seq: number): boolean {
    return this.#turnEndAfter.get(sessionId, seq) !== undefined;
  }

  message(messageId: string): LoggedEvent | undefined {
    const row = this.#message.get(messageId);
    return row && eventOf(row);
  }

  subscribe(listener: EventListener): () => void {
    return this.#transactions.subscribe(listener);
  }

  #seqAfterLast(sessionId: string): number {
    const row = this.#nextSeq.get(sessionId);
    if (!row) throw new DaylongError("session_not_found", `There is no session ${sessionId}.`);
    return row.last_seq;
  }
}
