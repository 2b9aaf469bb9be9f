import type { NewEvent } from "../../domain/delivery/event.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";

/**
 * How long a finished text or a tool's start may wait to share a commit with what comes with it. The CLI takes 1 to 20 ms
 * from a turn's last text to its result; a commit in that pause would delay the result by its own length. The words
 * themselves are on the screen before: they go out as deltas.
 */
const holdMs = 20;
/** Pause before a write that failed is tried again. */
const rewriteMs = 1_000;

/** Events of a process on their short way into the log. Nobody hears of them before they are committed. */
export class EventBuffer {
  readonly #parts: { store: Store; feed: LiveFeed; clock: Clock; log: Log };

  constructor(parts: { store: Store; feed: LiveFeed; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  hold(sessionProcess: SessionProcess, event: NewEvent): void {
    sessionProcess.held.push(event);
    if (sessionProcess.held.length === 1) this.#arm(sessionProcess, holdMs);
  }

  /**
   * Writes what is held. Inside a transaction of the caller it stands before what the caller appends, and stays held if
   * that transaction fails.
   */
  write(sessionProcess: SessionProcess): void {
    const { store, feed } = this.#parts;
    const { held, sessionId } = sessionProcess;
    const count = held.length;
    if (count === 0) return;
    store.transaction(
      () => {
        for (const event of held) store.events.append(event);
      },
      () => {
        held.splice(0, count);
        feed.flush(sessionId);
      },
    );
  }

  #arm(sessionProcess: SessionProcess, delayMs: number): void {
    const { clock, log } = this.#parts;
    clock.after(delayMs, () => {
      try {
        this.write(sessionProcess);
      } catch (error) {
        log.error("pool.write_failed", { sessionId: sessionProcess.sessionId, error, retryMs: rewriteMs });
        this.#arm(sessionProcess, rewriteMs);
      }
    });
  }
}
