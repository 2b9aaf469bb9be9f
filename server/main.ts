import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningDaylong, readVersion, startDaylong } from "./app/compose.ts";
import {
  type Config,
  ConfigError,
  defaultDataDir,
  pathListSettings,
  pathSettings,
  readConfig,
  settingAliases,
  settingNames,
} from "./app/config.ts";
import { noteCrash } from "./app/lastCrash.ts";
import { openDataFolder } from "./app/openFolders.ts";
import { cliEnvironment as passedOn } from "./claude/start/environment.ts";
import { type DemoModel, startDemoModel } from "./demo/model.ts";
import { type GatheredEnvironment, gatherEnvironment } from "./platform/environmentFiles.ts";
import { FolderTakenError } from "./platform/filesystem/folderLock.ts";
import { expandPath, makeFolder } from "./platform/filesystem/paths.ts";
import { readFlags } from "./platform/flags.ts";
import { openLog } from "./platform/log.ts";
import { startFailure } from "./platform/startFailure.ts";
import { SteadyClock } from "./platform/steadyClock.ts";

/** sysexits.h: EX_CONFIG. */
const exitConfig = 78;
/** After an uncaught exception the stop may take so long; a part that is broken may never end. */
const stopDeadlineMs = 20_000;
const packagePath = fileURLToPath(new URL("../../package.json", import.meta.url));
/** What scripts/start builds of `web`. */
const pageDir = join(dirname(packagePath), "dist/web");

const flags = readFlags("scripts/start", {
  demo: { type: "boolean" },
  "data-dir": { type: "string" },
  port: { type: "string" },
});

/** Beside the data folder, whose entries are closed to Claude's tools. */
const demoHome = (dataDir: string): string => `${dataDir.replace(/\/+$/, "")}-home`;

/** The folder of the demo's projects, in its data folder. */
const demoProjects = (dataDir: string): string => join(dataDir, "projects");

/** A folder of its own, a project to play with, and nothing of the owner's: neither login nor settings nor network. */
function makeDemoFolders(dataDir: string): void {
  const project = join(demoProjects(dataDir), "hello");
  makeFolder(demoHome(dataDir), 0o700);
  makeFolder(project, 0o755);
  writeFileSync(
    join(project, "README.md"),
    "# Hello\n\nA project to try Daylong with. The demo model may change it.\n",
  );
}

/** The environment as it is set for this start; the demo has its own data folder and no file of the program's. */
function gather(isDemo: boolean): GatheredEnvironment {
  const callerDir = process.env.DAYLONG_CWD ?? process.cwd();
  const gathered = gatherEnvironment({
    environment: process.env,
    flags: { dataDir: flags["data-dir"], port: flags.port },
    // The folder the command was called from.
    callerDir,
    programDir: isDemo ? undefined : dirname(packagePath),
    defaultDataDir: expandPath(isDemo ? "~/.daylong-demo" : defaultDataDir, callerDir),
    names: {
      settings: settingNames,
      paths: pathSettings,
      pathLists: pathListSettings,
      aliases: settingAliases,
      isForeign: (name) => name in passedOn({ [name]: "set" }, ""),
    },
  });
  const { environment } = gathered;
  if (isDemo && environment.DATA_DIR !== undefined)
    environment.PROJECT_ROOTS = demoProjects(environment.DATA_DIR);
  return gathered;
}

/** The configuration, or every fault of it and of the files that it was read from. */
function configure({ environment, faults }: GatheredEnvironment): Config {
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

const demoCliEnvironment = (
  dataDir: string,
  model: DemoModel,
  environment: Record<string, string | undefined>,
) => ({
  PATH: environment.PATH,
  LANG: environment.LANG,
  TMPDIR: environment.TMPDIR,
  SHELL: environment.SHELL,
  HOME: demoHome(dataDir),
  CLAUDE_CONFIG_DIR: join(demoHome(dataDir), ".claude"),
  ANTHROPIC_BASE_URL: model.url,
  // Any key will do; the demo model does not look at it.
  ANTHROPIC_API_KEY: "demo",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
});

/** The files that the configuration was read from. */
let filesRead: readonly string[] = [];

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

async function main(): Promise<void> {
  const isDemo = flags.demo === true;
  const gathered = gather(isDemo);
  filesRead = gathered.files;
  const { environment } = gathered;
  const config = configure(gathered);
  if (isDemo) {
    openDataFolder(config.dataDir);
    makeDemoFolders(config.dataDir);
  }
  const interactive = process.stdout.isTTY === true;
  const log = openLog(config.logLevel, interactive);
  // A program that started the server learns the address from this line; a person reads the words below.
  const announce = interactive ? log.info : log.announce;
  for (const path of gathered.files) announce("config.file_read", { path });
  for (const notice of gathered.notices) log.warn("config.notice", { notice });
  const clock = new SteadyClock({ onFault: (error) => log.error("clock.step_put_off", { error }) });
  const version = readVersion(packagePath);
  const model = isDemo ? await startDemoModel() : undefined;
  const cliEnvironment = model ? demoCliEnvironment(config.dataDir, model, environment) : environment;

  // Every timer of the program lets it end, those that wait for an old run's processes to go included; this one holds
  // it from the first step of the start to the last of the stop.
  setInterval(() => {}, 2 ** 30);
  let running: RunningDaylong | undefined;
  let stopping = false;
  const stop = async (signal: string) => {
    // A second signal ends the program at once.
    if (stopping) process.exit(130);
    stopping = true;
    log.info("server.stopping", { signal });
    await running
      ?.stop()
      .catch((error: unknown) => log.error("server.stop_failed", { error: String(error) }));
    await model?.stop();
    log.info("server.stopped");
    process.exit(0);
  };
  process.on("SIGINT", () => void stop("SIGINT"));
  process.on("SIGTERM", () => void stop("SIGTERM"));
  // One forgotten promise must not end every conversation; it is a bug, and it is told.
  process.on("unhandledRejection", (reason) =>
    log.error("server.unhandled_rejection", { error: String(reason), stack: (reason as Error)?.stack }),
  );

  // The service manager starts it anew, and what the phones were not told of is told then, if it is there.
  const crash = (error: Error) => {
    log.error("server.crashed", { error });
    noteCrash(config.dataDir, error, clock.now());
    process.exit(1);
  };
  // A bug: what the server holds may be wrong, so it ends, but not before what runs has been put away.
  process.on("uncaughtException", (error) => {
    log.error("server.uncaught_exception", { error });
    noteCrash(config.dataDir, error, clock.now());
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), stopDeadlineMs);
    const stopped = running?.stop() ?? Promise.resolve();
    void stopped.catch(() => {}).finally(() => process.exit(1));
  });
  const openFolders = isDemo ? [demoProjects(config.dataDir)] : [];
  running = await startDaylong({
    config,
    environment,
    openFolders,
    clock,
    log,
    version,
    pageDir,
    cliEnvironment,
    crash,
  });
  announce("server.ready", { url: running.url, version, dataDir: config.dataDir, demo: isDemo });
  if (interactive) {
    console.log(`Daylong is ready at ${running.url}`);
    console.log(`Pair a phone: scripts/pair${flags["data-dir"] ? ` --data-dir ${flags["data-dir"]}` : ""}`);
  }
  if (config.apns === undefined)
    log.warn("push.disabled", { hint: "Set the APNS_ variables to reach phones that are not connected." });
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) {
    fail(
      [
        "Daylong cannot start; the configuration has to be mended:",
        ...error.faults.map((fault) => `  - ${fault}`),
        ...filesRead.map((path) => `  It was read from the environment and ${path}.`),
      ].join("\n"),
      exitConfig,
    );
  }
  const code = (error as NodeJS.ErrnoException).code;
  const port = (error as { port?: number }).port;
  if (code === "EADDRINUSE")
    fail(`Port ${port} is taken. Stop what listens there, or start with PORT=0 or another port.`, 1);
  if (code === "EACCES" && port !== undefined)
    fail(`Port ${port} may not be bound by this user. Choose one above 1023.`, 1);
  if (error instanceof FolderTakenError) fail(error.message, 1);
  fail(`Daylong could not start: ${startFailure(error)}`, 1);
});
