import { type LoggedEvent, terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import { isTerminal, type Turn } from "../../domain/sessions/turn.ts";
import type { FollowedTurn } from "../port.ts";
import { settleMs } from "../state/liveTasks.ts";

interface Followed extends FollowedTurn {
  hear(event: LoggedEvent): void;
}

/**
 * Lets callers wait for the tasks that a turn began, which are read from the event log. Wake-ups are not waited for: they
 * may be due in hours.
 */
export class TaskWaiter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #followed = new Map<string, Set<Followed>>();
  readonly #unsubscribe: () => void;

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#unsubscribe = parts.store.events.subscribe((events) => {
      for (const event of events) {
        if (event.sessionId === null) continue;
        for (const one of this.#followed.get(event.sessionId) ?? []) one.hear(event);
      }
    });
  }

  /** From now on; begin it before the turn can have ended a task. */
  follow(sessionId: string, turnId: string): FollowedTurn {
    const ofSession = this.#followed.get(sessionId) ?? new Set();
    const followed = new FollowedWork({
      store: this.#store,
      clock: this.#clock,
      sessionId,
      turnId,
      closed: () => {
        ofSession.delete(followed);
        if (ofSession.size === 0) this.#followed.delete(sessionId);
      },
    });
    this.#followed.set(sessionId, ofSession.add(followed));
    return followed;
  }

  stop(): void {
    this.#unsubscribe();
    for (const ofSession of [...this.#followed.values()]) for (const one of [...ofSession]) one.close();
  }
}

/**
 * The turn, its tasks, and Claude's own turns that came of them, whose tasks count too. An own turn that begins after such a
 * task has ended is taken to be about it. A task whose notice Claude read in a turn that ran has no turn of its own: so the
 * work is over when nothing of it runs, and for a moment no turn of the session has run.
 */
class FollowedWork implements Followed {
  readonly #parts: { store: Store; clock: Clock; sessionId: string; closed(): void };
  readonly #turnIds: Set<string>;
  readonly #ownTurnIds: string[] = [];
  readonly #tasks = new Set<string>();
  /** A task has ended, and Claude may still begin a turn about it. */
  #isToldOf = true;
  #finish: () => void = () => undefined;
  #cancelSettle: () => void = () => undefined;

  constructor(parts: {
    store: Store;
    clock: Clock;
    sessionId: string;
    turnId: string;
    closed(): void;
  }) {
    this.#parts = parts;
    this.#turnIds = new Set([parts.turnId]);
    for (const { taskId, turnId, kind } of parts.store.tasks.runningOf(parts.sessionId)) {
      if (turnId === parts.turnId && kind !== "wakeup") this.#tasks.add(taskId);
    }
  }

  hear(event: LoggedEvent): void {
    const { type, turnId } = event;
    if (type === "task.started" && turnId !== undefined && this.#turnIds.has(turnId)) {
      if (event.data.kind !== "wakeup") this.#tasks.add(event.data.taskId);
    } else if (type === "task.finished" && this.#tasks.delete(event.data.taskId)) {
      this.#isToldOf = false;
    } else if (
      type === "turn.started" &&
      turnId !== undefined &&
      event.data.origin === "task" &&
      !this.#isToldOf
    ) {
      this.#isToldOf = true;
      this.#turnIds.add(turnId);
      this.#ownTurnIds.push(turnId);
    } else if (!terminalTurnEvents.has(type)) return;
    this.#look();
  }

  ownTurns(deadlineMs: number, signal?: AbortSignal): Promise<Turn[]> {
    return new Promise((resolve) => {
      const finish = () => {
        cancelTimer();
        this.#cancelSettle();
        signal?.removeEventListener("abort", finish);
        this.#finish = () => undefined;
        resolve(this.#ended());
      };
      const cancelTimer = this.#parts.clock.after(deadlineMs, finish);
      if (signal?.aborted || deadlineMs <= 0) return finish();
      signal?.addEventListener("abort", finish, { once: true });
      this.#finish = finish;
      this.#look();
    });
  }

  close(): void {
    this.#parts.closed();
    this.#finish();
  }

  #look(): void {
    this.#cancelSettle();
    if (this.#tasks.size > 0 || this.#ended().length < this.#ownTurnIds.length) return;
    if (this.#isToldOf) {
      this.#finish();
      return;
    }
    // Claude may be about to begin a turn; while one runs, its end is looked at again.
    if (this.#parts.store.turns.isRunning(this.#parts.sessionId)) return;
    this.#cancelSettle = this.#parts.clock.after(settleMs, () => this.#finish());
  }

  #ended(): Turn[] {
    return this.#ownTurnIds.flatMap((turnId) => {
      const turn = this.#parts.store.turns.get(turnId);
      return turn !== undefined && isTerminal(turn.state) ? [turn] : [];
    });
  }
}
