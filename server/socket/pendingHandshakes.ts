import { closeCodes } from "../wire/delivery/clientFrames.ts";
import type { Handshake } from "./handshake.ts";

/**
 * Pending handshakes: the sockets that have not said hello. Unauthenticated ones are bounded by closing the oldest and
 * not the newest: an attacker who opens silent sockets must not lock the phones out, and a phone says hello within a
 * round trip, so it is hardly ever the socket that has been silent longest.
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
    // Refused sockets have a second to answer the close, as long as there are not too many of them either.
    const leaving = strangers.filter((greeting) => greeting.isOver);
    if (leaving.length > this.#maxStrangers) leaving[0]?.terminate();
  }
}
