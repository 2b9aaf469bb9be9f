import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { KeptStore } from "./ports.ts";

/**
 * Keeps things in a folder, a file each, readable by its owner only. A file is replaced as a whole and is on the disk when
 * `set` resolves. One client at a time to a folder.
 */
export function fileStore(folder: string): KeptStore {
  const pathOf = (key: string) => join(folder, `${key.replace(/[^\w.-]/g, "_")}.json`);
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
      const path = pathOf(key);
      const draft = `${path}.${randomUUID()}`;
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(value);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    },
  };
}
