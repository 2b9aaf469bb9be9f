import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the CLI keeps its state: `CLAUDE_CONFIG_DIR`, else `~/.claude`. */
export const claudeConfigDir = (environment: Readonly<Record<string, string | undefined>>): string =>
  environment.CLAUDE_CONFIG_DIR || join(environment.HOME || homedir(), ".claude");

/**
 * The transcript of a conversation, if the CLI has written one. Its folder's name is the CLI's own encoding of the
 * project path, so every project folder is looked into rather than the encoding guessed. An empty file, which a crash or
 * a full disk leaves behind, is none: the CLI refuses to go on with it.
 */
export async function findTranscript(configDir: string, sessionId: string): Promise<string | undefined> {
  const projects = join(configDir, "projects");
  const folders = await readdir(projects).catch(() => []);
  for (const folder of folders) {
    const path = join(projects, folder, `${sessionId}.jsonl`);
    const sizeBytes = await stat(path).then(
      (file) => (file.isFile() ? file.size : 0),
      () => 0,
    );
    if (sizeBytes > 0) return path;
  }
  return undefined;
}
