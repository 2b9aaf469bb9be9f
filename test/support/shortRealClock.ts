import { ManualClock } from "./manualClock.ts";

/** Pauses up to this long pass by themselves: those between two looks at real processes. */
const realMs = 100;

/**
 * A clock that stands, for code that waits for real processes: short pauses are real, so that processes come and go, and
 * everything longer waits until the test lets the time pass.
 */
export class ShortRealClock extends ManualClock {
  readonly #real = new Set<NodeJS.Timeout>();

  override after(delayMs: number, callback: () => void): () => void {
    if (delayMs > realMs) return super.after(delayMs, callback);
    const timer = setTimeout(() => {
      this.#real.delete(timer);
      callback();
    }, delayMs);
    this.#real.add(timer);
    return () => {
      this.#real.delete(timer);
      clearTimeout(timer);
    };
  }

  /** Resolves when no short pause is left and everything that the last one set off has gone on. */
  async rest(): Promise<void> {
    do await this.settle();
    while (this.#real.size > 0);
  }
}
