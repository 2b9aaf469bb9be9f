import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file of the data folder that is there while a restore exchanges its contents; it names the folder with the old ones. */
export const restoreMark = "restore-in-progress";

/** Throws when a restore was broken off between the old contents of the data folder and the new ones. */
export function refuseHalfRestored(dataDir: string): void {
  const mark = join(dataDir, restoreMark);
  if (!existsSync(mark)) return;
  const kept = readFileSync(mark, "utf8").trim();
  throw new Error(
    `A restore into ${dataDir} was broken off. Run it again, or move the files in ${kept} back and delete ${mark}.`,
  );
}
