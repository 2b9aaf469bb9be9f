import type { Connection } from "../../../server/delivery/sockets/connections.ts";
import type { LoggedEvent, NewEvent } from "../../../server/domain/delivery/event.ts";
import { frameText } from "../../../server/domain/delivery/frameText.ts";
import type { Log } from "../../../server/domain/ports.ts";
import type { EventFrameText, EventStore } from "../../../server/domain/stores/delivery.ts";

/** An event log in memory. `append` announces at once, as a commit of one event does. */
export class MemoryLog implements EventStore {
  epoch = "epoch-1";
  floorCursor = 0;
  readonly rows: LoggedEvent[] = [];
  /** Runs after each read, before the reader sees what was read: the place where races live. */
  afterRead: (() => void) | undefined;
  readonly #listeners = new Set<(events: LoggedEvent[]) => void>();

  append(event: NewEvent): LoggedEvent {
    const logged = this.keep(event);
    this.announce([logged]);
    return logged;
  }

  /** A commit that is not announced yet. */
  keep(event: NewEvent): LoggedEvent {
    const cursor = this.rows.length + 1;
    const logged = { ...event, cursor, seq: cursor, at: 1_000 + cursor } as LoggedEvent;
    this.rows.push(logged);
    return logged;
  }

  announce(events: LoggedEvent[]): void {
    for (const listener of this.#listeners) listener(events);
  }

  tip(): number {
    return this.rows.length;
  }

  floor(): number {
    return this.floorCursor;
  }

  after(cursor: number, limit: number, maxChars = Number.POSITIVE_INFINITY): LoggedEvent[] {
    let left = maxChars;
    const rest = this.rows.filter((row) => row.cursor > cursor && row.cursor > this.floorCursor);
    const page = rest.slice(0, limit).filter((row, index) => {
      left -= JSON.stringify(row.data).length;
      return left >= 0 || index === 0;
    });
    this.afterRead?.();
    return page;
  }

  framesAfter(cursor: number, limit: number, maxChars: number): EventFrameText[] {
    return this.after(cursor, limit, maxChars).map((event) => ({
      cursor: event.cursor,
      turnId: event.turnId,
      text: frameText({ type: "event", event }),
    }));
  }

  ofSession(): LoggedEvent[] {
    return [];
  }
  transcript(): LoggedEvent[] {
    return [];
  }
  lifecycle(): LoggedEvent[] {
    return [];
  }
  hasToolEndSince(): boolean {
    return false;
  }
  hasTurnEndAfter(): boolean {
    return false;
  }
  message(): LoggedEvent | undefined {
    return undefined;
  }

  subscribe(listener: (events: LoggedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

/** A small event that pushes nobody. */
export const aMessage = (text = "Hello."): NewEvent => ({
  sessionId: "session-1",
  type: "message",
  turnId: "turn-1",
  data: { messageId: "message-1", text },
});

/** A connection that keeps what it is sent; `takes: false` leaves everything unsent, as a dead link does. */
export class MemoryConnection implements Connection {
  readonly deviceId: string;
  foreground: boolean | undefined;
  takes = true;
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | undefined;
  unsentBytes = 0;

  constructor(deviceId = "device-1") {
    this.deviceId = deviceId;
  }

  send(text: string): void {
    this.texts.push(text);
    if (!this.takes) this.unsentBytes += Buffer.byteLength(text);
  }

  bufferedBytes(): number {
    return this.unsentBytes;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  get frames(): Array<{ type: string; event?: LoggedEvent; [field: string]: unknown }> {
    return this.texts.map((text) => JSON.parse(text));
  }

  get cursors(): number[] {
    return this.frames.flatMap((frame) => (frame.event ? [frame.event.cursor] : []));
  }
}

/** A log that keeps the names of what it is told. */
export class MemoryWords implements Log {
  readonly names: string[] = [];
  debug(): void {}
  info(name: string): void {
    this.names.push(name);
  }
  warn(name: string): void {
    this.names.push(name);
  }
  error(name: string): void {
    this.names.push(name);
  }
}
