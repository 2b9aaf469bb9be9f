import type { Clock } from "../../domain/ports.ts";

/** Events whose instants are remembered: those that phones ack and Apple takes are far newer. */
const mostKept = 8_192;

/** Readings of the monotonic clock at which the latest events were committed, by their cursors. */
export class CommitInstants {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #readings = new Map<number, number>();
  #newest = 0;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** The event is committed now. */
  note(cursor: number): void {
    this.#readings.set(cursor, this.#clock.monotonic());
    this.#readings.delete(cursor - mostKept);
    this.#newest = Math.max(this.#newest, cursor);
  }

  /** How long ago the event was committed; `undefined`: by an earlier run, or too long ago to be remembered. */
  sinceMs(cursor: number): number | undefined {
    const reading = this.#readings.get(cursor);
    return reading === undefined ? undefined : this.#clock.monotonic() - reading;
  }

  /** The remembered cursors after one and up to another. */
  between(afterCursor: number, throughCursor: number): number[] {
    const first = Math.max(afterCursor + 1, this.#newest - mostKept + 1);
    const last = Math.min(throughCursor, this.#newest);
    const length = Math.max(0, last - first + 1);
    return Array.from({ length }, (_, index) => first + index).filter((cursor) => this.#readings.has(cursor));
  }
}
