import type { Clock, Log } from "../domain/ports.ts";
import type { RetentionStore } from "../domain/stores/operation.ts";

/** Rows of each table cut in one commit: a few milliseconds, so that no turn waits for it. */
const batchRows = 500;
/** Pause between two commits of one pass. */
const breathMs = 200;
/** Pause between two passes; after a fault of the database as well. */
const passMs = 3_600_000;

export interface RetentionParts {
  cutter: RetentionStore;
  clock: Clock;
  log: Log;
  /** How long events, pushes with their attempts and the audit log are kept (`RETENTION_DAYS`). */
  keepMs: number;
}

/**
 * Lets history go when it is old enough, little by little. A device that comes back from before the cut is told so
 * (`recovered: false`): the log knows how far it was cut.
 */
export class Retention {
  readonly #parts: RetentionParts;
  #cancel: (() => void) | undefined;
  #running = false;
  #cutRows = 0;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Idempotent. The first pass waits its turn like every other, so that a start is not slowed. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#arm(breathMs);
  }

  stop(): void {
    this.#running = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delayMs: number): void {
    if (this.#running) this.#cancel = this.#parts.clock.after(delayMs, () => this.#pass());
  }

  #pass(): void {
    const { cutter, clock, log, keepMs } = this.#parts;
    try {
      const rows = cutter.cut(clock.now() - keepMs, batchRows);
      this.#cutRows += rows;
      if (rows > 0) {
        this.#arm(breathMs);
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
