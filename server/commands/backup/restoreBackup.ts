import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDataFolder } from "../../app/openFolders.ts";
import { operatingSystemOf } from "../../claude/os/operatingSystem.ts";
import { lockFolder } from "../../platform/filesystem/folderLock.ts";
import { restoreMark } from "../../platform/filesystem/restoreMark.ts";
import { providerTokenFile } from "../../push/apns/providerToken.ts";
import { lookThrough, type RecordedProcess, unendedProcesses } from "../../store/copies.ts";
import { databaseName } from "../../store/database.ts";
import { renewEpoch } from "../../store/store.ts";
import { attachmentsFolder, isKept, type Manifest, readBackup, settingsName } from "./backupFile.ts";

interface RestoreParts {
  file: string;
  dataDir: string;
  now: number;
}

export interface Restored {
  manifest: Manifest;
  epoch: string;
  /** The folder with what was there before; `undefined`: nothing was. */
  kept: string | undefined;
  /** CLI processes that a server of the folder left when it was killed, and that live. The next start ends them. */
  leftRunning: number;
}

/**
 * Puts a backup into a data folder that no server uses. The backup is read and tried beside the folder first: one that is damaged,
 * foreign or too new leaves everything as it is. What is replaced is kept in a folder of its own, and the database gets a new epoch,
 * so that devices which had seen later events begin anew.
 */
export function restoreBackup({ file, dataDir, now }: RestoreParts): Restored {
  if (!existsSync(file)) throw new Error(`${file} is not there.`);
  const isNew = !existsSync(dataDir);
  // Known before the folder is touched at all.
  readBackup(file);
  openDataFolder(dataDir);
  const folder = realpathSync(dataDir);
  const lock = lockFolder(folder);
  const staging = join(folder, "restore-unfinished");
  try {
    rmSync(staging, { recursive: true, force: true });
    mkdirSync(staging, { mode: 0o700 });
    const manifest = readBackup(file, staging);
    const restored = join(staging, databaseName);
    tryDatabase(restored, file);
    const left = unendedProcesses(join(folder, databaseName));
    // Opening it brings it to this program's schema.
    const epoch = renewEpoch({ path: restored }, left);
    const kept = exchange(folder, staging, now);
    return { manifest, epoch, kept, leftRunning: left.filter(isLiving).length };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.release();
    if (isNew && readdirSync(folder).every((name) => name === "server.lock"))
      rmSync(folder, { recursive: true });
  }
}

/** Opens the backup's database, brings it to this program's schema, and gives it its new epoch. */
function tryDatabase(path: string, file: string): void {
  const { damage, version, newest } = lookThrough(path);
  if (damage.length > 0)
    throw new Error(`The database in ${file} is damaged: ${damage[0]}. Use another backup.`);
  if (version > newest)
    throw new Error(
      `The database in ${file} has version ${version}; this program knows versions up to ${newest}. Install the program that made the backup, or a newer one.`,
    );
}

function isLiving({ pid, startTicks }: RecordedProcess): boolean {
  const os = operatingSystemOf(process.platform);
  const found = pid === null ? null : os.startOf(pid);
  return found !== null && (startTicks === null || os.isSameStart(startTicks, found));
}

/** Moves what the backup replaces into a folder of its own, and the backup's files to their places. */
function exchange(folder: string, staging: string, now: number): string | undefined {
  const replaced = readdirSync(folder).filter(
    (name) =>
      name.startsWith(databaseName) ||
      name === attachmentsFolder ||
      name === "server.json" ||
      (isKept(name) && name !== settingsName && name !== providerTokenFile),
  );
  const kept = join(folder, `before-restore-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}`);
  mkdirSync(kept, { mode: 0o700 });
  const mark = join(folder, restoreMark);
  // A start that finds it refuses: between the first move and the last one the folder is neither the old one nor the new one.
  writeFileSync(mark, `${kept}\n`, { mode: 0o600 });
  for (const name of replaced) renameSync(join(folder, name), join(kept, name));
  for (const name of readdirSync(staging)) {
    // The copies and logs of opening it are not of the backup.
    if (
      name.startsWith(`${databaseName}.`) ||
      name === `${databaseName}-wal` ||
      name === `${databaseName}-shm`
    )
      continue;
    // The one that is there is newer.
    if (name === providerTokenFile && existsSync(join(folder, name))) continue;
    const place =
      name === settingsName && existsSync(join(folder, settingsName)) ? `${settingsName}.restored` : name;
    renameSync(join(staging, name), join(folder, place));
  }
  rmSync(mark);
  if (replaced.length > 0) return kept;
  rmSync(kept, { recursive: true });
  return undefined;
}
