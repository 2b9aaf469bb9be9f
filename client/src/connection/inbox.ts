import { ClientStopped } from "../errors.ts";
import type { KeptStore } from "../ports.ts";
import type { DaylongEvent, ServerFrame } from "./protocol.ts";
import type { Position } from "./socketLink.ts";

/** Called with one event after the other; the next one waits until it has settled. */
export type EventHandler = (event: DaylongEvent) => unknown;
/** Events may be missing before the position: start over from the list of sessions. */
export type GapHandler = (position: Position) => unknown;

/** While more events wait, one word covers this many. */
const acksEvery = 50;
const positionKey = "position";

export interface InboxParts {
  store: KeptStore;
  /** Tells the server that everything up to the cursor is held; false: there is no connection. */
  acknowledge(cursor: number): boolean;
  /** The event that a frame could hold only a part of. */
  whole(event: DaylongEvent): Promise<DaylongEvent>;
  /** A handler failed: its event has to come again. */
  comeAgain(): void;
  onFault(error: unknown, event: DaylongEvent | undefined): void;
}

/**
 * Events on their way to the handlers: in order, each once, the next when the last is dealt with. Only what every handler
 * has dealt with is acknowledged and kept as the position, so an event is lost by no crash; one that a handler failed at
 * comes again. Without a handler nobody has seen anything, and nothing is acknowledged.
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #handlers = new Set<EventHandler>();
  readonly #gapHandlers = new Set<GapHandler>();
  #queue: Array<DaylongEvent | Position> = [];
  /** Up to here events are in the queue or behind it. */
  #received: Position | undefined;
  #handled: Position | undefined;
  #ackedCursor = 0;
  #sinceAck = 0;
  #pumping = false;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** From where events are wanted; `undefined`: this client has none yet. */
  async position(): Promise<Position | undefined> {
    if (this.#received) return this.#received;
    const kept = await this.#parts.store.get(positionKey);
    return kept ? (JSON.parse(kept) as Position) : undefined;
  }

  onEvent(handler: EventHandler): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  onGap(handler: GapHandler): () => void {
    this.#gapHandlers.add(handler);
    return () => this.#gapHandlers.delete(handler);
  }

  /** `from`: the position that was asked for. */
  welcome(welcome: Extract<ServerFrame, { type: "welcome" }>, from: Position): void {
    const { epoch, cursor, recovered } = welcome;
    // The last word may have been lost with the connection.
    this.#ackedCursor = 0;
    if (recovered) {
      this.#received ??= from;
      return;
    }
    this.#received = { epoch, cursor };
    this.#handled = undefined;
    // What is left of another log is of no use; what was seen of this one still is.
    this.#queue = [
      ...this.#queue.filter((item) => !("epoch" in item) && from.epoch === epoch),
      { epoch, cursor },
    ];
    void this.#pump();
  }

  /** False: it came before. */
  receive(event: DaylongEvent): boolean {
    if (this.#received === undefined || event.cursor <= this.#received.cursor) return false;
    this.#received = { ...this.#received, cursor: event.cursor };
    this.#queue.push(event);
    void this.#pump();
    return true;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
        if ("epoch" in item) await this.#passGap(item);
        else if (!(await this.#pass(item))) return;
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #passGap(position: Position): Promise<void> {
    for (const handler of this.#gapHandlers) {
      try {
        await handler(position);
      } catch (error) {
        this.#parts.onFault(error, undefined);
      }
    }
    this.#done(position);
    if (this.#handlers.size > 0) await this.#keep(position);
  }

  async #pass(event: DaylongEvent): Promise<boolean> {
    const epoch = this.#received?.epoch ?? "";
    const isWanted = this.#handlers.size > 0;
    try {
      const whole = event.truncated === true && isWanted ? await this.#parts.whole(event) : event;
      for (const handler of [...this.#handlers]) await handler(whole);
      // The log was replaced while it was dealt with: its cursor means nothing any more.
      if (!this.#done(event)) return true;
      if (isWanted) await this.#keep({ epoch, cursor: event.cursor });
      return true;
    } catch (error) {
      if (!(error instanceof ClientStopped)) this.#parts.onFault(error, event);
      if (this.#queue[0] !== event) return true;
      this.#queue = [];
      this.#received = { epoch, cursor: event.cursor - 1 };
      this.#parts.comeAgain();
      return false;
    }
  }

  #done(item: DaylongEvent | Position): boolean {
    if (this.#queue[0] !== item) return false;
    this.#queue.shift();
    return true;
  }

  /** First kept, then acknowledged: after a crash between the two the event comes again. */
  async #keep(position: Position): Promise<void> {
    this.#handled = position;
    this.#sinceAck += 1;
    if (this.#queue.length > 0 && this.#sinceAck < acksEvery) return;
    this.#sinceAck = 0;
    await this.#parts.store.set(positionKey, JSON.stringify(position));
    this.#acknowledge();
  }

  #acknowledge(): void {
    const cursor = this.#handled?.cursor ?? 0;
    if (cursor <= this.#ackedCursor) return;
    if (this.#parts.acknowledge(cursor)) this.#ackedCursor = cursor;
  }

  /** The connection is up: says again how far events were dealt with. */
  online(): void {
    this.#acknowledge();
  }
}
