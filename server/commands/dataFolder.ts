import { existsSync } from "node:fs";
import { join } from "node:path";
import { expandPath } from "../platform/filesystem/paths.ts";
import { databaseName } from "../store/database.ts";
import { callerDir } from "./runningServer.ts";
import { demoDataDir } from "./start/demo.ts";

/** A path as the caller wrote it, from the folder where the command was called. */
export const callerPath = (path: string): string => expandPath(path, callerDir());

/** The data folder that a start with these settings would take, whether a server runs there or not. */
export async function dataDirOf(dataDir: string | undefined): Promise<string> {
  const { gatherSettings } = await import("./start/configuration.ts");
  const { defaultDataDir } = await import("../app/config.ts");
  const { environment } = gatherSettings({ demo: false, dataDir });
  return environment.DATA_DIR ?? callerPath(defaultDataDir);
}

/** The same for a command that needs data: the demo's folder where nothing is said and the usual one holds none. */
export async function filledDataDirOf(dataDir: string | undefined): Promise<string> {
  const usual = await dataDirOf(dataDir);
  const demo = callerPath(demoDataDir);
  const isChosen = dataDir !== undefined || Boolean(process.env.DATA_DIR?.trim());
  return !isChosen && !existsSync(join(usual, databaseName)) && existsSync(join(demo, databaseName))
    ? demo
    : usual;
}
