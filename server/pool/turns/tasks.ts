import { unlessLate } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { Task, TaskEnd, TaskOutput } from "../../domain/sessions/task.ts";
import { settleMs } from "../state/liveTasks.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "./eventBuffer.ts";

export interface TasksParts {
  store: Store;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  buffer: EventBuffer;
  registry: ProcessRegistry;
  /** A task has ended: its process may be free now. */
  advance(): void;
}

type TaskSignal = Extract<
  ProcessSignal,
  { kind: "task-started" | "task-progress" | "task-finished" | "tasks-running" }
>;

/** Ended tasks of a session that are kept (docs/api.md). */
export const mostEndedTasks = 100;
/**
 * How long the end of a task may come after the level that does not hold it any more: the CLI does not say in which order
 * the two come. `/clear` ends tasks with the level alone.
 */
const endGraceMs = 1_000;
/** How long the CLI is waited for when it is asked about a task; it takes a few milliseconds. */
const answerDeadlineMs = 5_000;
/** The most of an agent's last text that is kept as its output, as of a command's (8 KiB). */
const mostOutputBytes = 8 * 1_024;

/**
 * Tasks of the sessions: the only writer of their rows and events. Which of them run in a process, and when each was last
 * heard, its `SessionProcess` knows.
 */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #store: Store;
  /** The newest list of the tasks that run, by process. */
  readonly #levels = new WeakMap<SessionProcess, ReadonlySet<string>>();

  constructor(parts: TasksParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  hear(sessionProcess: SessionProcess, signal: TaskSignal): void {
    const { sessionId } = sessionProcess;
    switch (signal.kind) {
      case "task-started": {
        sessionProcess.tasks.start(signal.task.taskId);
        const startedAt = this.#parts.clock.now();
        const task: Task = { ...signal.task, sessionId, state: "running", startedAt };
        this.#parts.buffer.add(sessionProcess, () => this.begin(task));
        return;
      }
      case "task-progress": {
        const { taskId, lastTool, tokens, text } = signal;
        sessionProcess.tasks.note(taskId, { lastTool, tokens });
        const turnId = this.#store.tasks.get(sessionId, taskId)?.turnId;
        if (turnId !== undefined)
          this.#parts.feed.activity(sessionId, turnId, { kind: "task", taskId, text });
        return;
      }
      case "task-finished":
        // A CLI that is told to go ends its tasks first: that is a cut, and told with the end of the process.
        if (sessionProcess.isLeaving && signal.state !== "completed") return;
        this.#finish(sessionProcess, signal.taskId, signal);
        return;
      case "tasks-running": {
        const taskIds = new Set(signal.taskIds);
        this.#levels.set(sessionProcess, taskIds);
        for (const taskId of sessionProcess.tasks.ids) {
          if (taskIds.has(taskId)) continue;
          this.#parts.clock.after(endGraceMs, () => {
            // A subagent may have been given more to do meanwhile.
            const runs = this.#levels.get(sessionProcess)?.has(taskId) === true;
            if (!runs && !sessionProcess.isLeaving && sessionProcess.tasks.ids.includes(taskId))
              this.#finish(sessionProcess, taskId, { state: "stopped" });
          });
        }
        return;
      }
    }
  }

  /** A subagent's finished text: the newest one is the output of its task. */
  noteAgentText(sessionProcess: SessionProcess, taskId: string, text: string): void {
    sessionProcess.tasks.note(taskId, { text });
  }

  list(sessionId: string): Task[] {
    const sessionProcess = this.#parts.registry.get(sessionId);
    return this.#store.tasks
      .list(sessionId, mostEndedTasks)
      .map((task) =>
        task.state === "running" ? { ...task, ...sessionProcess?.tasks.progressOf(task.taskId) } : task,
      );
  }

  /** Throws `task_not_found`. */
  async output(sessionId: string, taskId: string): Promise<TaskOutput> {
    const task = this.#existing(sessionId, taskId);
    const sessionProcess = this.#parts.registry.get(sessionId);
    const live =
      task.state === "running" && sessionProcess !== undefined
        ? await this.#liveOutput(sessionProcess, task)
        : undefined;
    return live ?? this.#store.tasks.output(sessionId, taskId) ?? outputOf("");
  }

  /** Tells Claude to end the task. False: it has ended before. Throws `task_not_found`. */
  async stop(sessionId: string, taskId: string, { deviceId }: Caller): Promise<boolean> {
    const task = this.#existing(sessionId, taskId);
    const sessionProcess = this.#parts.registry.get(sessionId);
    const process = sessionProcess?.process;
    const isWakeup = task.kind === "wakeup";
    if (task.state !== "running" || (process === undefined && !isWakeup)) return false;
    const at = this.#parts.clock.now();
    this.#store.audit.add({ at, deviceId, action: "task.stop", target: sessionId, detail: taskId });
    if (isWakeup) return this.#store.transaction(() => this.end(task, { state: "stopped" }));
    try {
      if (process !== undefined) await this.#answered(process.stopTask(taskId));
    } catch (error) {
      // The task ends with its process.
      if (sessionProcess?.isLeaving !== true) throw error;
    }
    return true;
  }

  /**
   * Inside a transaction: the session's process is gone, and what ran in it was cut off. `isOwners`: the owner asked for
   * the end of the process, so that it is no news. Wake-ups are seen to without the process, unless the owner asked for
   * that, or the session `isOver`.
   */
  cutOff(sessionId: string, { isOwners, isOver }: { isOwners: boolean; isOver?: boolean }): void {
    const cut = this.#store.tasks
      .runningOf(sessionId)
      .filter(({ kind }) => kind !== "wakeup" || isOwners || isOver === true);
    for (const task of cut) this.#writeEnd(task, { state: "stopped" }, !isOwners);
    if (cut.length > 0) this.#tellCount(sessionId);
  }

  /** Inside a transaction: ends a task that does not run in a process. False: it has ended before. */
  end(task: Task, end: { state: TaskEnd; summary?: string }, isCutOff = false): boolean {
    const isEnded = this.#writeEnd(task, end, isCutOff);
    if (isEnded) this.#tellCount(task.sessionId);
    return isEnded;
  }

  /** Inside a transaction: keeps a task that runs, and tells of it. */
  begin(task: Task): void {
    const { sessionId, taskId, kind, description, turnId, state } = task;
    this.#store.tasks.start(task);
    const data = { taskId, kind, description, state };
    this.#store.events.append({ sessionId, turnId, type: "task.started", data });
    this.#tellCount(sessionId);
  }

  #finish(
    sessionProcess: SessionProcess,
    taskId: string,
    end: { state: TaskEnd; summary?: string; tokens?: number },
  ): void {
    const { sessionId } = sessionProcess;
    const progress = sessionProcess.tasks.progressOf(taskId);
    const text = sessionProcess.tasks.textOf(taskId);
    sessionProcess.tasks.finish(taskId);
    this.#parts.buffer.add(sessionProcess, () => {
      const task = this.#store.tasks.get(sessionId, taskId);
      if (task === undefined || !this.#writeEnd(task, { ...progress, ...end }, false)) return;
      this.#tellCount(sessionId);
      void this.#keepOutput(sessionProcess, task, text);
    });
    this.#parts.clock.after(settleMs, () => this.#parts.advance());
  }

  /** Returns whether it ran. */
  #writeEnd(
    task: Task,
    end: { state: TaskEnd; summary?: string; tokens?: number; lastTool?: string },
    isCutOff: boolean,
  ): boolean {
    const { sessionId, taskId, kind, description, turnId } = task;
    const endedAt = this.#parts.clock.now();
    if (!this.#store.tasks.finish(task, { ...end, endedAt }, mostEndedTasks)) return false;
    const { state, summary } = end;
    const data = { taskId, kind, description, state, summary, cutOff: isCutOff || undefined };
    this.#store.events.append({ sessionId, turnId, type: "task.finished", data });
    return true;
  }

  #tellCount(sessionId: string): void {
    const runningTasks = this.#store.tasks.runningCountOf(sessionId);
    this.#store.events.append({ sessionId, type: "session.updated", data: { runningTasks } });
  }

  async #keepOutput(sessionProcess: SessionProcess, task: Task, text: string | undefined): Promise<void> {
    const { sessionId, taskId } = task;
    try {
      const output = text === undefined ? await this.#liveOutput(sessionProcess, task) : outputOf(text);
      if (output) this.#store.transaction(() => this.#store.tasks.setOutput(sessionId, taskId, output));
    } catch (error) {
      this.#parts.log.warn("task.output_not_kept", { sessionId, taskId, error: String(error) });
    }
  }

  /** What can be had from the process; `undefined`: nothing. */
  async #liveOutput(sessionProcess: SessionProcess, task: Task): Promise<TaskOutput | undefined> {
    const text = sessionProcess.tasks.textOf(task.taskId);
    if (text !== undefined) return outputOf(text);
    if (task.kind === "agent") return undefined;
    const output = sessionProcess.process?.taskOutput(task.taskId);
    const answered = output && (await this.#answered(output).catch(() => undefined));
    if (answered === undefined) return undefined;
    // Bytes that are no text take three times as many when they are shown.
    const { output: end, truncated } = outputOf(answered.output);
    return { output: end, totalBytes: answered.totalBytes, truncated: truncated || answered.truncated };
  }

  /** The CLI's answer; one that hangs must not make the caller hang with it. Throws `session_busy`. */
  #answered<T>(answer: Promise<T>): Promise<T> {
    const late = () =>
      new DaylongError("session_busy", `Claude did not answer within ${answerDeadlineMs} ms; try again.`, {
        retryAfterMs: answerDeadlineMs,
      });
    return unlessLate(answer, { clock: this.#parts.clock, deadlineMs: answerDeadlineMs, late });
  }

  #existing(sessionId: string, taskId: string): Task {
    const task = this.#store.tasks.get(sessionId, taskId);
    if (task === undefined) throw new DaylongError("task_not_found", `The session has no task ${taskId}.`);
    return task;
  }
}

/** The end of a text, as an output. */
function outputOf(text: string): TaskOutput {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostOutputBytes) return { output: text, totalBytes: bytes.length, truncated: false };
  // A character that the cut would leave in half is left out.
  let start = bytes.length - mostOutputBytes;
  while ((bytes[start]! & 0xc0) === 0x80) start += 1;
  return { output: bytes.subarray(start).toString("utf8"), totalBytes: bytes.length, truncated: true };
}
