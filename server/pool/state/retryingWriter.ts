import type { Clock, Log } from "../../domain/ports.ts";

/** Pause before a failed write is tried again: a full disk is seldom repaired faster. */
export const rewriteMs = 1_000;

interface Job {
  write(): void;
  then(): void;
}

/**
 * Writer that retries: jobs are written in order, a failed job is tried again until it is written, and later jobs wait
 * behind it. `then` runs once, after the commit, so that memory never runs ahead of the store. Only the stop of the server
 * bounds the retries.
 */
export class RetryingWriter {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs: Job[] = [];
  #retriesLeft = Number.POSITIVE_INFINITY;
  #isGivenUp = false;
  #resolveGivenUp!: () => void;
  readonly #givenUp = new Promise<void>((resolve) => {
    this.#resolveGivenUp = resolve;
  });

  constructor(parts: { clock: Clock; log: Log }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Whether a job failed after the last retry; from then on nothing is written. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  run(write: () => void, then: () => void): void {
    if (this.#isGivenUp) return;
    this.#jobs.push({ write, then });
    if (this.#jobs.length === 1) this.#drain();
  }

  /**
   * From now on no more than so many retries are made. Resolves when a job still fails after them: that job and all later ones
   * are dropped.
   */
  limitRetries(retries: number): Promise<void> {
    this.#retriesLeft = Math.min(this.#retriesLeft, retries);
    return this.#givenUp;
  }

  #drain(): void {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      try {
        job.write();
      } catch (error) {
        if (this.#retriesLeft <= 0) {
          this.#giveUp(error);
          return;
        }
        this.#retriesLeft -= 1;
        this.#log.error("pool.write_failed", { error, retryMs: rewriteMs });
        this.#clock.after(rewriteMs, () => this.#drain());
        return;
      }
      this.#jobs.shift();
      job.then();
    }
  }

  #giveUp(error: unknown): void {
    this.#log.error("pool.write_given_up", { error });
    this.#isGivenUp = true;
    this.#jobs.length = 0;
    this.#resolveGivenUp();
  }
}
