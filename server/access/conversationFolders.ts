import { randomUUID } from "node:crypto";
import { realpathSync, rmdirSync } from "node:fs";
import { mkdir, readdir, realpath, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The form of `randomUUID`, which names each directory: nothing else in the folder is ours. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Working directories of conversations that named no project: one each, in the data folder, which is no project root. No
 * client can name one; a session has it for its life. Empty ones come and go: they are taken away when their session
 * is over and at a start of the server, and made again when it goes on.
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

  /**
   * Whether the path is one of these directories, and no link to anywhere else; one that was taken away is made again.
   */
  async holds(path: string): Promise<boolean> {
    if (!uuid.test(basename(path))) return false;
    try {
      if (dirname(path) !== (await realpath(this.#dir))) return false;
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
      return (await realpath(path)) === path;
    } catch {
      return false;
    }
  }

  /**
   * Takes the directory away if it is one of these and nothing is in it: what Claude wrote there stays. At once, so that
   * a process which begins right after it finds its directory made again.
   */
  removeIfEmpty(path: string): void {
    try {
      if (uuid.test(basename(path)) && dirname(path) === realpathSync(this.#dir)) rmdirSync(path);
    } catch {
      // It is not empty, a link, or gone already.
    }
  }

  /** Takes all empty ones away. While no process works in them. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#dir).catch(() => []);
    for (const name of names.filter((one) => uuid.test(one)))
      await rmdir(join(this.#dir, name)).catch(() => {});
  }
}
