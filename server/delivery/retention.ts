import { DeadlineTimer } from "../domain/deadlineTimer.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { RetentionStore } from "../domain/stores/operation.ts";

/** Rows of each table cut in one commit: a few milliseconds, so that no turn waits long for it. */
const batchRows = 500;
/** Pause between two commits of one pass. */
const batchPauseMs = 200;
/** Pause between two passes; after a fault of the database as well. */
const passMs = 3_600_000;

export interface RetentionParts {
  store: RetentionStore;
  clock: Clock;
  log: Log;
  /** How long events, pushes with their attempts and the audit log are kept (`RETENTION_DAYS`). */
  keepMs: () => number;
}

/**
 * Deletes history that is older than the retention, in small batches. A device that comes back from before the cut is told so
 * (`recovered: false`): the log knows how far it was cut.
 */
export class Retention {
  readonly #parts: RetentionParts;
  readonly #timer: DeadlineTimer;
  #running = false;
  #cutRows = 0;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#timer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.#pass() });
  }

  /** Idempotent. The first pass comes a moment later, so that the start is not slowed. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#arm(batchPauseMs);
  }

  stop(): void {
    this.#running = false;
    this.#timer.cancel();
  }

  #arm(delayMs: number): void {
    if (this.#running) this.#timer.armAt(this.#parts.clock.now() + delayMs);
  }

  #pass(): void {
    const { store, clock, log, keepMs } = this.#parts;
    try {
      const rows = store.cut(clock.now() - keepMs(), batchRows);
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
}
