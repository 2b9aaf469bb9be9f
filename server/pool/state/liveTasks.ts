import type { Clock } from "../../domain/ports.ts";
import type { Task } from "../../domain/sessions/task.ts";

interface LiveTask {
  lastSignAt: number;
  progress: Pick<Task, "lastTool" | "tokens">;
  /** The newest text of a subagent. */
  text?: string;
}

/**
 * How long the CLI may take from the end of a task to the turn in which Claude speaks of it. CLI 2.1.330 takes 10 to 60 ms;
 * a process that were stopped in between would take the words along.
 */
export const settleMs = 2_000;
/** Silence after which a task keeps its process from nothing any more (docs/decisions/processes.md). */
const mostSilenceMs = 2 * 3_600_000;

/** The tasks that run in one process, as far as memory knows them: what they do, and when each was last heard. */
export class LiveTasks {
  readonly #clock: Clock;
  readonly #tasks = new Map<string, LiveTask>();
  #endedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  get count(): number {
    return this.#tasks.size;
  }
  /** Nothing runs, and Claude had the time to begin the turn in which it speaks of what ran last. */
  get areOver(): boolean {
    return this.count === 0 && this.#clock.monotonic() >= this.#endedAt + settleMs;
  }
  /** Whether the process is kept for them: not for one that has given no sign for hours, such as a server left running. */
  get holdProcess(): boolean {
    return this.count === 0 ? !this.areOver : this.#clock.monotonic() < this.lastSignAt + mostSilenceMs;
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

  /** What runs outside the CLI is at work. */
  noteWork(): void {
    for (const task of this.#tasks.values()) task.lastSignAt = this.#clock.monotonic();
  }

  finish(taskId: string): void {
    if (this.#tasks.delete(taskId)) this.#endedAt = this.#clock.monotonic();
  }

  progressOf(taskId: string): Pick<Task, "lastTool" | "tokens"> {
    return this.#tasks.get(taskId)?.progress ?? {};
  }

  textOf(taskId: string): string | undefined {
    return this.#tasks.get(taskId)?.text;
  }
}
