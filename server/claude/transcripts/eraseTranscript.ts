import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** An id that is a file's name, and no path. */
const plainId = /^[\w-]{1,100}$/;

/** Folders of the CLI's with an entry for each conversation: the files before Claude changed them, and its environment. */
const foldersByConversation = ["file-history", "session-env", "tasks", "todos"] as const;

/**
 * Removes everything that the CLI keeps of a conversation: its transcript, those of its subagents, copies of files, todos.
 * Resolves when nothing is left; rejects when something could not be removed.
 */
export async function eraseTranscript(configDir: string, claudeSessionId: string): Promise<void> {
  if (!plainId.test(claudeSessionId)) return;
  const projects = join(configDir, "projects");
  for (const folder of await entriesOf(projects)) {
    await rm(join(projects, folder, `${claudeSessionId}.jsonl`), { force: true });
    await rm(join(projects, folder, claudeSessionId), { recursive: true, force: true });
  }
  for (const folder of foldersByConversation) {
    for (const name of await entriesOf(join(configDir, folder)))
      if (name.startsWith(claudeSessionId))
        await rm(join(configDir, folder, name), { recursive: true, force: true });
  }
}

const entriesOf = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
