import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { Store } from "../../domain/ports.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** The reads of the store that are shared. */
export interface SharedReadsStore {
  events: Pick<Store["events"], "after">;
  sessions: Pick<Store["sessions"], "get">;
}

/**
 * Cache of the rows that pushes of one step of the event loop have in common: an event goes to every device, and its row,
 * with its session's, would be read and parsed for each of them. Dropped after the step, so that nothing in it grows old.
 */
export class SharedReads {
  readonly #store: SharedReadsStore;
  readonly #events = new Map<number, LoggedEvent | undefined>();
  readonly #sessions = new Map<string, Session | undefined>();

  constructor(store: SharedReadsStore) {
    this.#store = store;
  }

  /** The first event from the cursor on. */
  event(cursor: number): LoggedEvent | undefined {
    if (!this.#events.has(cursor)) this.#events.set(cursor, this.#store.events.after(cursor - 1, 1)[0]);
    return this.#events.get(cursor);
  }

  session(sessionId: string): Session | undefined {
    if (!this.#sessions.has(sessionId)) this.#sessions.set(sessionId, this.#store.sessions.get(sessionId));
    return this.#sessions.get(sessionId);
  }
}
