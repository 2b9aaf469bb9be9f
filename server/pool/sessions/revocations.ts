import { unlessLate } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import type { EndedWork } from "../../domain/delivery/event.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { type AllowanceKind, asksLess } from "../../domain/sessions/allowances.ts";
import type { Task } from "../../domain/sessions/task.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { Interrupts } from "../processes/interrupt.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { Tasks } from "../turns/tasks.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

export interface RevocationsParts {
  store: Store;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  interrupts: Pick<Interrupts, "interrupt">;
  tasks: Pick<Tasks, "end">;
  /** Turns were cancelled: others may move up. */
  advance(): void;
}

interface RunningTurn {
  sessionId: string;
  turnId: string;
}

/** How long a CLI is waited for that is to stop a task; without an answer its process ends. */
const stopDeadlineMs = 5_000;

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
    let ended: EndedWork = {
      cancelledTurns: 0,
      interruptedTurns: 0,
      restrictedSessions: 0,
      stoppedTasks: 0,
      withdrawnRules: 0,
    };
    this.#store.transaction(
      () => {
        const cancelledTurns = this.#cancelWaiting(deviceId, by);
        const taken = this.#takeAllowances(deviceId, by);
        const rules = this.#withdrawRules(deviceId, by);
        // A process keeps the tools and the rules that it has.
        const replaced = new Set([...(taken.get("tools") ?? []), ...rules.sessions]);
        const running = this.#runningOf(deviceId, replaced);
        const tasks = this.#stopTasks(deviceId, by);
        const restricted = [...rules.sessions, ...[...taken.values()].flatMap((sessions) => [...sessions])];
        ended = {
          cancelledTurns,
          interruptedTurns: running.length,
          restrictedSessions: new Set(restricted).size,
          stoppedTasks: tasks.length,
          withdrawnRules: rules.count,
        };
        return { taken, running, replaced, tasks };
      },
      ({ taken, running, replaced, tasks }) => {
        for (const turn of running) this.#interrupt(turn, by);
        for (const task of tasks) this.#stopInProcess(task);
        for (const sessionId of replaced) this.#replaceProcess(sessionId);
        for (const sessionId of taken.get("mode") ?? []) this.#askAgain(sessionId);
        this.#parts.advance();
      },
    );
    return ended;
  }

  /** Cancels the turns of the device that wait, scheduled ones too. */
  #cancelWaiting(deviceId: string, by: Caller): number {
    const { turns } = this.#store;
    const own = turns.waitingOwn().filter((turn) => this.#followsFrom(deviceId, turn));
    const waiting = [...turns.waitingOf(deviceId), ...own];
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
   * The turns that run for the device, those that Claude began by itself after one of its turns included; and those that Claude
   * began in a session whose tools it allowed: they use them without asking.
   */
  #runningOf(deviceId: string, withItsTools: ReadonlySet<string>): RunningTurn[] {
    return this.#parts.registry.all().flatMap(({ sessionId, turns }) =>
      turns.flatMap(({ turnId }) => {
        const turn = this.#store.turns.get(turnId);
        // A turn whose process is still coming up was cancelled above.
        if (turn?.state !== "running") return [];
        const isOwn = turn.origin !== "user";
        const isMeant = this.#followsFrom(deviceId, turn) || (isOwn && withItsTools.has(sessionId));
        return isMeant ? [{ sessionId, turnId }] : [];
      }),
    );
  }

  /** Whether it is the device's turn; of one that Claude began, whether the last turn before it was the device's. */
  #followsFrom(deviceId: string, { origin, deviceId: of, sessionId, acceptedAt }: Turn): boolean {
    const by = origin === "user" ? of : this.#store.turns.deviceBefore(sessionId, acceptedAt);
    return by === deviceId;
  }

  /** Takes back the rules that the device gave: the sessions that lived by them. */
  #withdrawRules(deviceId: string, by: Caller): { sessions: Set<string>; count: number } {
    const { projectPaths, sessionIds } = this.#store.trust.dropRulesOf(deviceId);
    const ofDevice = `rules of the revoked device ${deviceId}`;
    for (const projectPath of new Set(projectPaths))
      this.#audit(by, "project.restrict", projectPath, ofDevice);
    for (const sessionId of new Set(sessionIds)) this.#audit(by, "session.restrict", sessionId, ofDevice);
    const projects = new Set(projectPaths);
    const living = this.#parts.registry
      .all()
      .map(({ sessionId }) => sessionId)
      .filter((sessionId) => projects.has(this.#store.sessions.get(sessionId)?.projectPath ?? ""));
    const sessions = new Set([...sessionIds, ...living]);
    return { sessions, count: projectPaths.length + sessionIds.length };
  }

  /** Ends the wake-ups that followed from the device's turns; the other tasks end in their processes, right after this. */
  #stopTasks(deviceId: string, by: Caller): Task[] {
    const tasks = this.#store.tasks.running().filter(({ sessionId, turnId, startedAt }) => {
      const turn = turnId === undefined ? undefined : this.#store.turns.get(turnId);
      return turn === undefined
        ? this.#store.turns.deviceBefore(sessionId, startedAt) === deviceId
        : this.#followsFrom(deviceId, turn);
    });
    for (const task of tasks) {
      this.#audit(by, "task.stop", task.sessionId, `${task.taskId} of the revoked device ${deviceId}`);
      if (task.kind === "wakeup") this.#parts.tasks.end(task, { state: "stopped" }, true);
    }
    return tasks;
  }

  #stopInProcess({ sessionId, taskId, kind }: Task): void {
    const sessionProcess = this.#parts.registry.get(sessionId);
    if (kind === "wakeup" || sessionProcess?.process === undefined || sessionProcess.isLeaving) return;
    const late = () => new Error("Claude did not answer.");
    const { clock, log } = this.#parts;
    unlessLate(sessionProcess.process.stopTask(taskId), { clock, deadlineMs: stopDeadlineMs, late }).catch(
      (error: unknown) => {
        log.warn("revocation.task_not_stopped", { sessionId, taskId, error: String(error) });
        void sessionProcess.stop("recycled");
      },
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
