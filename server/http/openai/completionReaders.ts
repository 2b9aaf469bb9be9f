import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Log, Store } from "../../domain/ports.ts";
import { isTerminal } from "../../domain/sessions/turn.ts";
import type { SessionPool } from "../../pool/port.ts";
import type { StartedCompletion } from "./startCompletion.ts";

export interface CompletionReadersParts {
  store: Pick<Store, "turns">;
  pool: Pick<SessionPool, "interrupt" | "cancelTurn">;
  log: Log;
  /** Aborted when the server stops: its turns are drained then, not interrupted. */
  stopping: AbortSignal;
}

/** Reader count of each turn. A turn without readers is interrupted: the tool that asked for it has hung up. */
export class CompletionReaders {
  readonly #parts: CompletionReadersParts;
  readonly #countByTurn = new Map<string, number>();

  constructor(parts: CompletionReadersParts) {
    this.#parts = parts;
  }

  /** Counts one more reader; the result takes it away again, once. A request that is repeated reads the same turn. */
  enter(begun: StartedCompletion, caller: Caller): () => void {
    const { turnId } = begun;
    this.#countByTurn.set(turnId, (this.#countByTurn.get(turnId) ?? 0) + 1);
    let isHere = true;
    return () => {
      if (!isHere) return;
      isHere = false;
      const left = (this.#countByTurn.get(turnId) ?? 1) - 1;
      if (left > 0) {
        this.#countByTurn.set(turnId, left);
        return;
      }
      this.#countByTurn.delete(turnId);
      if (!this.#parts.stopping.aborted) void this.#giveUp(begun, caller);
    };
  }

  async #giveUp({ sessionId, turnId }: StartedCompletion, caller: Caller): Promise<void> {
    const { store, pool, log } = this.#parts;
    try {
      const turn = store.turns.get(turnId);
      if (turn === undefined || isTerminal(turn.state)) return;
      if (turn.state === "queued") pool.cancelTurn(sessionId, turnId, caller);
      else await pool.interrupt(sessionId, turnId, caller);
    } catch (error) {
      // It ended by itself at the same moment.
      const isOver = error instanceof DaylongError && error.code === "nothing_running";
      if (!isOver) log.warn("completion.not_interrupted", { sessionId, turnId, error });
    }
  }
}
