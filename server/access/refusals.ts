import type { Clock } from "../domain/ports.ts";
import { AttemptWindow } from "./attemptWindow.ts";

export interface RefusalsParts {
  clock: Clock;
  /** Wrong tokens of one address in a window, after which it is not listened to. */
  limit: number;
  windowMs: number;
}

/** Counts wrong tokens by address, so that nobody can try them at the speed of the network. */
export class Refusals {
  readonly #window: AttemptWindow;

  constructor(parts: RefusalsParts) {
    this.#window = new AttemptWindow(parts);
  }

  isBlocked(address: string): boolean {
    return this.#window.isFull(address);
  }

  noteFailure(address: string): void {
    this.#window.count(address);
  }
}
