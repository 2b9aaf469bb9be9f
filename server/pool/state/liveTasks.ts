import type { Clock } from "../../domain/ports.ts";
import type { Task } from "../../domain/sessions/task.ts";

interface LiveTask {
  lastSignAt: number;
  progress: Pick<Task, "lastTool" | "tokens">;
  /** The newest text of a subagent. */
  text?: string;
}

/** The tasks that run in one process, as far as memory knows them: what they do, and when each was last heard. */
export class LiveTasks {
  readonly #clock: Clock;
  readonly #tasks = new Map<string, LiveTask>();

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  get count(): number {
    return this.#tasks.size;
  }
  get ids(): string[] {
    return [...this.#tasks.keys()];
  }
  /** When the task that was heard last was heard. */
  get lastSignAt(): number {
    return Math.max(0, ...[...this.#tasks.values()].map(({ lastSignAt }) => lastSignAt));
  }

  start(taskId: string): void {
    this.#tasks.set(taskId, { lastSignAt: this.#clock.monotonic(), progress: {} });
  }

  note(taskId: string, { text, ...progress }: Pick<Task, "lastTool" | "tokens"> & { text?: string }): void {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return;
    task.lastSignAt = this.#clock.monotonic();
    task.text = text ?? task.text;
    task.progress = {
      lastTool: progress.lastTool ?? task.progress.lastTool,
      tokens: progress.tokens ?? task.progress.tokens,
    };
  }

  finish(taskId: string): void {
    this.#tasks.delete(taskId);
  }

  progressOf(taskId: string): Pick<Task, "lastTool" | "tokens"> {
    return this.#tasks.get(taskId)?.progress ?? {};
  }

  textOf(taskId: string): string | undefined {
    return this.#tasks.get(taskId)?.text;
  }
}
