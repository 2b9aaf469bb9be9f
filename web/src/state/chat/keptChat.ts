import type { DaylongEvent } from "../../../../client/src/index.ts";
import type { HostValues } from "../../hosts/host.ts";

/** Of a conversation so many events are kept: some screens full. */
const keptEvents = 120;
const maxChars = 400_000;
/** It is written at most so often. */
const writeEveryMs = 2_000;

const keyOf = (sessionId: string): string => `chat.${sessionId}`;

/** The newest events of a conversation in the page's own store. They are of one log: its `epoch` is kept with them. */
export class KeptChat {
  readonly #store: HostValues;
  readonly #epoch: string;
  readonly #sessionId: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #events: readonly DaylongEvent[] = [];
  #isErased = false;

  constructor(store: HostValues, epoch: string, sessionId: string) {
    this.#store = store;
    this.#epoch = epoch;
    this.#sessionId = sessionId;
  }

  /** Removes what is kept of a session, whether its conversation was opened or not. */
  static async erase(store: HostValues, sessionId: string): Promise<void> {
    await store.remove(keyOf(sessionId));
  }

  async read(): Promise<DaylongEvent[]> {
    try {
      const kept = await this.#store.get(keyOf(this.#sessionId));
      if (!kept || this.#isErased) return [];
      const { epoch, events } = JSON.parse(kept) as { epoch: string; events: DaylongEvent[] };
      return epoch === this.#epoch ? events : [];
    } catch {
      return [];
    }
  }

  write(events: readonly DaylongEvent[]): void {
    if (this.#isErased) return;
    this.#events = events;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const text = JSON.stringify({ epoch: this.#epoch, events: this.#events.slice(-keptEvents) });
      // Without it the page waits for the server, as at the first visit.
      if (text.length <= maxChars) this.#store.set(keyOf(this.#sessionId), text).catch(() => {});
    }, writeEveryMs);
  }

  /** Nothing is read or written any more: the session was erased. */
  end(): void {
    this.#isErased = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#events = [];
  }
}
