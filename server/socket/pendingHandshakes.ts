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

  add(handshake: Handshake): void {
    this.#greetings.add(handshake);
    if (!handshake.isKnown) this.#makeRoom();
  }

  remove(handshake: Handshake): void {
    this.#greetings.delete(handshake);
  }

  refuseAll(code: number, reason: string): void {
    for (const handshake of this.#greetings) handshake.refuse(code, reason);
  }

  #makeRoom(): void {
    const strangers = [...this.#greetings].filter((handshake) => !handshake.isKnown);
    const waiting = strangers.filter((handshake) => !handshake.isOver);
    if (waiting.length > this.#maxStrangers)
      waiting[0]?.refuse(closeCodes.badFrame, "No hello; others wait.");
    // Refused sockets have a second to answer the close, as long as there are not too many of them either.
    const leaving = strangers.filter((handshake) => handshake.isOver);
    if (leaving.length > this.#maxStrangers) leaving[0]?.terminate();
  }
}
