import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { KeptStore } from "./ports.ts";

/** What `set` writes to before it takes the place of the file. */
const draftName = /\.json\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Keeps things in a folder, a file each, readable by its owner only. A file is replaced as a whole and is on the disk when
 * `set` resolves. One client at a time to a folder.
 */
export function fileStore(folder: string): KeptStore {
  const pathOf = (key: string) => join(folder, `${key.replace(/[^\w.-]/g, "_")}.json`);
  let swept: Promise<void> | undefined;
  return {
    async get(key) {
      try {
        return await readFile(pathOf(key), "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    async set(key, value) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      swept ??= sweepDrafts(folder);
      await swept;
      const path = pathOf(key);
      const draft = `${path}.${randomUUID()}`;
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(value);
        await file.sync();
        await file.close();
        await rename(draft, path);
      } catch (error) {
        await file.close().catch(() => {});
        await rm(draft, { force: true }).catch(() => {});
        throw error;
      }
    },
  };
}

/** Removes what a crash left in the middle of a `set`; what cannot be removed is in nobody's way. */
async function sweepDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const drafts = names.filter((name) => draftName.test(name));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { force: true }).catch(() => {})));
}
