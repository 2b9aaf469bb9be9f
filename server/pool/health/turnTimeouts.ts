import type { LoggedEvent } from "../../domain/delivery/event.ts";
import { terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { Failure } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { Interrupts } from "../processes/interrupt.ts";
import type { Termination } from "../processes/termination.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";

export interface TurnTimeoutsParts {
  store: Pick<Store, "events" | "turns">;
  clock: Clock;
  registry: ProcessRegistry;
  interrupts: Pick<Interrupts, "breakOff">;
  termination: Pick<Termination, "cutTurn">;
}

/**
 * Time limits of single turns (`timeoutMs` of a message), counted from the moment in which the turn begins to run: the wait
 * for a process is not the turn's. The event log says which turns have a limit, begin and end.
 */
export class TurnTimeouts {
  readonly #parts: TurnTimeoutsParts;
  readonly #limitMsOf = new Map<string, number>();
  readonly #cancelOf = new Map<string, () => void>();
  readonly #unsubscribe: () => void;

  constructor(parts: TurnTimeoutsParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.store.events.subscribe((events) => {
      for (const event of events) this.#hear(event);
    });
  }

  /** Learns the limits of the turns that wait since before the start. */
  start(): void {
    for (const { turnId, timeoutMs } of this.#parts.store.turns.inState("queued"))
      if (timeoutMs !== undefined) this.#limitMsOf.set(turnId, timeoutMs);
  }

  stop(): void {
    this.#unsubscribe();
    for (const cancel of this.#cancelOf.values()) cancel();
    this.#cancelOf.clear();
  }

  #hear(event: LoggedEvent): void {
    const { turnId, sessionId } = event;
    if (turnId === undefined || sessionId === null) return;
    if (event.type === "turn.accepted") {
      const { timeoutMs } = event.data;
      if (timeoutMs !== undefined) this.#limitMsOf.set(turnId, timeoutMs);
      return;
    }
    const limitMs = this.#limitMsOf.get(turnId);
    if (limitMs === undefined) return;
    if (event.type === "turn.started") {
      // A turn that had to begin anew has its whole time again.
      this.#cancelOf.get(turnId)?.();
      this.#cancelOf.set(
        turnId,
        this.#parts.clock.after(limitMs, () => this.#end(sessionId, turnId, limitMs)),
      );
    } else if (terminalTurnEvents.has(event.type)) {
      this.#limitMsOf.delete(turnId);
      this.#cancelOf.get(turnId)?.();
      this.#cancelOf.delete(turnId);
    }
  }

  #end(sessionId: string, turnId: string, limitMs: number): void {
    const { registry, interrupts, termination } = this.#parts;
    const sessionProcess = registry.get(sessionId);
    const turn = sessionProcess?.turnOf(turnId);
    // It waits for another process: its time begins with it.
    if (sessionProcess === undefined || turn === undefined || turn.end !== undefined) return;
    const failure: Failure = {
      code: "timed_out",
      detail: `The turn was to take ${limitMs} ms at most, and was broken off.`,
    };
    if (sessionProcess.process === undefined || !turn.isGiven)
      termination.cutTurn(sessionProcess, turn, failure);
    else void interrupts.breakOff(sessionProcess, turn, failure);
  }
}
