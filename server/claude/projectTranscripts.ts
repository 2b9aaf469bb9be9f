import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { KeptConversation } from "../domain/process.ts";
import { begunIn, readHead } from "./transcript.ts";

/** The CLI cuts the names of its folders here and adds a hash of the whole path (2.1.330). */
const longestName = 200;
const transcriptName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;

/** Whether a folder may hold the conversations of a project. Two projects may share one: `/a/b.c` and `/a/b-c`. */
function mayHold(folder: string, projectPath: string): boolean {
  const name = projectPath.replace(/[^a-zA-Z0-9]/g, "-");
  return name.length <= longestName ? folder === name : folder.startsWith(`${name.slice(0, longestName)}-`);
}

/** Whether a transcript is of a person's conversation that was begun in this directory: not a subagent's, nor one without a word. */
async function isOf(path: string, projectPath: string): Promise<boolean> {
  for (const line of await readHead(path)) {
    if (!line.includes('"type":"user"')) continue;
    try {
      const { type, isSidechain, isMeta } = JSON.parse(line) as Record<string, unknown>;
      if (type === "user" && !isMeta) return !isSidechain && (await begunIn(path)) === projectPath;
    } catch {
      // Damaged, or cut by the end of what was read: the next line may be whole.
    }
  }
  return false;
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
    if (await isOf(path, projectPath).catch(() => false)) return conversation;
  }
  return undefined;
}
