import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ProjectRoots, ProjectRootsError } from "../../access/projectRoots.ts";
import { lookThrough } from "../../store/copies.ts";
import { databaseName } from "../../store/database.ts";
import { programName } from "../framework/programName.ts";
import { sizeText } from "../framework/table.ts";
import { type Finding, note, ok, type Patient, wordOf, wrong } from "./finding.ts";

/** `/health` fails below 200 MB; a gigabyte is some days before that. */
const fullBytes = 200 * 1024 ** 2;
const soonFullBytes = 1024 ** 3;

/** The nearest folder above a path that is there. */
const standing = (path: string): string =>
  existsSync(path) || path === "/" ? path : standing(join(path, ".."));

export async function checkRoots({ config, homeDir }: Patient): Promise<Finding[]> {
  const { projectRoots, dataDir } = config;
  const mend = "Make the directory, mount its disk, or correct PROJECT_ROOTS.";
  try {
    const roots = await ProjectRoots.open({ paths: projectRoots, homeDir, dataDir });
    return [ok("roots", roots.paths.join(", "))];
  } catch (error) {
    if (!(error instanceof ProjectRootsError)) throw error;
    return error.faults.map((fault) => wrong("roots", fault, mend));
  }
}

export async function checkDisk({ config, freeBytesOf }: Patient): Promise<Finding> {
  const free = await freeBytesOf(standing(config.dataDir));
  const detail = `${sizeText(free)} are free where the data folder is (${config.dataDir}).`;
  const mend = "Make room, or lower RETENTION_DAYS. Below 200 MB no message is accepted.";
  if (free < fullBytes) return wrong("disk", `The disk is full: ${detail}`, mend);
  return free < soonFullBytes ? wrong("disk", `The disk is full soon: ${detail}`, mend) : ok("disk", detail);
}

export function checkDataFolder({ config }: Patient): Finding {
  const { dataDir } = config;
  if (!existsSync(dataDir)) return ok("data-folder", `${dataDir} is made at the first start.`);
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return wrong(
      "data-folder",
      `${dataDir} cannot be written by this user.`,
      `Run as its owner, or: chown -R "$(id -un)" ${dataDir}`,
    );
  }
  const entry = statSync(dataDir);
  if (!entry.isDirectory())
    return wrong("data-folder", `${dataDir} is no folder.`, "Move it away, or set DATA_DIR.");
  return (entry.mode & 0o077) === 0
    ? ok("data-folder", dataDir)
    : note(
        "data-folder",
        `${dataDir} can be read by other users; the next start closes it.`,
        `chmod 700 ${dataDir}`,
      );
}

export function checkDatabase({ config, now }: Patient): Finding {
  const path = join(config.dataDir, databaseName);
  if (!existsSync(path)) return ok("database", "It is made at the first start.");
  const restore = `Stop the server and restore a backup: ${programName()} restore FILE`;
  try {
    const { version, newest, damage, lastEventAt = 0 } = lookThrough(path);
    if (damage.length > 0) return wrong("database", `The database is damaged: ${damage[0]}`, restore);
    if (version > newest)
      return wrong(
        "database",
        `The database has version ${version}; this program knows versions up to ${newest}.`,
        `Install the newer Daylong again. The copy from before its upgrade is ${databaseName}.before-v…`,
      );
    if (lastEventAt > now() + 60_000)
      return wrong(
        "clock",
        `The newest event in the database is of ${new Date(lastEventAt).toISOString()}, which is to come: the clock was set back.`,
        "Set the computer's clock.",
      );
    return ok(
      "database",
      `Whole, version ${version}${version < newest ? `; the next start brings it to ${newest}` : ""}.`,
    );
  } catch (error) {
    return wrong("database", `The database cannot be read: ${wordOf(error)}`, restore);
  }
}
