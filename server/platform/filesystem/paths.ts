import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";

/** A path as people write it: `~` and `$HOME` at its beginning stand for the home directory, and a relative one starts from `base`. */
export const expandPath = (path: string, base: string): string =>
  resolve(base, path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=$|\/)/, homedir()));

/**
 * Makes a folder with those around it that are missing. Node's own `recursive` never returns where the parent exists and
 * says that it does not, as `/proc` does.
 */
export function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path), mode);
    // Once more and no oftener: the parent is there now.
    mkdirSync(path, { mode });
  }
}
