import { unlessLate, withDeadline } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { ProcessHost, ProcessSignal } from "../../domain/processes/process.ts";
import type { Task, TaskEnd, TaskOutput } from "../../domain/sessions/task.ts";
import { settleMs } from "../state/liveTasks.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "./eventBuffer.ts";

export interface TasksParts {
  store: Store;
  host: Pick<ProcessHost, "savedTaskOutput">;
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
  { kind: "task-started" | "task-progress" | "task-finished" | "task-output-file" | "tasks-running" }
>;

/** Ended tasks of a session that are kept (docs/api.md). */
export const mostEndedTasks = 100;
/**
 * How long the begin of a task may come after the level that holds it, and the end of one after the level that does not
 * hold it any more: the CLI does not say in which order they come. `/clear` ends tasks with the level alone.
 */
const levelGraceMs = 1_000;
/** How long the CLI is waited for when it is asked about a task; it takes a few milliseconds. */
const answerDeadlineMs = 5_000;
/** How long a disk is waited for; the end of a process waits as long. */
const readDeadlineMs = 1_000;
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
        this.#parts.buffer.add(sessionProcess, () => {
          // The level may have told of it before.
          if (this.#store.tasks.get(sessionId, task.taskId)?.state === "running")
            this.#store.tasks.start(task);
          else this.begin(task);
        });
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
      case "task-output-file":
        this.#parts.buffer.add(sessionProcess, () =>
          this.#store.tasks.setOutputFile(sessionId, signal.taskId, signal.path),
        );
        return;
      case "tasks-running": {
        const taskIds = new Set(signal.tasks.map(({ taskId }) => taskId));
        this.#levels.set(sessionProcess, taskIds);
        const known = new Set(sessionProcess.tasks.ids);
        for (const task of signal.tasks) {
          if (!known.has(task.taskId)) this.#startUnlessTold(sessionProcess, task);
        }
        for (const taskId of known) {
          if (taskIds.has(taskId)) continue;
          this.#parts.clock.after(levelGraceMs, () => {
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

  /** A task that the level alone tells of runs all the same. The turn of the subagent that started it is its turn. */
  #startUnlessTold(
    sessionProcess: SessionProcess,
    listed: Extract<TaskSignal, { kind: "tasks-running" }>["tasks"][number],
  ): void {
    const { sessionId } = sessionProcess;
    const { taskId, parentTaskId } = listed;
    this.#parts.clock.after(levelGraceMs, () => {
      const runs = this.#levels.get(sessionProcess)?.has(taskId) === true;
      if (!runs || sessionProcess.isLeaving || sessionProcess.tasks.ids.includes(taskId)) return;
      const parent = parentTaskId === undefined ? undefined : this.#store.tasks.get(sessionId, parentTaskId);
      this.hear(sessionProcess, { kind: "task-started", task: { ...listed, turnId: parent?.turnId } });
    });
  }

  /** A subagent's finished text: the newest one is the output of its task. */
  noteAgentText(sessionProcess: SessionProcess, taskId: string, text: string): void {
    const { sessionId } = sessionProcess;
    sessionProcess.tasks.note(taskId, { text });
    // At once, so that nothing that ends the process takes it along.
    this.#parts.buffer.add(sessionProcess, () =>
      this.#store.tasks.setOutput(sessionId, taskId, outputOf(text)),
    );
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
    const isRunning = task.state === "running";
    const live =
      isRunning && sessionProcess !== undefined ? await this.#liveOutput(sessionProcess, task) : undefined;
    const found = live ?? this.#store.tasks.output(sessionId, taskId);
    if (found !== undefined) return found;
    // A subagent that said nothing has no output, and neither has a wake-up; of a command nothing could be kept.
    const isLost = !isRunning && task.kind !== "agent" && task.kind !== "wakeup";
    return isLost ? { ...outputOf(""), lost: true } : outputOf("");
  }

  /**
   * What the session's commands that run now have written, read from their files: before their ends are written, because
   * whoever is told of a cut-off command may ask for it at once. Never rejects; empty for what cannot be read in time.
   */
  async lastOutputs(sessionId: string): Promise<ReadonlyMap<string, TaskOutput>> {
    const outputs = new Map<string, TaskOutput>();
    const sessionProcess = this.#parts.registry.get(sessionId);
    try {
      // The name of a file may still wait for its commit.
      if (sessionProcess !== undefined) this.#parts.buffer.write(sessionProcess);
    } catch (error) {
      this.#parts.log.error("pool.write_failed", { sessionId, error });
    }
    const read = async ({ taskId }: Task) => {
      const output = await this.#savedOutput(sessionId, taskId);
      if (output !== undefined) outputs.set(taskId, output);
    };
    await Promise.all(this.#store.tasks.runningOf(sessionId).map(read));
    return outputs;
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
   * that, or the session `isOver`. `outputs`: what `lastOutputs` found.
   */
  cutOff(
    sessionId: string,
    {
      isOwners,
      isOver,
      outputs,
    }: { isOwners: boolean; isOver?: boolean; outputs?: ReadonlyMap<string, TaskOutput> },
  ): void {
    const cut = this.#store.tasks
      .runningOf(sessionId)
      .filter(({ kind }) => kind !== "wakeup" || isOwners || isOver === true);
    for (const task of cut) {
      const output = outputs?.get(task.taskId);
      if (output !== undefined) this.#store.tasks.setOutput(sessionId, task.taskId, output);
      this.#writeEnd(task, { state: "stopped" }, !isOwners);
    }
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
    if (answered === undefined) return this.#savedOutput(task.sessionId, task.taskId);
    // Bytes that are no text take three times as many when they are shown.
    const { output: end, truncated } = outputOf(answered.output);
    return { output: end, totalBytes: answered.totalBytes, truncated: truncated || answered.truncated };
  }

  /** What is in the file that the command writes into. Never rejects. */
  async #savedOutput(sessionId: string, taskId: string): Promise<TaskOutput | undefined> {
    const path = this.#store.tasks.outputFile(sessionId, taskId);
    if (path === undefined) return undefined;
    const { clock, host, log } = this.#parts;
    const late = () => {
      log.warn("task.output_not_read", { sessionId, taskId });
      return undefined;
    };
    return withDeadline(clock, readDeadlineMs, host.savedTaskOutput(path), late);
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
