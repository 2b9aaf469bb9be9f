import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { startOfPid } from "../os/processTable.ts";

/**
 * What CLI 2.1 writes about itself while it runs, in `sessions/PID.json` of its folder: which conversation it holds. The
 * file goes with it, unless it is killed; `procStart` is the kernel's start time of the pid, on Linux.
 */
const noteSchema = z.object({
  pid: z.number().int().positive(),
  sessionId: z.string(),
  procStart: z.string().optional(),
});

/** Conversations that live CLI processes hold, with their pids. `isOurs` tells those apart that this server started. */
export async function heldConversations(
  configDir: string,
  isOurs: (pid: number) => boolean,
): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  const folder = join(configDir, "sessions");
  const names = await readdir(folder).catch(() => []);
  // Mostly all are this server's own, which their names tell; this is asked before each prompt.
  const others = names.filter((name) => /^\d+\.json$/.test(name) && !isOurs(Number.parseInt(name, 10)));
  for (const note of await Promise.all(others.map((name) => readNote(join(folder, name))))) {
    if (note === undefined || isOurs(note.pid) || !isAlive(note.pid, note.procStart)) continue;
    held.set(note.sessionId, note.pid);
  }
  return held;
}

async function readNote(path: string): Promise<z.infer<typeof noteSchema> | undefined> {
  try {
    return noteSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch {
    // It ended a moment ago, or is writing.
    return undefined;
  }
}

/** Whether that very process lives: a pid that was given to another one does not count. */
function isAlive(pid: number, procStart: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const startTicks = startOfPid(pid);
  return procStart === undefined || startTicks === null || startTicks === procStart;
}
