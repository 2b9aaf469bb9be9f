import { readdirSync, readFileSync } from "node:fs";
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

type Note = z.infer<typeof noteSchema>;

/** Notes of other programs that are read at once: an owner has a few terminals open. */
const mostAtOnce = 16;

const folderIn = (configDir: string): string => join(configDir, "sessions");

/** Mostly all are this server's own, which their names tell; this is asked before each prompt. */
const othersAmong = (names: readonly string[], isOurs: (pid: number) => boolean): string[] =>
  names.filter((name) => /^\d+\.json$/.test(name) && !isOurs(Number.parseInt(name, 10)));

/** Conversations that live CLI processes hold, with their pids. `isOurs` tells those apart that this server started. */
export async function heldConversations(
  configDir: string,
  isOurs: (pid: number) => boolean,
): Promise<Map<string, number>> {
  const folder = folderIn(configDir);
  const others = othersAmong(await readdir(folder).catch(() => []), isOurs);
  // Unreadable: it ended a moment ago.
  const texts = others.map((name) => readFile(join(folder, name), "utf8").catch(() => ""));
  return heldBy(await Promise.all(texts), isOurs);
}

/** The same at once, on a disk that answers at once; `undefined` when there is much to read. */
export function heldConversationsNow(
  configDir: string,
  isOurs: (pid: number) => boolean,
): Map<string, number> | undefined {
  const folder = folderIn(configDir);
  const others = othersAmong(readdirSync(folder), isOurs);
  if (others.length > mostAtOnce) return undefined;
  return heldBy(
    others.map((name) => readFileSync(join(folder, name), "utf8")),
    isOurs,
  );
}

function heldBy(texts: readonly string[], isOurs: (pid: number) => boolean): Map<string, number> {
  const notes = texts.map(noteIn).filter((note) => note !== undefined);
  const live = notes.filter(({ pid, procStart }) => !isOurs(pid) && isAlive(pid, procStart));
  return new Map(live.map(({ sessionId, pid }) => [sessionId, pid]));
}

function noteIn(text: string): Note | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // It is being written.
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
