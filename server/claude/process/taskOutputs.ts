import { open } from "node:fs/promises";
import type { TaskOutput } from "../../domain/sessions/task.ts";
import type { StreamMessage } from "./turnReader.ts";

/** As much as the CLI itself gives of a task's output. */
const mostBytes = 8 * 1_024;
/** Tasks whose files are remembered; the output is asked for right after the end. */
const mostRemembered = 100;

/**
 * Output files of tasks that have ended, which the end of a task names: CLI 2.1.330 answers for the output of a running task
 * only.
 */
export class TaskOutputs {
  readonly #files = new Map<string, string>();

  note(message: StreamMessage): void {
    if (message.type !== "system" || message.subtype !== "task_notification") return;
    this.#files.set(message.task_id, message.output_file);
    const [oldest] = this.#files.keys();
    if (this.#files.size > mostRemembered && oldest !== undefined) this.#files.delete(oldest);
  }

  /** The end of the file; `undefined` when none was named. Rejects when it cannot be read. */
  async read(taskId: string): Promise<TaskOutput | undefined> {
    const path = this.#files.get(taskId);
    if (!path) return undefined;
    const file = await open(path);
    try {
      const { size: totalBytes } = await file.stat();
      const start = Math.max(0, totalBytes - mostBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, start);
      // A character that the cut would leave in half is left out.
      let from = 0;
      while (start > 0 && from < bytesRead && (buffer[from]! & 0xc0) === 0x80) from += 1;
      return { output: buffer.toString("utf8", from, bytesRead), totalBytes, truncated: start > 0 };
    } finally {
      await file.close();
    }
  }
}
