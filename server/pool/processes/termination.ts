import { withDeadline } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { CurrentTurn } from "../state/openTurns.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "../turns/eventBuffer.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import type { Tasks } from "../turns/tasks.ts";
import type { TurnWaiter } from "../turns/turnWaiter.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

/** The stop sequence takes 3 x 2 s; the rest is a margin. */
const stopDeadlineMs = 10_000;
/** Retries of a write at shutdown, a second apart: another program's lock may go in that time; the next start reports the rest. */
const lastRetries = 2;

export interface TerminationParts {
  store: Store;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  permissions: PermissionRequests;
  turnWaiter: TurnWaiter;
  buffer: EventBuffer;
  tasks: Pick<Tasks, "cutOff">;
  sessionOver?(session: Session): void;
}

/**
 * Termination of turns and processes: cancel, close, expiry, recycling, shutdown. The store is written first,
 * so that a turn that was cut is reported once, whatever its process still says or does.
 */
export class Termination {
  readonly #parts: TerminationParts;
  readonly #store: Store;
  readonly #registry: ProcessRegistry;

  constructor(parts: TerminationParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#registry = parts.registry;
  }

  /**
   * Shutdown: running turns may finish for `graceMs`; then every process is stopped. Turns not given yet wait for the
   * next run.
   */
  async endAll(graceMs: number): Promise<void> {
    const { turnWaiter, clock, log } = this.#parts;
    const live = this.#registry.all();
    const starting = live.filter(
      ({ phase, turn, ownTurn }) => phase === "starting" || (turn && !turn.isGiven && ownTurn === undefined),
    );
    for (const sessionProcess of starting) void sessionProcess.stop("server_stopped");
    // A process that ended by itself may still leave an answer behind.
    const running = live.filter(
      ({ phase, stopReason }) => phase === "busy" || (phase === "exited" && stopReason === undefined),
    );
    const turns = running.flatMap((one) => one.turns).filter(({ isGiven }) => isGiven);
    await Promise.all(turns.map(({ turnId }) => turnWaiter.ended(turnId, graceMs)));
    for (const sessionProcess of running) {
      try {
        const given = sessionProcess.turns.filter(({ isGiven }) => isGiven);
        this.#cut(sessionProcess, given, {
          code: "server_restarted",
          detail: "The server was stopped in the middle of this turn. The context is kept.",
        });
      } catch (error) {
        // A disk that is full keeps no process alive; the next start reports the turn.
        log.error("pool.write_failed", { sessionId: sessionProcess.sessionId, error });
      }
    }
    // An end that cannot be written must not hold up the stop: the processes themselves are gone long before.
    const ends = this.#registry
      .all()
      .map((one) => Promise.race([one.stop("server_stopped"), one.writer.limitRetries(lastRetries)]));
    await withDeadline(
      clock,
      stopDeadlineMs,
      Promise.all(ends).then(() => {}),
      () => undefined,
    );
  }

  /** Ends a process so that the next message gets a fresh one: now when it is idle, else right after its turn. */
  recycle(sessionProcess: SessionProcess, detail: string): void {
    sessionProcess.recycleAfterTurn(detail);
    this.recycleDue();
  }

  /** Replaces every process that works in the project, as `recycle` does. */
  recycleProject(projectPath: string, detail: string): void {
    for (const sessionProcess of this.#registry.all()) {
      if (this.#store.sessions.get(sessionProcess.sessionId)?.projectPath === projectPath)
        this.recycle(sessionProcess, detail);
    }
  }

  /** Ends the processes that were to be replaced after their turn. */
  recycleDue(): void {
    for (const sessionProcess of this.#registry.all()) {
      if (sessionProcess.recycleDetail !== undefined && sessionProcess.isFree)
        void sessionProcess.stop("recycled");
    }
  }

  /** Ends everything of a session for good. */
  async close(session: Session, caller: Caller): Promise<void> {
    const { sessionId } = session;
    const sessionProcess = this.#registry.get(sessionId);
    this.#store.transaction(() => {
      this.#cancelQueued(sessionId, caller, true);
      if (sessionProcess)
        this.#cutTurns(sessionProcess, { code: "interrupted", detail: "The owner closed the session." });
      this.#store.sessions.markLeaseEnded(sessionId, session.lease.term, this.#parts.clock.now());
      this.#parts.tasks.cutOff(sessionId, { isOwners: true });
      this.#store.sessions.setState(sessionId, "closed");
      // A `/v1` client that uses the session's name begins a new session under it.
      this.#store.conversations.removeOf(sessionId);
      this.#store.trust.forgetSession(sessionId);
      this.#store.events.append({ sessionId, type: "session.closed", data: { by: caller.deviceId } });
      this.#audit(caller, "session.close", sessionId);
    });
    await sessionProcess?.stop("closed");
    this.#tellOver(session);
  }

  /** Ends a turn that waits. The same again is no error. */
  cancelTurn(sessionId: string, turnId: string, caller: Caller): void {
    const turn = this.#store.turns.get(turnId);
    if (turn?.sessionId !== sessionId)
      throw new DaylongError("turn_not_found", `There is no turn ${turnId}.`);
    if (turn.state === "cancelled") return;
    if (turn.state !== "queued") {
      throw new DaylongError(
        "turn_not_cancellable",
        `The turn is ${turn.state}; only a waiting turn can be cancelled.`,
      );
    }
    this.#store.transaction(() => {
      this.#parts.turnWriter.end(sessionId, turnId, { kind: "cancelled", by: caller.deviceId }, false);
      this.#audit(caller, "turn.cancel", turnId);
    });
  }

  /** Stops one process or all; turns that run or wait end, the sessions stay. Returns the sessions it touched. */
  async cancel(sessionId: string | undefined, caller: Caller): Promise<string[]> {
    const isMeant = (id: string) => sessionId === undefined || sessionId === id;
    const chosen = this.#registry.all().filter((one) => isMeant(one.sessionId));
    const waiting = this.#store.turns.sessionsWithQueued(this.#parts.clock.now()).filter(isMeant);
    const touched = [...new Set([...chosen.map((one) => one.sessionId), ...waiting])];
    this.#store.transaction(() => {
      for (const id of touched) {
        this.#cancelQueued(id, caller, false);
        this.#audit(caller, "session.cancel", id);
      }
      for (const sessionProcess of chosen) {
        this.#cutTurns(sessionProcess, { code: "interrupted", detail: "The owner stopped the process." });
      }
    });
    await Promise.all(chosen.map((sessionProcess) => sessionProcess.stop("cancelled")));
    return touched;
  }

  /** The end of a lease. False while a running turn or task still has its time to finish. */
  expire(session: Session): boolean {
    const { clock, limits, log } = this.#parts;
    const { sessionId, lease } = session;
    const now = clock.now();
    const sessionProcess = this.#registry.get(sessionId);
    if (
      sessionProcess !== undefined &&
      (sessionProcess.turns.length > 0 || !sessionProcess.tasks.areOver) &&
      now < lease.expiresAt + limits.drainMs
    )
      return false;
    this.#store.transaction(() => {
      if (!this.#store.sessions.markLeaseEnded(sessionId, lease.term, now)) return;
      if (sessionProcess) {
        this.#cutTurns(sessionProcess, {
          code: "lease_expired",
          detail: "The session's lease ended in the middle of this turn.",
        });
      }
      this.#parts.tasks.cutOff(sessionId, { isOwners: false, isOver: true });
      this.#store.sessions.setState(sessionId, "expired");
      this.#store.events.append({
        sessionId,
        type: "session.expired",
        data: { term: lease.term, expiredAt: now },
      });
    });
    log.info("lease.expired", { sessionId, term: lease.term });
    if (sessionProcess) void sessionProcess.stop("expired").then(() => this.#tellOver(session));
    else this.#tellOver(session);
    return true;
  }

  /** Reports the session as over, unless it goes on: then its next process is coming up already. */
  #tellOver(session: Session): void {
    if (this.#registry.get(session.sessionId) === undefined) this.#parts.sessionOver?.(session);
  }

  /** Cuts an open turn: ends it in the store; later signals of the process about it are ignored. */
  cutTurn(sessionProcess: SessionProcess, turn: Readonly<CurrentTurn>, failure: Failure): void {
    this.#cut(sessionProcess, [turn], failure);
  }

  #cutTurns(sessionProcess: SessionProcess, failure: Failure): void {
    this.#cut(sessionProcess, sessionProcess.turns, failure);
  }

  #cut(sessionProcess: SessionProcess, turns: ReadonlyArray<Readonly<CurrentTurn>>, failure: Failure): void {
    const { buffer, feed, permissions, turnWriter } = this.#parts;
    const { sessionId } = sessionProcess;
    if (turns.length === 0) return;
    const end = failure.code === "lease_expired" ? "failed" : "interrupted";
    // Only after the commit of the outermost transaction: a turn that memory dropped too early would never end.
    const forget = () => {
      for (const { turnId } of turns) sessionProcess.dropTurn(turnId);
      feed.flush(sessionId);
    };
    this.#store.transaction(() => {
      buffer.write(sessionProcess);
      for (const { turnId } of turns) {
        permissions.expireTurn(sessionId, turnId);
        turnWriter.end(sessionId, turnId, { kind: end, failure }, false);
      }
    }, forget);
  }

  #cancelQueued(sessionId: string, caller: Caller, scheduledToo: boolean): void {
    for (const turn of this.#store.turns.queuedOf(sessionId)) {
      if (turn.sendAt !== undefined && !scheduledToo) continue;
      this.#parts.turnWriter.end(sessionId, turn.turnId, { kind: "cancelled", by: caller.deviceId }, false);
    }
  }

  #audit(caller: Caller, action: string, target: string): void {
    this.#store.audit.add({
      at: this.#parts.clock.now(),
      deviceId: caller.deviceId,
      action,
      target,
      detail: "",
    });
  }
}
