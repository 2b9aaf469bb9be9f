import { createHash } from "node:crypto";
import type { LoggedEvent } from "../../server/domain/delivery/event.ts";

/** What an event says, whichever way it came: two devices that were shown the same cursor must agree on it. */
export function digestOf(event: LoggedEvent): string {
  const { cursor, sessionId, seq, type, at, turnId, data } = event;
  const told = JSON.stringify([cursor, sessionId, seq, type, at, turnId ?? null, data]);
  return createHash("sha1").update(told).digest("base64").slice(0, 12);
}

/** Every event that any device was shown, by cursor: a digest, because a long run shows millions. */
export class Sightings {
  readonly #digests: string[] = [];
  /** Cursors under which two devices were shown different events. */
  contradictions = 0;
  /** Frames and poll entries that brought one. */
  shown = 0;

  note(event: LoggedEvent): void {
    this.shown += 1;
    const digest = digestOf(event);
    const known = this.#digests[event.cursor];
    if (known === undefined) this.#digests[event.cursor] = digest;
    else if (known !== digest) this.contradictions += 1;
  }

  /** Of a cursor, or `undefined` when nobody was shown it. */
  at(cursor: number): string | undefined {
    return this.#digests[cursor];
  }

  get lastCursor(): number {
    return this.#digests.length - 1;
  }
}
