import type { DaylongEvent, KeptStore } from "../../../../client/src/index.ts";

/** Of a conversation so many events are kept: some screens full. */
const keptEvents = 120;
const maxChars = 400_000;
/** It is written at most so often. */
const writeEveryMs = 2_000;

/** The newest events of a conversation in the page's own store. They are of one log: `epoch` is in the key. */
export class KeptChat {
  readonly #store: KeptStore;
  readonly #key: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #events: readonly DaylongEvent[] = [];

  constructor(store: KeptStore, epoch: string, sessionId: string) {
    this.#store = store;
    this.#key = `chat.${epoch}.${sessionId}`;
  }

  async read(): Promise<DaylongEvent[]> {
    try {
      const kept = await this.#store.get(this.#key);
      return kept ? (JSON.parse(kept) as DaylongEvent[]) : [];
    } catch {
      return [];
    }
  }

  write(events: readonly DaylongEvent[]): void {
    this.#events = events;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const text = JSON.stringify(this.#events.slice(-keptEvents));
      // Without it the page waits for the server, as at the first visit.
      if (text.length <= maxChars) Promise.resolve(this.#store.set(this.#key, text)).catch(() => {});
    }, writeEveryMs);
  }
}
