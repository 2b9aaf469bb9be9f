import type { Clock } from "../../domain/ports.ts";

/**
 * Throttle of CLI starts. Processes that start in the same instant write the same `.claude.json` and damage it, so
 * starts are spaced out. A start that has none before it does not wait.
 */
const betweenMs = 50;

export class StartThrottle {
  readonly #clock: Clock;
  #nextAt = 0;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  /** Resolves when it is one's turn to spawn. */
  async wait(): Promise<void> {
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + betweenMs;
    if (at > now) await new Promise<void>((resolve) => void this.#clock.after(at - now, resolve));
  }
}
