import { expandPath } from "../platform/filesystem/paths.ts";
import { callerDir } from "./runningServer.ts";

/** A path as the caller wrote it, from the folder where the command was called. */
export const callerPath = (path: string): string => expandPath(path, callerDir());

/** The data folder that a start with these settings would take, whether a server runs there or not. */
export async function dataDirOf(dataDir: string | undefined): Promise<string> {
  const { gatherSettings } = await import("./start/configuration.ts");
  const { defaultDataDir } = await import("../app/config.ts");
  const { environment } = gatherSettings({ demo: false, dataDir });
  return environment.DATA_DIR ?? callerPath(defaultDataDir);
}
