import { unlessLate } from "../../domain/deadline.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ClaudeProcess } from "../../domain/processes/process.ts";
import { existingSession } from "../state/existingSession.ts";
import { type Gate, isHeld } from "../state/gate.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { Capacity } from "./capacity.ts";

/** A start takes up to a second; a machine that is busy takes longer. */
const wakeDeadlineMs = 60_000;
/** An eviction runs the stop sequence (3 x 2 s) plus a margin. */
const roomDeadlineMs = 10_000;

export interface ControlRequestsParts {
  store: Store;
  clock: Clock;
  registry: ProcessRegistry;
  gates: readonly Gate[];
  capacity: Capacity;
  /** Brings up a process without a turn, if there is a free place. */
  wake(sessionId: string): void;
  /** A process became free. */
  advance(): void;
}

/**
 * Calls to a session's process that are no message: rewind, context usage. The process is woken for a call, with an
 * eviction if need be, and held until the call is over, so that it is not evicted meanwhile.
 */
export class ControlRequests {
  readonly #parts: ControlRequestsParts;

  constructor(parts: ControlRequestsParts) {
    this.#parts = parts;
  }

  /**
   * Throws `session_closed`, `nothing_running` for an expired session, `pool_full` when no place can be made, and
   * `process_start_failed` when the process does not come up, or goes before it has answered.
   */
  async run<T>(sessionId: string, work: (process: ClaudeProcess) => Promise<T>): Promise<T> {
    const sessionProcess = await this.#call(sessionId);
    try {
      return await work(await this.#up(sessionProcess));
    } catch (error) {
      if (error instanceof DaylongError || !sessionProcess.isLeaving) throw error;
      throw new DaylongError("process_start_failed", "The session's process went before it answered.", {
        cause: error,
      });
    } finally {
      if (sessionProcess.release()) this.#parts.advance();
    }
  }

  /** The session's process, starting or up, and held for the call from this tick on. */
  async #call(sessionId: string): Promise<SessionProcess> {
    const { store, clock, registry, gates, wake } = this.#parts;
    const endAt = clock.monotonic() + roomDeadlineMs;
    const late = () =>
      new DaylongError("pool_full", "No place is free for the session's process.", { retryAfterMs: 5_000 });
    for (;;) {
      const { state } = existingSession(store, sessionId);
      if (state === "closed") throw new DaylongError("session_closed", "The session is closed.");
      if (state === "expired")
        throw new DaylongError("nothing_running", "The session's lease is over; keep it alive first.");
      if (registry.get(sessionId) === undefined) {
        for (const gate of gates) {
          const refusal = gate.refusal?.(sessionId);
          if (refusal) throw refusal;
        }
        wake(sessionId);
      }
      const own = registry.get(sessionId);
      if (own !== undefined && !own.isLeaving) {
        own.hold();
        return own;
      }
      // Its old process goes first: there must never be two of one conversation.
      const leaving = own ?? this.#makePlace(sessionId);
      const deadlineMs = endAt - clock.monotonic();
      if (leaving === undefined || deadlineMs <= 0) throw late();
      await unlessLate(leaving.gone, { clock, deadlineMs, late });
    }
  }

  /** The process whose place the session can have when it is gone. */
  #makePlace(sessionId: string): SessionProcess | undefined {
    const { gates, capacity } = this.#parts;
    return isHeld(gates, sessionId, "start") ? undefined : capacity.makePlaceForCall();
  }

  async #up(sessionProcess: SessionProcess): Promise<ClaudeProcess> {
    const { clock } = this.#parts;
    const late = () =>
      new DaylongError("process_start_failed", "The session's process did not come up; try again.");
    await unlessLate(Promise.race([sessionProcess.up, sessionProcess.gone]), {
      clock,
      deadlineMs: wakeDeadlineMs,
      late,
    });
    const { process } = sessionProcess;
    if (process === undefined || sessionProcess.isLeaving) throw late();
    return process;
  }
}
