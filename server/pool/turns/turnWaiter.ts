import { terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import { isTerminal, type Turn } from "../../domain/sessions/turn.ts";

/** Lets callers wait for the end of a turn, which is read from the event log. */
export class TurnWaiter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.store.events.subscribe((events) => {
      for (const event of events) {
        if (event.turnId === undefined || !terminalTurnEvents.has(event.type)) continue;
        for (const wake of this.#waiting.get(event.turnId) ?? []) wake();
      }
    });
  }

  /** The turn when it has ended, or `undefined` after `deadlineMs`, or when `signal` aborts. */
  ended(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn | undefined> {
    return new Promise((resolve) => {
      const read = () => {
        const turn = this.#store.turns.get(turnId);
        return turn && isTerminal(turn.state) ? turn : undefined;
      };
      const now = read();
      if (now || signal?.aborted || deadlineMs <= 0) return resolve(now);
      const finish = () => {
        cancelTimer();
        signal?.removeEventListener("abort", finish);
        const wakers = this.#waiting.get(turnId);
        wakers?.delete(finish);
        if (wakers?.size === 0) this.#waiting.delete(turnId);
        resolve(read());
      };
      const cancelTimer = this.#clock.after(deadlineMs, finish);
      signal?.addEventListener("abort", finish, { once: true });
      const wakers = this.#waiting.get(turnId) ?? new Set();
      wakers.add(finish);
      this.#waiting.set(turnId, wakers);
    });
  }

  stop(): void {
    this.#unsubscribe();
    for (const wakers of [...this.#waiting.values()]) for (const wake of [...wakers]) wake();
  }
}
