import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "@anthropic-ai/claude-agent-sdk";

/**
 * Settings files of the CLI processes, one each: everybody on the computer can read a process's arguments, so rules and
 * directories are not put there. A file goes with its process; those that a crash left behind go at the next start.
 */
export class SettingsFiles {
  readonly #dir: string;

  constructor(parts: { dir: string }) {
    this.#dir = parts.dir;
  }

  /** Resolves to the file's path. */
  async write(processId: string, settings: Settings): Promise<string> {
    const path = this.#pathOf(processId);
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
    return path;
  }

  /** Never rejects: a file that stays goes at the next start. */
  async remove(processId: string): Promise<void> {
    await rm(this.#pathOf(processId), { force: true }).catch(() => {});
  }

  /** While no process runs. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#dir).catch((): string[] => []))
      await rm(join(this.#dir, name), { force: true }).catch(() => {});
  }

  #pathOf(processId: string): string {
    return join(this.#dir, `${processId}.json`);
  }
}
