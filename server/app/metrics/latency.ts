import { Histogram, type Registry } from "prom-client";
import type { LatencyFigures } from "../../http/dependencies.ts";

/** Measurements that percentiles are made of: the latest, so that they say how it is now. */
const mostKept = 500;

export interface LatencyParts {
  name: string;
  help: string;
  /** In seconds. */
  buckets: number[];
  registry: Registry;
}

/** Histogram of a latency for Prometheus, with percentiles of the latest measurements for the monitor. */
export class Latency {
  readonly #histogram: Histogram;
  readonly #latest: number[] = [];
  #count = 0;

  constructor({ name, help, buckets, registry }: LatencyParts) {
    this.#histogram = new Histogram({ name, help, buckets, registers: [registry] });
  }

  observe(ms: number): void {
    this.#histogram.observe(ms / 1_000);
    this.#latest[this.#count % mostKept] = ms;
    this.#count += 1;
  }

  /** Percentiles of the latest measurements; none before the first. */
  view(): LatencyFigures {
    const sorted = [...this.#latest].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return { count: this.#count, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
