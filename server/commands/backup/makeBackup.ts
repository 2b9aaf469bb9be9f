import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { copyDatabase, lookThrough } from "../../store/copies.ts";
import { databaseName } from "../../store/database.ts";
import {
  attachmentsFolder,
  isKept,
  type Manifest,
  manifestName,
  manifestText,
  readBackup,
} from "./backupFile.ts";
import { TarWriter } from "./tar.ts";

interface BackupParts {
  dataDir: string;
  /** Where the backup goes; it is there only when it is whole. */
  file: string;
  /** Whether a file that is there may be replaced. */
  replace: boolean;
  version: string;
  now: number;
}

/**
 * Writes a backup of a data folder into one file, whether a server runs there or not, and reads it again to the last byte. The
 * database is copied as it is at one instant; the attachments come after it, so that none that it knows is missing but one that was
 * let go of meanwhile.
 */
export function makeBackup(parts: BackupParts): Manifest & { sizeBytes: number } {
  const { dataDir, file, replace, version, now } = parts;
  if (!existsSync(join(dataDir, databaseName)))
    throw new Error(`There is no ${databaseName} in ${dataDir}; nothing to back up.`);
  if (existsSync(file) && !replace) throw isThere(file);
  const work = mkdtempSync(join(dirname(file), `.${basename(file).slice(0, 60)}-`));
  try {
    const copy = join(work, databaseName);
    copyDatabase(join(dataDir, databaseName), copy);
    const { damage, epoch, version: schemaVersion } = lookThrough(copy);
    if (damage.length > 0 || epoch === undefined)
      throw new Error(`The database is damaged (${damage[0] ?? "it has no epoch"}); it was not backed up.`);
    const unfinished = join(work, "backup.tar");
    const archive = new TarWriter(unfinished, now);
    try {
      const entries = [archive.addFile(databaseName, copy)];
      for (const [name, path] of filesOf(dataDir)) entries.push(archive.addFile(name, path));
      archive.addText(manifestName, manifestText({ version, createdAt: now, epoch, schemaVersion, entries }));
      archive.end();
    } finally {
      archive.close();
    }
    const manifest = readBackup(unfinished);
    sync(unfinished);
    if (replace) renameSync(unfinished, file);
    else putWhereNoneIs(unfinished, file);
    return Object.assign(manifest, { sizeBytes: statSync(file).size });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const isThere = (file: string, cause?: unknown): Error =>
  new Error(`${file} is there already. Choose another name, or say --replace.`, { cause });

/** Gives the finished file its name, unless something has that name by now: a link to nowhere too. */
function putWhereNoneIs(unfinished: string, file: string): void {
  try {
    linkSync(unfinished, file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST" || lstatSync(file, { throwIfNoEntry: false }))
      throw isThere(file, cause);
    // File systems of memory sticks know no second names.
    renameSync(unfinished, file);
  }
}

/** The data folder's files that are backed up beside the database, by their names in the backup. */
function filesOf(dataDir: string): Array<[name: string, path: string]> {
  const kept = readdirSync(dataDir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isKept(entry.name))
    .map(({ name }): [string, string] => [name, join(dataDir, name)]);
  const folder = join(dataDir, attachmentsFolder);
  const attachments = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return [
    ...kept,
    ...attachments
      // One that is still coming has another ending.
      .filter((entry) => entry.isFile() && /^[0-9a-f-]{36}$/.test(entry.name))
      .map(({ name }): [string, string] => [`${attachmentsFolder}/${name}`, join(folder, name)]),
  ];
}

function sync(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
