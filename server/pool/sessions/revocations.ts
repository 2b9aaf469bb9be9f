import type { Caller } from "../../domain/delivery/device.ts";
import type { EndedWork } from "../../domain/delivery/event.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { type AllowanceKind, asksLess } from "../../domain/sessions/allowances.ts";
import type { Interrupts } from "../processes/interrupt.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

export interface RevocationsParts {
  store: Store;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  interrupts: Pick<Interrupts, "interrupt">;
  /** Turns were cancelled: others may move up. */
  advance(): void;
}

interface RunningTurn {
  sessionId: string;
  turnId: string;
}

const detail = "The device that the turn came from, or that allowed its tools, was revoked.";

/** Revocation, as the pool sees it: ends the turns of a device, and takes back what it let sessions do without asking. */
export class Revocations {
  readonly #parts: RevocationsParts;
  readonly #store: Store;

  constructor(parts: RevocationsParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /**
   * Writes the end of the device's work, in the transaction of its revocation. What runs is stopped right after the commit;
   * when the server dies in between, the next start reports it as interrupted.
   */
  endWorkOf(deviceId: string, by: Caller): EndedWork {
    let ended: EndedWork = { cancelledTurns: 0, interruptedTurns: 0, restrictedSessions: 0 };
    this.#store.transaction(
      () => {
        const cancelledTurns = this.#cancelWaiting(deviceId, by);
        const taken = this.#takeAllowances(deviceId, by);
        const running = this.#runningOf(deviceId, taken.get("tools") ?? new Set());
        const interruptedTurns = running.length;
        const restrictedSessions = new Set([...taken.values()].flatMap((sessions) => [...sessions])).size;
        ended = { cancelledTurns, interruptedTurns, restrictedSessions };
        return { taken, running };
      },
      ({ taken, running }) => {
        for (const turn of running) this.#interrupt(turn, by);
        for (const sessionId of taken.get("tools") ?? []) this.#replaceProcess(sessionId);
        for (const sessionId of taken.get("mode") ?? []) this.#askAgain(sessionId);
        this.#parts.advance();
      },
    );
    return ended;
  }

  /** Cancels the turns of the device that wait, scheduled ones too. */
  #cancelWaiting(deviceId: string, by: Caller): number {
    const waiting = this.#store.turns.waitingOf(deviceId);
    for (const { sessionId, turnId } of waiting) {
      this.#parts.turnWriter.end(sessionId, turnId, { kind: "cancelled", by: by.deviceId }, false);
      this.#audit(by, "turn.cancel", turnId, `of the revoked device ${deviceId}`);
    }
    return waiting.length;
  }

  /** The sessions that lose what the device allowed them, by what it was. */
  #takeAllowances(deviceId: string, by: Caller): Map<AllowanceKind, Set<string>> {
    const taken = new Map<AllowanceKind, Set<string>>();
    for (const { sessionId, kind } of this.#store.allowances.ofDevice(deviceId)) {
      this.#store.allowances.remove(sessionId, kind);
      const session = this.#store.sessions.get(sessionId);
      if (session === undefined || session.state === "closed") continue;
      // Another mode was chosen, by Claude itself, say.
      if (kind === "mode" && !asksLess(session.permissionMode)) continue;
      if (kind === "mode") this.#store.sessions.update(sessionId, { permissionMode: "default" });
      else this.#store.sessions.dropAllowedTools(sessionId);
      const data = kind === "mode" ? { permissionMode: "default" as const } : { allowedTools: [] };
      this.#store.events.append({ sessionId, type: "session.updated", data });
      this.#audit(by, "session.restrict", sessionId, `${kind} of the revoked device ${deviceId}`);
      taken.set(kind, (taken.get(kind) ?? new Set()).add(sessionId));
    }
    return taken;
  }

  /**
   * The turns that run for the device; and those that Claude began by itself in a session whose tools it allowed: they use
   * them without asking.
   */
  #runningOf(deviceId: string, withItsTools: ReadonlySet<string>): RunningTurn[] {
    return this.#parts.registry.all().flatMap(({ sessionId, turns }) =>
      turns.flatMap(({ turnId }) => {
        const turn = this.#store.turns.get(turnId);
        // A turn whose process is still coming up was cancelled above.
        if (turn?.state !== "running") return [];
        const isMeant = turn.origin === "user" ? turn.deviceId === deviceId : withItsTools.has(sessionId);
        return isMeant ? [{ sessionId, turnId }] : [];
      }),
    );
  }

  #interrupt({ sessionId, turnId }: RunningTurn, by: Caller): void {
    this.#parts.interrupts.interrupt(sessionId, turnId, by, detail).catch((error: unknown) => {
      // It has ended by itself meanwhile.
      if (error instanceof DaylongError && error.code === "nothing_running") return;
      this.#parts.log.error("revocation.interrupt_failed", { sessionId, turnId, error });
      void this.#parts.registry.get(sessionId)?.stop("cancelled");
    });
  }

  /** A process keeps the tools that it was started with. Another device's turn may end in it. */
  #replaceProcess(sessionId: string): void {
    const sessionProcess = this.#parts.registry.get(sessionId);
    if (sessionProcess === undefined) return;
    if (sessionProcess.turns.length === 0) void sessionProcess.stop("recycled");
    else sessionProcess.recycleAfterTurn("A device that allowed the session its tools was revoked.");
  }

  #askAgain(sessionId: string): void {
    const sessionProcess = this.#parts.registry.get(sessionId);
    if (sessionProcess === undefined || sessionProcess.isLeaving) return;
    const { process } = sessionProcess;
    // It was started in the former mode, and cannot be told yet.
    if (process === undefined) this.#replaceProcess(sessionId);
    else process.setPermissionMode("default").catch(() => void sessionProcess.stop("recycled"));
  }

  #audit(by: Caller, action: string, target: string, detail: string): void {
    const at = this.#parts.clock.now();
    this.#store.audit.add({ at, deviceId: by.deviceId, action, target, detail });
  }
}
