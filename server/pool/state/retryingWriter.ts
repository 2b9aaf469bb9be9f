import type { Clock, Log } from "../../domain/ports.ts";

/** Pause before a failed write is tried again: a full disk is seldom repaired faster. */
export const rewriteMs = 1_000;

interface Job {
  write(): void;
  then(): void;
}

/**
 * Writer that retries: jobs are written in order, a failed job is tried again until it is written, and later jobs wait
 * behind it. `then` runs once, after the commit, so that memory never runs ahead of the store.
 */
export class RetryingWriter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs: Job[] = [];

  constructor(parts: { clock: Clock; log: Log }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  run(write: () => void, then: () => void): void {
    this.#jobs.push({ write, then });
    if (this.#jobs.length === 1) this.#drain();
  }

  #drain(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        job.write();
      } catch (error) {
        this.#log.error("pool.write_failed", { error, retryMs: rewriteMs });
        this.#clock.after(rewriteMs, () => this.#drain());
        return;
      }
      this.#jobs.shift();
      job.then();
    }
  }
}
