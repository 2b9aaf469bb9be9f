import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import type { Connections } from "./connections.ts";
import type { DeltaFeed } from "./liveFeed.ts";

/** Events read at once when an announcement skipped some. */
const pageSize = 500;

export interface EventBroadcasterParts {
  events: EventStore;
  connections: Connections;
  feed: DeltaFeed;
}

/**
 * Broadcasts each commit's events to the connections, in the order of cursors. It sends nothing that is not committed: its only
 * source is the log's announcement, and the log itself.
 */
export class EventBroadcaster {
  readonly #parts: EventBroadcasterParts;
  #unsubscribe: (() => void) | undefined;
  /** The last event that was dispatched. */
  #cursor = 0;

  constructor(parts: EventBroadcasterParts) {
    this.#parts = parts;
  }

  /** Idempotent. Events before the start are left to the replay. */
  start(): void {
    if (this.#unsubscribe) return;
    this.#cursor = this.#parts.events.tip();
    this.#unsubscribe = this.#parts.events.subscribe((events) => this.#dispatch(events));
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #dispatch(announced: LoggedEvent[]): void {
    const first = announced[0];
    if (!first) return;
    // A listener that commits makes the log announce in the middle of an announcement. Should the later commit be heard
    // first, the earlier one is read from the log: the order of cursors does not hang on the order of calls.
    if (first.cursor > this.#cursor + 1) this.#catchUp(first.cursor);
    for (const event of announced) this.#send(event);
  }

  #catchUp(beforeCursor: number): void {
    for (;;) {
      const missed = this.#parts.events.after(this.#cursor, pageSize).filter((e) => e.cursor < beforeCursor);
      if (missed.length === 0) return;
      for (const event of missed) this.#send(event);
    }
  }

  #send(event: LoggedEvent): void {
    if (event.cursor <= this.#cursor) return;
    this.#cursor = event.cursor;
    this.#parts.connections.broadcastEvent(event);
    this.#parts.feed.noteEvent(event);
  }
}
