import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Query } from "@anthropic-ai/claude-agent-sdk";
import type { TaskOutput } from "../../domain/sessions/task.ts";
import type { StreamMessage } from "./turnReader.ts";

/** SDK 0.3.330 has the call, its types do not. */
interface TaskOutputCall {
  getTaskOutput(taskId: string): Promise<{ output: string; total_bytes: number; truncated: boolean }>;
}

/** As much as the CLI itself gives of a task's output. */
const mostBytes = 8 * 1_024;
/** A tool may have put a link or a pipe in the file's place: neither is followed or waited for. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
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

  /** The end of a task's output, from its file when it has ended, else from the CLI. Rejects for a task that has none. */
  async of(query: Query, taskId: string): Promise<TaskOutput> {
    const { getTaskOutput } = query as Query & TaskOutputCall;
    const ended = await this.#read(taskId);
    if (ended !== undefined) return ended;
    const { output, total_bytes: totalBytes, truncated } = await getTaskOutput.call(query, taskId);
    return { output: output.toWellFormed(), totalBytes, truncated };
  }

  /** The end of the file; `undefined` when none was named. Rejects when it cannot be read. */
  async #read(taskId: string): Promise<TaskOutput | undefined> {
    const path = this.#files.get(taskId);
    if (!path) return undefined;
    const file = await open(path, flags);
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
