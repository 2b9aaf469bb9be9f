import type { NewEvent } from "../../domain/delivery/event.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import { rewriteMs } from "../state/retryingWriter.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";

/**
 * How long a finished text or a tool's start may wait to share a commit with what comes with it. The CLI takes 1 to 20
 * ms from a turn's last text to its result; a commit in that pause would delay the result by its own length. The words
 * themselves are on the screen before: they go out as deltas.
 */
const holdMs = 20;

/** What the buffer takes: an event, or a write of other rows that belongs between two events. */
export type BufferedWrite = NewEvent | (() => void);

/** Buffer of each process's events, which share a commit. Events are announced only after their commit. */
export class EventBuffer {
  readonly #parts: { store: Store; feed: LiveFeed; clock: Clock; log: Log };
  readonly #eventsOf = new WeakMap<SessionProcess, BufferedWrite[]>();

  constructor(parts: { store: Store; feed: LiveFeed; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  add(sessionProcess: SessionProcess, event: BufferedWrite): void {
    const events = this.#eventsOf.get(sessionProcess) ?? [];
    this.#eventsOf.set(sessionProcess, events);
    events.push(event);
    if (events.length === 1) this.#arm(sessionProcess, holdMs);
  }

  /**
   * Writes the buffered events. Inside a transaction of the caller they stand before what the caller appends, and stay
   * buffered if that transaction fails; so it is called once in a transaction.
   */
  write(sessionProcess: SessionProcess): void {
    const { store, feed } = this.#parts;
    const events = this.#eventsOf.get(sessionProcess) ?? [];
    const count = events.length;
    if (count === 0) return;
    store.transaction(
      () => {
        for (const event of events) this.#writeOne(event);
      },
      () => {
        const written = events.splice(0, count);
        // Other events come in the middle of a text too.
        const hasText = written.some((event) => typeof event !== "function" && event.type === "message");
        if (hasText) feed.flush(sessionProcess.sessionId);
      },
    );
  }

  #arm(sessionProcess: SessionProcess, delayMs: number): void {
    const { clock, log } = this.#parts;
    clock.after(delayMs, () => {
      try {
        this.write(sessionProcess);
      } catch (error) {
        if (sessionProcess.writer.isGivenUp) return;
        log.error("pool.write_failed", { sessionId: sessionProcess.sessionId, error, retryMs: rewriteMs });
        if (!isStorageFailure(error)) this.#dropUnwritable(sessionProcess);
        this.#arm(sessionProcess, rewriteMs);
      }
    });
  }

  /** Drops what the store refuses for a fault of ours, which no later try mends: all that follows would wait for ever. */
  #dropUnwritable(sessionProcess: SessionProcess): void {
    const { store, log } = this.#parts;
    const { sessionId } = sessionProcess;
    const events = this.#eventsOf.get(sessionProcess) ?? [];
    for (const event of [...events]) {
      try {
        store.transaction(() => this.#writeOne(event));
      } catch (error) {
        if (isStorageFailure(error)) return;
        log.error("pool.event_dropped", { sessionId, error });
      }
      events.shift();
    }
    this.#parts.feed.flush(sessionId);
  }

  #writeOne(event: BufferedWrite): void {
    if (typeof event === "function") event();
    else this.#parts.store.events.append(event);
  }
}

const isStorageFailure = (error: unknown): boolean =>
  error instanceof DaylongError && error.code === "storage_failed";
