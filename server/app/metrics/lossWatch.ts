import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";

/** A turn that looks lost may be between two steps of the pool: it has to look so at two looks this far apart. */
const certainAfterMs = 10_000;
/** Ended turns that a second end would be noticed of. */
const mostEnded = 5_000;

const terminalTypes: ReadonlySet<LoggedEvent["type"]> = new Set([
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.cancelled",
]);

export interface LossWatchParts {
  store: {
    turns: Pick<Store["turns"], "get" | "inState">;
    sessions: Pick<Store["sessions"], "get">;
    events: Pick<Store["events"], "subscribe">;
  };
  clock: Pick<Clock, "monotonic">;
}

/**
 * Auditor of the promise that every accepted message ends in exactly one reply or one failure. It hears the events beside the
 * pool and compares them with the store: what it counts should be zero, and is a fault of the server's if it is not.
 */
export class LossWatch {
  readonly #parts: LossWatchParts;
  readonly #unsubscribe: () => void;
  /** Accepted turns whose end was not heard, with their sessions. */
  readonly #open = new Map<string, string>();
  readonly #ended = new Set<string>();
  /** Since when a turn looks lost, by the monotonic clock. */
  readonly #suspectedSince = new Map<string, number>();
  #endedTwice = 0;

  constructor(parts: LossWatchParts) {
    this.#parts = parts;
    for (const state of ["queued", "running"] as const)
      for (const { turnId, sessionId } of parts.store.turns.inState(state)) this.#open.set(turnId, sessionId);
    this.#unsubscribe = parts.store.events.subscribe((events) => {
      for (const event of events) this.#hear(event);
    });
  }

  stop(): void {
    this.#unsubscribe();
  }

  /** Turns that were told to have ended more than once. */
  get endedTwice(): number {
    return this.#endedTwice;
  }

  /** Accepted turns that nothing works on, and whose end nobody was told. Looks at each turn that is open. */
  lostTurns(): number {
    const reading = this.#parts.clock.monotonic();
    let lost = 0;
    for (const [turnId, sessionId] of this.#open) {
      const finding = this.#look(turnId, sessionId);
      if (finding === "gone") this.#open.delete(turnId);
      if (finding !== "lost") {
        this.#suspectedSince.delete(turnId);
        continue;
      }
      const since = this.#suspectedSince.get(turnId) ?? reading;
      this.#suspectedSince.set(turnId, since);
      if (reading - since >= certainAfterMs) lost += 1;
    }
    return lost;
  }

  #hear(event: LoggedEvent): void {
    const { turnId, sessionId } = event;
    if (turnId === undefined || sessionId === null) return;
    if (event.type === "turn.accepted") this.#open.set(turnId, sessionId);
    if (!terminalTypes.has(event.type)) return;
    if (this.#ended.has(turnId)) this.#endedTwice += 1;
    this.#ended.add(turnId);
    this.#open.delete(turnId);
    this.#suspectedSince.delete(turnId);
    const oldest = this.#ended.values().next();
    if (this.#ended.size > mostEnded && !oldest.done) this.#ended.delete(oldest.value);
  }

  /** `gone`: its session was erased, with everything that was said of it. */
  #look(turnId: string, sessionId: string): "alive" | "lost" | "gone" {
    const { turns, sessions } = this.#parts.store;
    const session = sessions.get(sessionId);
    if (session === undefined) return "gone";
    const turn = turns.get(turnId);
    switch (turn?.state) {
      case "queued":
        return session.state === "closed" ? "lost" : "alive";
      case "running":
        return session.state === "busy" || session.state === "waiting" ? "alive" : "lost";
      default:
        // It has ended by the store's word, or is not there, and no event said so.
        return "lost";
    }
  }
}
