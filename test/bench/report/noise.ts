import { cpus, loadavg } from "node:os";
import { median, quantile } from "./statistics.ts";

/** Rounds of the loop: about two milliseconds of one core. */
const loopRounds = 400_000;

/** How steady the machine was during a run: how long the same work took from time to time. */
export interface Noise {
  cores: number;
  /** Runnable tasks over the last minute, at the end of the run. */
  load: number;
  loops: number;
  loopMedianMs: number;
  /** p95 of the loop in relation to its median: 1.0 on a quiet machine; a ratio of the report is not surer than this. */
  loopSpread: number;
}

/**
 * Measures the noise of the machine by one small piece of work that is always the same, done between the rounds of a run.
 */
export class NoiseMeter {
  readonly #tookMs: number[] = [];

  /** Does the work once. Takes some milliseconds: never between a start and its end that are measured. */
  probe(): void {
    const beganAt = performance.now();
    let state = 1;
    for (let round = 0; round < loopRounds; round += 1)
      state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    // The result is used, so that the loop cannot be left out.
    if (state !== 0) this.#tookMs.push(performance.now() - beganAt);
  }

  report(): Noise {
    const loopMedianMs = median(this.#tookMs);
    return {
      cores: cpus().length,
      load: loadavg()[0]!,
      loops: this.#tookMs.length,
      loopMedianMs,
      loopSpread: quantile(this.#tookMs, 0.95) / loopMedianMs,
    };
  }
}
