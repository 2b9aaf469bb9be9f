import { DeadlineTimer } from "../domain/deadlineTimer.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { RetentionStore } from "../domain/stores/operation.ts";

/** Rows of each table cut in one commit: a few milliseconds, so that no turn waits long for it. */
const batchRows = 500;
/** Pause between two commits of one pass. */
const batchPauseMs = 200;
/** Pause between two passes; after a fault of the database as well. */
const passMs = 3_600_000;
/** How long the server has to have run by a clock that was set on before anything is as old as that clock says. */
const provenMs = 7 * 24 * 3_600_000;
/** A server that was stopped for longer may have been started with a wrong clock. */
const longestGapMs = 24 * 3_600_000;

export interface RetentionParts {
  store: RetentionStore;
  clock: Clock;
  log: Log;
  /** How long events, pushes with their attempts and the audit log are kept (`RETENTION_DAYS`). */
  keepMs: () => number;
}

/**
 * Deletes history that is older than the retention, in small batches. A device that comes back from before the cut is told so
 * (`recovered: false`): the log knows how far it was cut. A clock that is set on, or that the computer was started with, ages
 * nothing until the server has run by it for a week: a wrong one would have the whole history deleted within a minute.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #timer: DeadlineTimer;
  #running = false;
  #cutRows = 0;
  /** By how much the clock was set on, and the reading of the monotonic clock then. Newest last. */
  #unproven: Array<{ byMs: number; since: number }> = [];
  #unfollow: (() => void) | undefined;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    const { store, clock } = parts;
    // Before the start itself appends anything.
    const gapMs = clock.now() - (store.newestAt() ?? clock.now());
    if (gapMs > longestGapMs) this.#unproven.push({ byMs: gapMs, since: clock.monotonic() });
    this.#timer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.#pass() });
  }

  /** Idempotent. The first pass comes a moment later, so that the start is not slowed. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#unfollow = this.#parts.clock.onStep?.((byMs) => this.#note(byMs));
    this.#arm(batchPauseMs);
  }

  stop(): void {
    this.#running = false;
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#timer.cancel();
  }

  #arm(delayMs: number): void {
    if (this.#running) this.#timer.armAt(this.#parts.clock.now() + delayMs);
  }

  #pass(): void {
    const { store, clock, log, keepMs } = this.#parts;
    try {
      const rows = store.cut(clock.now() - this.#unprovenMs() - keepMs(), batchRows);
      this.#cutRows += rows;
      if (rows > 0) {
        this.#arm(batchPauseMs);
        return;
      }
    } catch (error) {
      log.error("retention.cut_failed", { error, retryMs: passMs });
    }
    if (this.#cutRows > 0) log.info("retention.cut", { rows: this.#cutRows });
    this.#cutRows = 0;
    this.#arm(passMs);
  }

  /** A clock that is set back takes from what it was set on by before. */
  #note(byMs: number): void {
    if (byMs > 0) this.#unproven.push({ byMs, since: this.#parts.clock.monotonic() });
    let backMs = Math.max(0, -byMs);
    for (const one of [...this.#unproven].reverse()) {
      const taken = Math.min(one.byMs, backMs);
      one.byMs -= taken;
      backMs -= taken;
    }
  }

  #unprovenMs(): number {
    const reading = this.#parts.clock.monotonic();
    this.#unproven = this.#unproven.filter(({ byMs, since }) => byMs > 0 && reading - since < provenMs);
    return this.#unproven.reduce((sum, { byMs }) => sum + byMs, 0);
  }
}
