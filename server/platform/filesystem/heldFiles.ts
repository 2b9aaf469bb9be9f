import { statSync } from "node:fs";

/** A file that is not the one at its path any more. */
export interface LostFile {
  path: string;
  /** What is at its path now. */
  now: "nothing" | "another file";
}

/**
 * Identity of the files that this program holds open: whether each path still leads to the file that was opened there. Writes
 * to a file that was moved, replaced or deleted go on without any error, and the next start finds none of them.
 */
export class HeldFiles {
  readonly #identities = new Map<string, string>();
  #lost: LostFile | undefined;

  /** To be called when the file is open: an inode is not used again for as long as it is. */
  hold(paths: readonly string[]): void {
    for (const path of paths) {
      const identity = identityOf(path);
      if (identity === undefined || identity === "unknown")
        throw new Error(`${path} is not there, though it was just opened.`);
      this.#identities.set(path, identity);
    }
  }

  /** The first file found lost, from then on for good: what was written meanwhile is in neither of the two. */
  lost(): LostFile | undefined {
    if (this.#lost !== undefined) return this.#lost;
    for (const [path, held] of this.#identities) {
      const identity = identityOf(path);
      if (identity === held || identity === "unknown") continue;
      this.#lost = { path, now: identity === undefined ? "nothing" : "another file" };
      break;
    }
    return this.#lost;
  }
}

/** Of the file at the path; `undefined`: there is none. What the file system cannot say now is not taken for a loss. */
function identityOf(path: string): string | "unknown" | undefined {
  try {
    const entry = statSync(path, { bigint: true });
    return `${entry.dev}:${entry.ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : "unknown";
  }
}
