import { DeadlineTimer, recheckMs } from "../../domain/deadlineTimer.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { type LeaseDuty, leaseDuty } from "../../domain/sessions/lease.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** Pause after a fault of the database. */
const faultPauseMs = 5_000;
/** Pause between two tries when an expiry has to wait for a running turn. */
const drainCheckMs = 250;

export interface LeaseDuties {
  /** Ends the session's process and turns. False: a turn still has its time to finish; ask again soon. */
  expire(session: Session): boolean;
  /** A warning is due in a session that keeps itself alive. */
  keepAlive(session: Session): void;
}

/**
 * Timer of the leases: warns of their end and ends them, each once per term, over restarts, suspends and clock jumps.
 */
export class LeaseTimer {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #duties: LeaseDuties;
  readonly #timer: DeadlineTimer;
  #running = false;

  constructor(parts: { store: Store; clock: Clock; log: Log; duties: LeaseDuties }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#duties = parts.duties;
    this.#timer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.#pass() });
  }

  start(): void {
    this.#running = true;
    this.#pass();
  }

  stop(): void {
    this.#running = false;
    this.#timer.cancel();
  }

  /** A lease was opened or moved: it may end before everything that is armed. Cheap, for it is on the hot path. */
  leaseChanged(deadlineAt: number): void {
    if (this.#running) this.#timer.armNoLaterThan(deadlineAt);
  }

  #pass(): void {
    if (!this.#running) return;
    try {
      this.#look();
    } catch (error) {
      this.#log.error("lease.look_failed", { error });
      this.#timer.armAt(this.#clock.now() + faultPauseMs);
    }
  }

  #look(): void {
    const now = this.#clock.now();
    let again = Number.POSITIVE_INFINITY;
    for (const session of this.#store.sessions.withLeaseDue(now)) {
      const duty = leaseDuty(session.lease, now);
      if (duty === undefined) continue;
      try {
        if (!this.#perform(session, duty, now)) again = now + drainCheckMs;
      } catch (error) {
        // A full disk must not stop the timer; the duty is still in the database and comes again.
        this.#log.error("lease.duty_failed", { sessionId: session.sessionId, duty, error: String(error) });
        again = now + faultPauseMs;
      }
    }
    const next = this.#store.sessions.nextLeaseDeadline() ?? Number.POSITIVE_INFINITY;
    // Something that is still due was put off above, or its duty was done and left it due (a warning that comes with the
    // beginning of its term): arming for it at once would spin.
    this.#timer.armAt(next <= now ? Math.min(again, now + recheckMs) : Math.min(next, again));
  }

  #perform(session: Session, duty: LeaseDuty, now: number): boolean {
    // Also after a sleep that was longer than the term: it asked to be kept alive, and the computer was away, not the
    // owner.
    if (session.autoKeepAlive) {
      this.#duties.keepAlive(session);
      return true;
    }
    if (duty === "expire") return this.#duties.expire(session);
    const { sessionId, lease } = session;
    const final = duty === "warn-final";
    this.#store.transaction(() => {
      if (!this.#store.sessions.markWarned(sessionId, lease.term, final, now)) return;
      this.#store.events.append({
        sessionId,
        type: "session.expiring",
        data: { expiresAt: lease.expiresAt, timeRemainingMs: lease.expiresAt - now, final },
      });
    });
    this.#log.info("lease.warned", { sessionId, term: lease.term, final });
    return true;
  }
}
