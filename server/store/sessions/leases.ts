import { type Lease, nextDeadline } from "../../domain/sessions/lease.ts";
import { type Connection, Statement } from "../statement.ts";

/** The columns of a session's newest term, as session reads join them. */
export interface LeaseRow {
  lease_term: number;
  lease_started_at: number;
  lease_warn_at: number;
  lease_final_warn_at: number | null;
  lease_expires_at: number;
  lease_warned_at: number | null;
  lease_final_warned_at: number | null;
  lease_ended_at: number | null;
}

/** To be selected from `leases` under the name `l`. */
export const leaseColumns = `l.term AS lease_term, l.started_at AS lease_started_at, l.warn_at AS lease_warn_at,
  l.final_warn_at AS lease_final_warn_at, l.expires_at AS lease_expires_at, l.warned_at AS lease_warned_at,
  l.final_warned_at AS lease_final_warned_at, l.ended_at AS lease_ended_at`;

export function leaseOf(row: LeaseRow): Lease {
  return {
    term: row.lease_term,
    startedAt: row.lease_started_at,
    warnAt: row.lease_warn_at,
    finalWarnAt: row.lease_final_warn_at ?? undefined,
    expiresAt: row.lease_expires_at,
    warnedAt: row.lease_warned_at ?? undefined,
    finalWarnedAt: row.lease_final_warned_at ?? undefined,
    endedAt: row.lease_ended_at ?? undefined,
  };
}

/** What a compare-and-set asks first: the term is the session's newest and is not over. */
const isCurrent =
  "session_id = @sessionId AND term = @term AND ended_at IS NULL " +
  "AND term = (SELECT lease_term FROM sessions WHERE session_id = @sessionId)";

interface TermKey {
  sessionId: string;
  term: number;
  at: number;
}

/**
 * Lease terms in SQLite. `sessions.lease_term` names a session's newest one, and `sessions.lease_due_at` caches the
 * domain's `nextDeadline` of it: the next duty over thousands of sessions is one look at an index. Every write here
 * keeps the two in step, so call it in a transaction.
 */
export class LeaseTerms {
  readonly #upsert: Statement<[Record<string, string | number | null>]>;
  readonly #newest: Statement<[sessionId: string], LeaseRow>;
  readonly #point: Statement<[{ sessionId: string; term: number; dueAt: number | null }]>;
  readonly #markWarned: Statement<[TermKey]>;
  readonly #markFinal: Statement<[TermKey]>;
  readonly #markEnded: Statement<[TermKey]>;

  constructor(connection: Connection) {
    this.#upsert = new Statement(
      connection,
      `INSERT INTO leases (session_id, term, started_at, warn_at, final_warn_at, expires_at, warned_at, final_warned_at, ended_at)
       VALUES (@sessionId, @term, @startedAt, @warnAt, @finalWarnAt, @expiresAt, @warnedAt, @finalWarnedAt, @endedAt)
       ON CONFLICT (session_id, term) DO UPDATE SET started_at = excluded.started_at, warn_at = excluded.warn_at,
         final_warn_at = excluded.final_warn_at, expires_at = excluded.expires_at, warned_at = excluded.warned_at,
         final_warned_at = excluded.final_warned_at, ended_at = excluded.ended_at`,
    );
    this.#newest = new Statement(
      connection,
      `SELECT ${leaseColumns} FROM sessions s
       JOIN leases l ON l.session_id = s.session_id AND l.term = s.lease_term WHERE s.session_id = ?`,
    );
    this.#point = new Statement(
      connection,
      "UPDATE sessions SET lease_term = @term, lease_due_at = @dueAt WHERE session_id = @sessionId",
    );
    this.#markWarned = new Statement(
      connection,
      `UPDATE leases SET warned_at = @at WHERE ${isCurrent} AND warned_at IS NULL`,
    );
    // The last warning stands for the first one too: after a long sleep the owner is not warned twice.
    this.#markFinal = new Statement(
      connection,
      `UPDATE leases SET final_warned_at = @at, warned_at = coalesce(warned_at, @at)
       WHERE ${isCurrent} AND final_warned_at IS NULL`,
    );
    this.#markEnded = new Statement(connection, `UPDATE leases SET ended_at = @at WHERE ${isCurrent}`);
  }

  /** Writes a term of an existing session; a term older than the newest is kept without becoming it. */
  write(sessionId: string, lease: Lease): void {
    this.#upsert.run({
      sessionId,
      term: lease.term,
      // Limits are fractions of hours: the product with 3,600,000 leaves crumbs below the millisecond.
      startedAt: Math.round(lease.startedAt),
      warnAt: Math.round(lease.warnAt),
      finalWarnAt: lease.finalWarnAt === undefined ? null : Math.round(lease.finalWarnAt),
      expiresAt: Math.round(lease.expiresAt),
      warnedAt: lease.warnedAt ?? null,
      finalWarnedAt: lease.finalWarnedAt ?? null,
      endedAt: lease.endedAt ?? null,
    });
    const newest = this.#newest.get(sessionId);
    if (newest === undefined || newest.lease_term <= lease.term) this.#pointAt(sessionId, lease);
  }

  /** True for the one caller that marks this term, if it is the session's newest and not over. */
  markWarned(key: TermKey, final: boolean): boolean {
    return this.#mark(final ? this.#markFinal : this.#markWarned, key);
  }

  /** True for the one caller that ends this term. */
  markEnded(key: TermKey): boolean {
    return this.#mark(this.#markEnded, key);
  }

  #mark(statement: Statement<[TermKey]>, key: TermKey): boolean {
    if (statement.run(key) === 0) return false;
    const newest = this.#newest.get(key.sessionId);
    if (newest) this.#pointAt(key.sessionId, leaseOf(newest));
    return true;
  }

  #pointAt(sessionId: string, lease: Lease): void {
    const dueAt = nextDeadline(lease);
    this.#point.run({ sessionId, term: lease.term, dueAt: dueAt === undefined ? null : Math.round(dueAt) });
  }
}
