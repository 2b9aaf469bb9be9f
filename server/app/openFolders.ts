import { chmodSync, mkdtempSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ProjectRoots, ProjectRootsError } from "../access/projectRoots.ts";
import type { Log } from "../domain/ports.ts";
import type { Closers } from "../platform/closers.ts";
import { lockFolder } from "../platform/filesystem/folderLock.ts";
import { makeFolder } from "../platform/filesystem/paths.ts";
import { refuseHalfRestored } from "../platform/filesystem/restoreMark.ts";
import { type Config, ConfigError } from "./config.ts";

/** Makes the data folder, for this user alone. Throws a `ConfigError` where it cannot be. */
export function openDataFolder(dataDir: string): void {
  try {
    makeFolder(dataDir, 0o700);
    // Before its mode is changed: what takes no folder (a device, a file, /proc) is not ours to close to others.
    rmdirSync(mkdtempSync(join(dataDir, ".probe-")));
    chmodSync(dataDir, 0o700);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") throw cause;
    throw new ConfigError([
      `DATA_DIR: the folder ${dataDir} cannot be made or written (${code}); choose another`,
    ]);
  }
}

/** Locks the data folder until the closers run. Throws what `lockFolder` throws, and after a restore that was broken off. */
export function holdDataFolder(
  dataDir: string,
  closers: Closers,
): { lockPaths: readonly string[]; serverFile: string } {
  const { paths: lockPaths, release } = lockFolder(realpathSync(dataDir));
  closers.push(release);
  refuseHalfRestored(dataDir);
  // One that is there is of a server that was killed: nothing at the address that it names is this server's any more.
  const serverFile = join(dataDir, "server.json");
  rmSync(serverFile, { force: true });
  return { lockPaths, serverFile };
}

interface RootsParts {
  config: Pick<Config, "projectRoots" | "dataDir">;
  openFolders?: readonly string[];
  homeDir: string;
  log: Log;
}

/** Opens the project roots, and says when one of them holds the data folder. Throws a `ConfigError` that names every bad one. */
export async function openRoots({ config, openFolders, homeDir, log }: RootsParts): Promise<ProjectRoots> {
  const { dataDir } = config;
  try {
    const roots = await ProjectRoots.open({ paths: config.projectRoots, homeDir, dataDir, openFolders });
    const root = roots.rootOfDataFolder;
    if (root !== undefined) {
      const detail =
        "The data folder lies in a project root. It is no project, nor is a folder that holds it.";
      log.info("projects.hold_data_folder", { dataDir, root, detail });
    }
    return roots;
  } catch (error) {
    if (!(error instanceof ProjectRootsError)) throw error;
    throw new ConfigError(error.faults.map((fault) => `PROJECT_ROOTS: ${fault}`));
  }
}
