import { access, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the CLI keeps its state: `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export const claudeConfigDir = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment.CLAUDE_CONFIG_DIR || join(environment.HOME || homedir(), ".claude");

/**
 * The transcript of a conversation, if the CLI has written one. Its folder's name is the CLI's own encoding of the
 * project path, so every project folder is looked into rather than the encoding guessed.
 */
export async function findTranscript(configDir: string, sessionId: string): Promise<string | undefined> {
  const projects = join(configDir, "projects");
  const folders = await readdir(projects).catch(() => []);
  for (const folder of folders) {
    const path = join(projects, folder, `${sessionId}.jsonl`);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
