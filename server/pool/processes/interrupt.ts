import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { CurrentTurn } from "../state/openTurns.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess, StopReason } from "../state/sessionProcess.ts";
import type { TurnWaiter } from "../turns/turnWaiter.ts";
import type { Termination } from "./termination.ts";

export interface InterruptsParts {
  store: Pick<Store, "audit">;
  clock: Clock;
  limits: PoolLimits;
  registry: ProcessRegistry;
  turnWaiter: TurnWaiter;
  termination: Pick<Termination, "cutTurn">;
}

/**
 * Interrupts of running turns, the owner's and the pool's own. Each is bounded: when Claude does not obey within the drain
 * time, the whole process is stopped.
 */
export class Interrupts {
  readonly #parts: InterruptsParts;

  constructor(parts: InterruptsParts) {
    this.#parts = parts;
  }

  /** The owner's interrupt. Throws `nothing_running` when no turn runs, or another one than `turnId`. */
  async interrupt(
    sessionId: string,
    turnId: string | undefined,
    caller: Caller,
    detail = "The owner interrupted the turn.",
  ) {
    const { store, clock, registry, termination } = this.#parts;
    const sessionProcess = registry.get(sessionId);
    const current = turnId === undefined ? sessionProcess?.activeTurn : sessionProcess?.turnOf(turnId);
    if (sessionProcess === undefined || current === undefined) {
      throw new DaylongError("nothing_running", "No turn of this session is running.");
    }
    const interrupted = { interrupted: true, turnId: current.turnId };
    const { deviceId } = caller;
    store.audit.add({
      at: clock.now(),
      deviceId,
      action: "turn.interrupt",
      target: current.turnId,
      detail: "",
    });
    if (sessionProcess.process === undefined || !current.isGiven) {
      // The process is still coming up, or the message's files are readied: nothing was given, nothing has to be taken
      // back.
      termination.cutTurn(sessionProcess, current, { code: "interrupted", detail });
      return interrupted;
    }
    sessionProcess.requestEnd(current.turnId, { kind: "interrupt", detail });
    // Claude breaks off what it works on: a turn of its own before the prompt that waits behind it.
    const { activeTurn } = sessionProcess;
    if (activeTurn !== undefined) sessionProcess.requestEnd(activeTurn.turnId, { kind: "interrupt", detail });
    await this.#endWithin(sessionProcess, current, "failed");
    return interrupted;
  }

  /** The pool's own interrupt: the turn fails with the failure. */
  async breakOff(
    sessionProcess: SessionProcess,
    current: Readonly<CurrentTurn>,
    failure: Failure,
  ): Promise<void> {
    sessionProcess.requestEnd(current.turnId, { kind: "fault", failure });
    await this.#endWithin(sessionProcess, current, "recycled");
  }

  async #endWithin(
    sessionProcess: SessionProcess,
    current: Readonly<CurrentTurn>,
    reason: StopReason,
  ): Promise<void> {
    const { limits, turnWaiter } = this.#parts;
    await sessionProcess.process?.interrupt(limits.drainMs);
    if (
      (await turnWaiter.ended(current.turnId, limits.drainMs)) === undefined &&
      sessionProcess.turnOf(current.turnId) === current
    ) {
      await sessionProcess.stop(reason);
    }
  }
}
