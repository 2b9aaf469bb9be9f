import { type Connection, Statement } from "../statement.ts";
import type { Transactions } from "../transactions.ts";

/**
 * The instants that are the end of a span, or that a span is counted from, of rows that are still live. An instant that a
 * person has chosen (`send_at`) and what is history stay as they are.
 */
const moves = [
  "UPDATE sessions SET lease_due_at = lease_due_at + :byMs WHERE state <> 'closed' AND lease_due_at IS NOT NULL",
  `UPDATE leases
   SET warn_at = warn_at + :byMs, final_warn_at = final_warn_at + :byMs, expires_at = expires_at + :byMs
   WHERE ended_at IS NULL
     AND (session_id, term) IN (SELECT session_id, lease_term FROM sessions WHERE state <> 'closed')`,
  "UPDATE permissions SET expires_at = expires_at + :byMs WHERE state = 'open'",
  "UPDATE pairing_codes SET expires_at = expires_at + :byMs WHERE used_at IS NULL",
  `UPDATE deliveries
   SET created_at = created_at + :byMs, next_attempt_at = next_attempt_at + :byMs
   WHERE state = 'pending'`,
  "UPDATE attachments SET created_at = created_at + :byMs, used_at = used_at + :byMs",
];

/** Moves stored instants when the computer's clock was set: a lease, a permission and a back-off last as long as before. */
export class ClockSteps {
  readonly #transactions: Transactions;
  readonly #moves: ReadonlyArray<Statement<[{ byMs: number }]>>;

  constructor({ connection, transactions }: { connection: Connection; transactions: Transactions }) {
    this.#transactions = transactions;
    this.#moves = moves.map((move) => new Statement(connection, move));
  }

  /** All of them, or none: throws what the database throws. */
  moveInstants(byMs: number): void {
    this.#transactions.run(() => {
      for (const move of this.#moves) move.run({ byMs });
    });
  }
}
