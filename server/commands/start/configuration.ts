import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Config,
  ConfigError,
  defaultDataDir,
  pathListSettings,
  pathSettings,
  readConfig,
  settingAliases,
  settingNames,
} from "../../app/config.ts";
import { cliEnvironment as passedOn } from "../../claude/start/environment.ts";
import { type GatheredEnvironment, gatherEnvironment } from "../../platform/environmentFiles.ts";
import { expandPath } from "../../platform/filesystem/paths.ts";
import { callerDir } from "../runningServer.ts";
import { demoDataDir, demoProjects } from "./demo.ts";

/** Of this program; it is three folders up when it is built. */
export const packagePath = fileURLToPath(new URL("../../../../package.json", import.meta.url));

/** What scripts/start builds of `web`. */
export const pageDir = join(dirname(packagePath), "dist/web");

export interface StartFlags {
  demo: boolean;
  dataDir?: string;
  port?: string;
}

/** The environment as it is set for this start; the demo has its own data folder and no file of the program's. */
export function gatherSettings({ demo, dataDir, port }: StartFlags): GatheredEnvironment {
  const gathered = gatherEnvironment({
    environment: process.env,
    flags: { dataDir, port },
    callerDir: callerDir(),
    programDir: demo ? undefined : dirname(packagePath),
    defaultDataDir: expandPath(demo ? demoDataDir : defaultDataDir, callerDir()),
    names: {
      settings: settingNames,
      paths: pathSettings,
      pathLists: pathListSettings,
      aliases: settingAliases,
      isForeign: (name) => name in passedOn({ [name]: "set" }, ""),
    },
  });
  const { environment } = gathered;
  if (demo && environment.DATA_DIR !== undefined)
    environment.PROJECT_ROOTS = demoProjects(environment.DATA_DIR);
  return gathered;
}

/** The configuration; throws a ConfigError with every fault of it and of the files that it was read from. */
export function configure({ environment, faults }: GatheredEnvironment): Config {
  let more: readonly string[] = [];
  try {
    const config = readConfig(environment);
    if (faults.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    more = error.faults;
  }
  throw new ConfigError([...faults, ...more]);
}
