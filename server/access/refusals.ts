import type { Clock } from "../domain/ports.ts";

export interface RefusalsParts {
  clock: Clock;
  /** Wrong tokens of one address in a window, after which it is not listened to. */
  limit: number;
  windowMs: number;
}

/** Counts wrong tokens by address, so that nobody can try them at the speed of the network. */
export class Refusals {
  readonly #parts: RefusalsParts;
  readonly #byAddress = new Map<string, { count: number; sinceAt: number }>();

  constructor(parts: RefusalsParts) {
    this.#parts = parts;
  }

  isBlocked(address: string): boolean {
    const { clock, limit, windowMs } = this.#parts;
    const noted = this.#byAddress.get(address);
    if (noted === undefined) return false;
    if (clock.now() - noted.sinceAt >= windowMs) {
      this.#byAddress.delete(address);
      return false;
    }
    return noted.count >= limit;
  }

  noteFailure(address: string): void {
    const now = this.#parts.clock.now();
    const noted = this.#byAddress.get(address);
    if (noted && now - noted.sinceAt < this.#parts.windowMs) {
      noted.count += 1;
      return;
    }
    // A crowd of addresses must not fill the memory: what is over is forgotten when something new comes.
    for (const [known, { sinceAt }] of this.#byAddress) {
      if (now - sinceAt >= this.#parts.windowMs) this.#byAddress.delete(known);
    }
    this.#byAddress.set(address, { count: 1, sinceAt: now });
  }
}
