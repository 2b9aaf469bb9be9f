import type {
  Delivery,
  DeliveryAttempt,
  DeliveryKind,
  DeliveryState,
} from "../../domain/delivery/delivery.ts";
import type { OutboxStore } from "../../domain/stores/delivery.ts";
import { type Connection, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";

interface DeliveryRow {
  delivery_id: string;
  device_id: string;
  cursor: number;
  kind: DeliveryKind;
  state: DeliveryState;
  created_at: number;
  next_attempt_at: number | null;
  attempt_count: number;
  claimed_at: number | null;
}

interface AttemptRow {
  at: number;
  status: number | null;
  reason: string | null;
  latency_ms: number;
}

function deliveryOf(row: DeliveryRow): Delivery {
  return {
    deliveryId: row.delivery_id,
    deviceId: row.device_id,
    cursor: row.cursor,
    kind: row.kind,
    state: row.state,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at,
    attemptCount: row.attempt_count,
  };
}

function attemptOf(row: AttemptRow): DeliveryAttempt {
  return {
    at: row.at,
    status: row.status ?? undefined,
    reason: row.reason ?? undefined,
    latencyMs: row.latency_ms,
  };
}

const deliveryColumns =
  "delivery_id, device_id, cursor, kind, state, created_at, next_attempt_at, attempt_count, claimed_at";
const selectDeliveries = `SELECT ${deliveryColumns} FROM deliveries`;
/** To the letter the WHERE of the partial index. */
const isWaiting = "state = 'pending' AND next_attempt_at IS NOT NULL";
/**
 * A Live Activity is on the lock screen also when the app holds all events: an ack does not settle it, no badge counts
 * it.
 */
const isAlert = "kind NOT IN ('activity-start', 'activity-end')";

/**
 * The badge, whatever became of the push, and also when the device holds the event: it is not read by that. From the first unread
 * event on, and not all that the device was ever pushed; a CROSS JOIN of SQLite's keeps the order in which rows are looked up.
 */
const unreadOf = (deviceId: string): string =>
  `(SELECT count(*) FROM deliveries d CROSS JOIN unread u ON u.cursor = d.cursor
    WHERE d.device_id = ${deviceId} AND d.cursor >= (SELECT min(cursor) FROM unread) AND d.${isAlert})`;

type Named = Record<string, string | number | null>;
/** Bound by place where a statement runs for each push: better-sqlite3 looks up each name of the other kind. */
type InsertParameters = [
  deliveryId: string,
  deviceId: string,
  cursor: number,
  kind: string,
  state: string,
  createdAt: number,
  nextAttemptAt: number | null,
  attemptCount: number,
];
type AttemptParameters = [
  at: number,
  status: number | null,
  reason: string | null,
  latencyMs: number,
  deliveryId: string,
];

/** The outbox in SQLite: deliveries and their attempts. An event has at most one delivery a device. */
export class SqliteOutboxStore implements OutboxStore {
  readonly #transactions: Transactions;
  readonly #insert: Statement<InsertParameters>;
  readonly #due: Statement<[{ at: number; limit: number; perDevice: number }], DeliveryRow>;
  readonly #hold: Statement<[{ deviceId: string; untilAt: number }]>;
  readonly #nextDueAfter: Statement<[at: number], { at: number | null }>;
  readonly #claim: Statement<[at: number, deliveryIds: string], DeliveryRow>;
  readonly #claimed: Statement<[], DeliveryRow>;
  readonly #addAttempt: Statement<AttemptParameters>;
  readonly #countAttempt: Statement<[deliveryId: string]>;
  readonly #settle: Statement<[state: string, nextAttemptAt: number | null, deliveryId: string]>;
  readonly #move: Statement<[Named]>;
  readonly #reopen: Statement<[at: number, deviceId: string, cursor: number, kind: string]>;
  readonly #ackUpTo: Statement<[deviceId: string, heldBefore: number, cursor: number]>;
  readonly #get: Statement<[deliveryId: string], DeliveryRow>;
  readonly #ofDevice: Statement<[deviceId: string, limit: number], DeliveryRow>;
  readonly #newest: Statement<[limit: number], DeliveryRow>;
  readonly #attemptsOf: Statement<[deliveryId: string], AttemptRow>;
  readonly #unreadCount: Statement<[deviceId: string], { count: number }>;
  readonly #unreadCounts: Statement<[deviceIds: string], { device_id: string; count: number }>;

  constructor(parts: { connection: Connection; transactions: Transactions }) {
    const { connection } = parts;
    this.#transactions = parts.transactions;
    this.#insert = new Statement(
      connection,
      `INSERT INTO deliveries (delivery_id, device_id, cursor, kind, state, created_at, next_attempt_at, attempt_count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#due = new Statement(
      connection,
      `SELECT ${deliveryColumns} FROM (
         SELECT *, rowid AS line, row_number() OVER (PARTITION BY device_id ORDER BY cursor) AS place
         FROM deliveries WHERE ${isWaiting} AND next_attempt_at <= @at
       ) WHERE place <= @perDevice ORDER BY cursor, line LIMIT @limit`,
    );
    // The plus keeps SQLite from the index of due deliveries, which holds those of all devices.
    this.#hold = new Statement(
      connection,
      `UPDATE deliveries SET next_attempt_at = @untilAt
       WHERE device_id = @deviceId AND cursor > coalesce((SELECT acked_cursor FROM devices WHERE device_id = @deviceId), 0)
         AND +state = 'pending' AND next_attempt_at < @untilAt`,
    );
    this.#nextDueAfter = new Statement(
      connection,
      `SELECT min(next_attempt_at) AS at FROM deliveries WHERE ${isWaiting} AND next_attempt_at > ?`,
    );
    this.#claim = new Statement(
      connection,
      `UPDATE deliveries SET claimed_at = ? WHERE delivery_id IN (SELECT value FROM json_each(?)) AND state = 'pending'
       RETURNING ${deliveryColumns}`,
    );
    // Narrowed by the index of due deliveries; the claimed are few among them.
    this.#claimed = new Statement(
      connection,
      `${selectDeliveries} WHERE ${isWaiting} AND claimed_at IS NOT NULL ORDER BY cursor, rowid`,
    );
    this.#countAttempt = new Statement(
      connection,
      "UPDATE deliveries SET attempt_count = attempt_count + 1 WHERE delivery_id = ?",
    );
    this.#addAttempt = new Statement(
      connection,
      `INSERT INTO attempts (delivery_id, number, at, status, reason, latency_ms)
       SELECT delivery_id, attempt_count, ?, ?, ?, ? FROM deliveries WHERE delivery_id = ?`,
    );
    this.#settle = new Statement(
      connection,
      `UPDATE deliveries SET attempt_count = attempt_count + 1, state = ?, next_attempt_at = ?, claimed_at = NULL
       WHERE delivery_id = ? AND state = 'pending'`,
    );
    // An answer from Apple that comes after the device's ack, or after its revocation, must not reopen the delivery.
    this.#move = new Statement(
      connection,
      `UPDATE deliveries SET state = @state, next_attempt_at = @nextAttemptAt, claimed_at = NULL
       WHERE delivery_id = @deliveryId AND (state = 'pending' OR (state = 'sent' AND @state = 'acked'))`,
    );
    this.#reopen = new Statement(
      connection,
      `UPDATE deliveries SET state = 'pending', next_attempt_at = ? WHERE device_id = ? AND cursor = ? AND kind = ?`,
    );
    this.#ackUpTo = new Statement(
      connection,
      `UPDATE deliveries SET state = 'acked', next_attempt_at = NULL WHERE device_id = ? AND cursor > ? AND cursor <= ?
         AND state IN ('pending', 'sent') AND ${isAlert}`,
    );
    this.#get = new Statement(connection, `${selectDeliveries} WHERE delivery_id = ?`);
    this.#ofDevice = new Statement(
      connection,
      `${selectDeliveries} WHERE device_id = ? ORDER BY cursor DESC LIMIT ?`,
    );
    // In the order of their insertion, which needs no index.
    this.#newest = new Statement(connection, `${selectDeliveries} ORDER BY rowid DESC LIMIT ?`);
    this.#attemptsOf = new Statement(
      connection,
      "SELECT at, status, reason, latency_ms FROM attempts WHERE delivery_id = ? ORDER BY number",
    );
    this.#unreadCount = new Statement(connection, `SELECT ${unreadOf("?")} AS count`);
    this.#unreadCounts = new Statement(
      connection,
      `SELECT value AS device_id, ${unreadOf("value")} AS count FROM json_each(?)`,
    );
  }

  insert(delivery: Delivery): void {
    const { deliveryId, deviceId, cursor, kind, state, createdAt, nextAttemptAt, attemptCount } = delivery;
    this.#insert.run(deliveryId, deviceId, cursor, kind, state, createdAt, nextAttemptAt, attemptCount);
  }

  due(at: number, limit: number, perDevice: number): Delivery[] {
    return this.#due.all({ at, limit, perDevice }).map(deliveryOf);
  }

  hold(deviceId: string, untilAt: number): void {
    this.#hold.run({ deviceId, untilAt });
  }

  nextDueAfter(at: number): number | undefined {
    return this.#nextDueAfter.get(at)?.at ?? undefined;
  }

  claim(deliveryIds: readonly string[], at: number): Delivery[] {
    return this.#claim.all(at, JSON.stringify(deliveryIds)).map(deliveryOf);
  }

  claimed(): Array<Delivery & { claimedAt: number }> {
    return this.#claimed.all().map((row) => ({ ...deliveryOf(row), claimedAt: row.claimed_at ?? 0 }));
  }

  record(
    deliveryId: string,
    attempt: DeliveryAttempt | undefined,
    next: { state: DeliveryState; nextAttemptAt: number | null },
  ): void {
    const write = () => {
      const { state, nextAttemptAt } = next;
      if (attempt !== undefined) {
        // Counted and moved in one step, but for the rare delivery that is settled already: its attempt is counted all the same.
        const isSettled = this.#settle.run(state, nextAttemptAt, deliveryId) > 0;
        if (!isSettled) this.#countAttempt.run(deliveryId);
        const { at, status = null, reason = null, latencyMs } = attempt;
        // Measured with a monotonic clock, which counts in fractions.
        this.#addAttempt.run(at, status, reason, Math.round(latencyMs), deliveryId);
        if (isSettled) return;
      }
      this.#move.run({ deliveryId, state, nextAttemptAt });
    };
    // Outcomes come many to a transaction, which is undone as a whole: a savepoint for each would be two statements more.
    if (this.#transactions.isOpen) write();
    else this.#transactions.run(write);
  }

  reopen(deviceId: string, cursor: number, kind: DeliveryKind, at: number): boolean {
    return this.#reopen.run(at, deviceId, cursor, kind) > 0;
  }

  ackUpTo(deviceId: string, heldBefore: number, cursor: number): void {
    this.#ackUpTo.run(deviceId, heldBefore, cursor);
  }

  get(deliveryId: string): Delivery | undefined {
    const row = this.#get.get(deliveryId);
    return row && deliveryOf(row);
  }

  ofDevice(deviceId: string, limit: number): Array<Delivery & { attempts: DeliveryAttempt[] }> {
    return this.#ofDevice.all(deviceId, limit).map((row) => this.#withAttempts(row));
  }

  newest(limit: number): Array<Delivery & { attempts: DeliveryAttempt[] }> {
    return this.#newest.all(limit).map((row) => this.#withAttempts(row));
  }

  #withAttempts(row: DeliveryRow): Delivery & { attempts: DeliveryAttempt[] } {
    const delivery = deliveryOf(row);
    return Object.assign(delivery, { attempts: this.#attemptsOf.all(row.delivery_id).map(attemptOf) });
  }

  unreadCount(deviceId: string): number {
    return this.#unreadCount.get(deviceId)?.count ?? 0;
  }

  unreadCounts(deviceIds: readonly string[]): Map<string, number> {
    const counts = this.#unreadCounts.all(JSON.stringify(deviceIds));
    return new Map(counts.map((row) => [row.device_id, row.count]));
  }
}
