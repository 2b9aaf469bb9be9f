import { constants, open } from "node:fs/promises";
import type { TaskOutput } from "../../domain/sessions/task.ts";

const mostBytes = 8 * 1024;
/** A link is not followed, and a named pipe without a writer does not hold the reader. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The end of the file that a background command writes its output into: all that is left of it when the CLI is gone.
 * `undefined` when there is none, or when it is not a regular file.
 */
export async function outputInFile(path: string): Promise<TaskOutput | undefined> {
  try {
    const file = await open(path, flags);
    try {
      const found = await file.stat();
      if (!found.isFile()) return undefined;
      const from = Math.max(0, found.size - mostBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, from);
      // A character that the cut left in half is left out.
      let start = 0;
      while (from > 0 && start < bytesRead && (buffer[start]! & 0xc0) === 0x80) start += 1;
      const output = buffer.toString("utf8", start, bytesRead).toWellFormed();
      return { output, totalBytes: found.size, truncated: from > 0 };
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}
