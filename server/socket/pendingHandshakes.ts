import { closeCodes } from "../wire/delivery/clientFrames.ts";
import type { Handshake } from "./handshake.ts";

/**
 * The sockets that have not said hello. Strangers among them are bounded, by sending the oldest away and not the newest:
 * whoever fills the room with silent sockets must not lock the phones out, and a phone says hello within a round trip,
 * so it is hardly ever the one that has been silent longest.
 */
export class PendingHandshakes {
  readonly #maxStrangers: number;
  /** In the order in which they came; those that were refused and have not gone yet are among them. */
  readonly #greetings = new Set<Handshake>();

  constructor({ maxStrangers }: { maxStrangers: number }) {
    this.#maxStrangers = maxStrangers;
  }

  add(greeting: Handshake): void {
    this.#greetings.add(greeting);
    if (!greeting.isKnown) this.#makeRoom();
  }

  remove(greeting: Handshake): void {
    this.#greetings.delete(greeting);
  }

  refuseAll(code: number, reason: string): void {
    for (const greeting of this.#greetings) greeting.refuse(code, reason);
  }

  #makeRoom(): void {
    const strangers = [...this.#greetings].filter((greeting) => !greeting.isKnown);
    const waiting = strangers.filter((greeting) => !greeting.isOver);
    if (waiting.length > this.#maxStrangers)
      waiting[0]?.refuse(closeCodes.badFrame, "No hello; others wait.");
    // They have a second for their farewell, as long as those who take it do not fill the room themselves.
    const leaving = strangers.filter((greeting) => greeting.isOver);
    if (leaving.length > this.#maxStrangers) leaving[0]?.terminate();
  }
}
