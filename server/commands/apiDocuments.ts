import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startDaylong } from "../app/compose.ts";
import { readConfig } from "../app/config.ts";
import { systemClock } from "../platform/clock.ts";
import { openLog } from "../platform/log.ts";
import { readVersion } from "../platform/packageVersion.ts";
import { failCommand } from "./framework/runCommand.ts";
import { ask, findRunningServer } from "./runningServer.ts";

/** The documents that a server serves of itself. */
const documents = ["openapi.json", "asyncapi.json"];
const packagePath = fileURLToPath(new URL("../../../package.json", import.meta.url));

/** Asks a server of this build, started for it in a folder of its own, and writes what it says into `folder`. */
async function writeDocuments(folder: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "daylong-documents-"));
  const environment = {
    DATA_DIR: dataDir,
    PROJECT_ROOTS: dataDir,
    HOST: "127.0.0.1",
    PORT: "0",
    PREWARMED_PROCESSES: "0",
    LOG_LEVEL: "error",
  };
  const config = readConfig(environment);
  const running = await startDaylong({
    config,
    environment,
    clock: systemClock,
    log: openLog(config.logLevel, false),
    version: readVersion(packagePath),
    cliEnvironment: { PATH: process.env.PATH, HOME: dataDir },
    crash: failCommand,
  });
  try {
    mkdirSync(folder, { recursive: true });
    const server = findRunningServer(dataDir);
    for (const name of documents) {
      const path = join(folder, name);
      writeFileSync(path, `${JSON.stringify(await ask(server, "GET", `/api/${name}`), null, 2)}\n`);
      console.log(path);
    }
  } finally {
    await running.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

await writeDocuments(resolve(process.argv[2] ?? ".")).catch(failCommand);
