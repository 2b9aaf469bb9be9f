import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { KeptConversation } from "../domain/process.ts";

/** The CLI cuts the names of its folders here and adds a hash of the whole path (2.1.330). */
const longestName = 200;
/** How much of a transcript's beginning is read for the first prompt; reminders of the CLI's own come before it. */
const headBytes = 256 * 1024;
const transcriptName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

/** Whether a folder may hold the conversations of a project. Two projects may share one: `/a/b.c` and `/a/b-c`. */
function mayHold(folder: string, projectPath: string): boolean {
  const name = projectPath.replace(/[^a-zA-Z0-9]/g, "-");
  return name.length <= longestName ? folder === name : folder.startsWith(`${name.slice(0, longestName)}-`);
}

/** Whether the first prompt in a transcript was a person's, given in this directory. */
async function beganIn(path: string, projectPath: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    for (const line of buffer.toString("utf8", 0, bytesRead).split("\n")) {
      if (!line.includes('"type":"user"')) continue;
      try {
        const { type, cwd, isSidechain, isMeta } = JSON.parse(line) as Record<string, unknown>;
        if (type === "user" && !isMeta) return cwd === projectPath && !isSidechain;
      } catch {
        // Damaged, or cut by the end of what was read: the next line may be whole.
      }
    }
    return false;
  } finally {
    await file.close();
  }
}

/** The conversation in this project that Claude wrote to last, among those that are wanted; `undefined` when there is none. */
export async function newestConversation(
  configDir: string,
  projectPath: string,
  isWanted: (claudeSessionId: string) => boolean,
): Promise<KeptConversation | undefined> {
  const projects = join(configDir, "projects");
  const found: Array<KeptConversation & { path: string }> = [];
  for (const folder of await readdir(projects).catch(() => [])) {
    if (!mayHold(folder, projectPath)) continue;
    for (const name of await readdir(join(projects, folder)).catch(() => [])) {
      const claudeSessionId = transcriptName.exec(name)?.[1];
      if (claudeSessionId === undefined || !isWanted(claudeSessionId)) continue;
      const path = join(projects, folder, name);
      const file = await stat(path).catch(() => undefined);
      if (file?.isFile() && file.size > 0)
        found.push({ claudeSessionId, changedAt: Math.floor(file.mtimeMs), path });
    }
  }
  found.sort((a, b) => b.changedAt - a.changedAt);
  for (const { path, ...conversation } of found) {
    // One that cannot be read, or was deleted meanwhile, cannot be gone on with either.
    if (await beganIn(path, projectPath).catch(() => false)) return conversation;
  }
  return undefined;
}
