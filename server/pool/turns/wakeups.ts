import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { Task } from "../../domain/sessions/task.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import { rewriteMs } from "../state/retryingWriter.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import { nextInstantOf } from "./cronSchedule.ts";
import type { EventBuffer } from "./eventBuffer.ts";
import type { Tasks } from "./tasks.ts";

export interface WakeupsParts {
  store: Store;
  clock: Clock;
  log: Log;
  limits: Pick<PoolLimits, "drainMs">;
  registry: ProcessRegistry;
  tasks: Tasks;
  buffer: EventBuffer;
  newId: () => string;
  /** A turn waits for a process. */
  advance(): void;
}

type WakeupSignal = Extract<ProcessSignal, { kind: "wakeup-set" | "wakeups-dropped" | "wakeup-begun" }>;

/**
 * How long a CLI that sees to a wake-up itself may be late before the server does it: it begins none while it works on
 * something else, and spreads those that many programs would have at the same instant.
 */
const lateMs = 90_000;
/** A wake-up of another instant than this near is not the one that the CLI begins. */
const earlyMs = 120_000;

/**
 * Wake-ups that Claude scheduled. The CLI that scheduled one begins it; when that process is gone, the server gives Claude
 * the stored prompt, in a turn of origin `schedule` that waits for a process like any other.
 *
 *   running -> completed (begun) | stopped (by the owner, by Claude, or with the lease)
 *   running -> running, due later: a recurring one, each time it is begun
 */
export class Wakeups {
  readonly #parts: WakeupsParts;
  readonly #store: Store;
  readonly #timer: DeadlineTimer;
  /** The wake-ups that a live process has scheduled. */
  readonly #setBy = new WeakMap<SessionProcess, Set<string>>();
  #running = false;

  constructor(parts: WakeupsParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#timer = new DeadlineTimer({ clock: parts.clock, onDue: () => this.#pass() });
  }

  start(): void {
    this.#running = true;
    this.#pass();
  }

  stop(): void {
    this.#running = false;
    this.#timer.cancel();
  }

  hear(sessionProcess: SessionProcess, signal: WakeupSignal): void {
    switch (signal.kind) {
      case "wakeup-set":
        this.#set(sessionProcess, signal.wakeup);
        return;
      case "wakeups-dropped":
        this.#write(sessionProcess, () => {
          for (const task of this.#runningOf(sessionProcess.sessionId)) {
            const isMeant =
              signal.taskId === undefined ? !this.#survives(task) : task.taskId === signal.taskId;
            if (isMeant) this.#parts.tasks.end(task, { state: "stopped" });
          }
        });
        return;
      case "wakeup-begun":
        this.#begun(sessionProcess, signal);
        return;
    }
  }

  /** Whether the session has a wake-up that its lease will see. */
  isAwaited(sessionId: string): boolean {
    const expiresAt = this.#store.sessions.get(sessionId)?.lease.expiresAt ?? 0;
    return this.#runningOf(sessionId).some(({ dueAt }) => dueAt !== undefined && dueAt <= expiresAt);
  }

  #set(sessionProcess: SessionProcess, set: Extract<WakeupSignal, { kind: "wakeup-set" }>["wakeup"]): void {
    const { sessionId } = sessionProcess;
    const { taskId, description, turnId, dueAt, prompt, schedule, survivesResume } = set;
    this.#setBy.set(sessionProcess, (this.#setBy.get(sessionProcess) ?? new Set()).add(taskId));
    const startedAt = this.#parts.clock.now();
    const task = { taskId, sessionId, description, turnId, dueAt, startedAt } as const;
    this.#write(sessionProcess, () => {
      this.#parts.tasks.begin({ ...task, kind: "wakeup", state: "running" });
      this.#store.tasks.setWakeup(sessionId, taskId, { prompt, schedule, survivesResume });
    });
  }

  /** The CLI begins a wake-up: the one of its kind that is due first. One that the owner stopped is broken off. */
  #begun(
    sessionProcess: SessionProcess,
    { turnId, isLoops }: Extract<WakeupSignal, { kind: "wakeup-begun" }>,
  ): void {
    const { sessionId } = sessionProcess;
    const now = this.#parts.clock.now();
    const [first] = this.#runningOf(sessionId)
      .filter((task) => this.#survives(task) !== isLoops && (task.dueAt ?? 0) <= now + earlyMs)
      .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));
    if (first !== undefined) {
      this.#write(sessionProcess, () => this.#advance(first, now));
      return;
    }
    const wasStopped = this.#parts.tasks
      .list(sessionId)
      .some((task) => task.kind === "wakeup" && task.state === "stopped" && this.#survives(task) !== isLoops);
    if (!wasStopped || sessionProcess.turnOf(turnId) === undefined) return;
    sessionProcess.requestEnd(turnId, { kind: "interrupt", detail: "The owner stopped this wake-up." });
    void sessionProcess.process?.interrupt(this.#parts.limits.drainMs);
  }

  /** Inside a transaction: the wake-up is begun; a recurring one is due again. */
  #advance(task: Task, now: number): void {
    const schedule = this.#store.tasks.wakeup(task.sessionId, task.taskId)?.schedule;
    const nextAt =
      schedule === undefined ? undefined : nextInstantOf(schedule, Math.max(now, task.dueAt ?? 0));
    if (nextAt === undefined) this.#parts.tasks.end(task, { state: "completed" });
    else this.#store.tasks.setDue(task.sessionId, task.taskId, nextAt);
  }

  #pass(): void {
    if (!this.#running) return;
    const { clock, log } = this.#parts;
    let next = Number.POSITIVE_INFINITY;
    try {
      const now = clock.now();
      for (const task of this.#store.tasks.due(now)) next = Math.min(next, this.#see(task, now));
      // Those that are put off are still due.
      const dueAt = this.#store.tasks.nextDueAt() ?? Number.POSITIVE_INFINITY;
      this.#timer.armAt(dueAt <= now ? next : Math.min(next, dueAt));
    } catch (error) {
      log.error("wakeups.look_failed", { error, retryMs: rewriteMs });
      this.#timer.armAt(clock.now() + rewriteMs);
    }
  }

  /** Sees to a wake-up that is due; returns when it has to be looked at again. */
  #see(task: Task, now: number): number {
    const { sessionId, dueAt = now } = task;
    const session = this.#store.sessions.get(sessionId);
    const isOver = session === undefined || session.state === "closed" || session.state === "expired";
    if (isOver) {
      this.#store.transaction(() => this.#parts.tasks.end(task, { state: "stopped" }, true));
      return Number.POSITIVE_INFINITY;
    }
    const sessionProcess = this.#parts.registry.get(sessionId);
    if (sessionProcess !== undefined && this.#isSeenToBy(sessionProcess, task)) {
      // An idle CLI is late, one that is at work waits.
      const idleMs = this.#parts.clock.monotonic() - sessionProcess.idleSinceAt;
      const isLate = sessionProcess.phase === "idle" && idleMs >= lateMs && now >= dueAt + lateMs;
      if (!isLate) return now + lateMs;
    }
    this.#give(task, now);
    return Number.POSITIVE_INFINITY;
  }

  #give(task: Task, now: number): void {
    const { log, newId, advance } = this.#parts;
    const { sessionId, taskId } = task;
    const prompt = this.#store.tasks.wakeup(sessionId, taskId)?.prompt ?? "";
    const turnId = newId();
    this.#store.transaction(() => {
      this.#advance(task, now);
      this.#store.turns.insert({
        turnId,
        sessionId,
        origin: "schedule",
        requestHash: "",
        message: prompt,
        attachmentIds: [],
        state: "queued",
        acceptedAt: now,
      });
    });
    log.info("wakeup.given", { sessionId, taskId, turnId });
    advance();
  }

  /** Whether the process begins the wake-up by itself: it scheduled it, or found it when it resumed the conversation. */
  #isSeenToBy(sessionProcess: SessionProcess, task: Task): boolean {
    const { process } = sessionProcess;
    if (process === undefined || sessionProcess.isLeaving) return false;
    if (this.#setBy.get(sessionProcess)?.has(task.taskId)) return true;
    return this.#survives(task) && process.resumed && process.startedAt < (task.dueAt ?? 0);
  }

  #survives({ sessionId, taskId }: Task): boolean {
    return this.#store.tasks.wakeup(sessionId, taskId)?.survivesResume ?? false;
  }

  #runningOf(sessionId: string): Task[] {
    return this.#store.tasks.runningOf(sessionId).filter(({ kind }) => kind === "wakeup");
  }

  /** In the order of what else the process says; a write that fails is tried again. */
  #write(sessionProcess: SessionProcess, work: () => void): void {
    this.#parts.buffer.add(sessionProcess, () => {
      work();
      const dueAt = this.#store.tasks.nextDueAt();
      if (this.#running && dueAt !== undefined) this.#timer.armNoLaterThan(dueAt);
    });
  }
}
