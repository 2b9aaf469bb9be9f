import { randomUUID } from "node:crypto";
import { mkdir, realpath, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * The directories of conversations that named no project: one each, in the data folder, which is no project root. No
 * client can name one; a session has it for its life.
 */
export class ConversationFolders {
  readonly #dir: string;

  constructor(parts: { dir: string }) {
    this.#dir = parts.dir;
  }

  /** Makes an empty directory; its real path. */
  async make(): Promise<string> {
    const path = join(this.#dir, randomUUID());
    await mkdir(path, { recursive: true, mode: 0o700 });
    return realpath(path);
  }

  /** Whether the path is one of these directories, and no link to anywhere else. */
  async holds(path: string): Promise<boolean> {
    try {
      return dirname(path) === (await realpath(this.#dir)) && (await realpath(path)) === path;
    } catch {
      return false;
    }
  }

  /** Takes the directory away if it is one of these and nothing is in it: what Claude wrote there stays. */
  async removeIfEmpty(path: string): Promise<void> {
    if (await this.holds(path)) await rmdir(path).catch(() => {});
  }
}
