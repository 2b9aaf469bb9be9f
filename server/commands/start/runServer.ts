import { type RunningDaylong, startDaylong } from "../../app/compose.ts";
import { type Config, ConfigError } from "../../app/config.ts";
import { noteCrash } from "../../app/lastCrash.ts";
import { openDataFolder } from "../../app/openFolders.ts";
import type { DemoModel } from "../../demo/model.ts";
import { pushFault } from "../../domain/delivery/pushFaults.ts";
import type { Log } from "../../domain/ports.ts";
import { FolderTakenError } from "../../platform/filesystem/folderLock.ts";
import { openLog } from "../../platform/log.ts";
import { holderOfPort } from "../../platform/network/portHolder.ts";
import { readVersion } from "../../platform/packageVersion.ts";
import { runProgram } from "../../platform/runProgram.ts";
import { startFailure } from "../../platform/startFailure.ts";
import { SteadyClock } from "../../platform/steadyClock.ts";
import { pairingText } from "../framework/pairingText.ts";
import { programName } from "../framework/programName.ts";
import { configure, gatherSettings, packagePath, pageDir, type StartFlags } from "./configuration.ts";
import { demoCliEnvironment, demoProjects, makeDemoFolders } from "./demo.ts";

/** sysexits.h: EX_CONFIG. */
const exitConfig = 78;
/** After an uncaught exception the stop may take so long; a part that is broken may never end. */
const stopDeadlineMs = 20_000;

/** Runs the server until a signal ends it. A start that fails ends the program with the reason. */
export async function runServer(flags: StartFlags): Promise<void> {
  const filesRead: string[] = [];
  await run(flags, filesRead).catch((error: unknown) => failStart(error, filesRead));
}

async function run(flags: StartFlags, filesRead: string[]): Promise<void> {
  const isDemo = flags.demo;
  const gathered = gatherSettings(flags);
  filesRead.push(...gathered.files);
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
  const model = isDemo ? await (await import("../../demo/model.ts")).startDemoModel() : undefined;
  const cliEnvironment = model ? demoCliEnvironment(config.dataDir, model, environment) : environment;
  const life = holdProgram({ config, log, clock, model });
  const running = await startDaylong({
    config,
    environment,
    openFolders: isDemo ? [demoProjects(config.dataDir)] : [],
    clock,
    log,
    version,
    pageDir,
    cliEnvironment,
    crash: life.crash,
  });
  life.hold(running);
  announce("server.ready", { url: running.url, version, dataDir: config.dataDir, demo: isDemo });
  if (interactive) {
    console.log(`Daylong is ready at ${running.url}`);
    const folder = flags.dataDir === undefined ? "" : ` --data-dir ${flags.dataDir}`;
    console.log(`Pair a phone: ${programName()} pair${folder}`);
  }
  if (isDemo) await showDemoPairing(running, interactive, announce);
  await tellFaults(running, log);
  if (config.apns === undefined)
    log.warn("push.disabled", { hint: "Set the APNS_ variables to reach phones that are not connected." });
}

/** The demo has nothing to guard but itself: its first device may do everything, and needs no second command. */
async function showDemoPairing(
  running: RunningDaylong,
  interactive: boolean,
  announce: Log["info"],
): Promise<void> {
  const pairing = running.makePairing("admin");
  if (interactive) console.log(`\n${await pairingText(pairing)}`);
  else announce("demo.pairing", { ...pairing });
}

/** Says what will not work, so that it is not first heard of from a message that fails. */
async function tellFaults(running: RunningDaylong, log: Log): Promise<void> {
  const { checks } = await running.health();
  for (const [check, { state, detail = "" }] of Object.entries(checks))
    if (state === "failing" || state === "degraded")
      log.warn("start.fault", { check, detail: pushFault(detail) });
}

interface LifeParts {
  config: Config;
  log: Log;
  clock: SteadyClock;
  model: DemoModel | undefined;
}

/** Keeps the program running until a signal or a bug ends it, with whatever has been started by then. */
function holdProgram({ config, log, clock, model }: LifeParts) {
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
  return {
    hold: (started: RunningDaylong) => {
      running = started;
    },
    // The service manager starts it anew, and what the phones were not told of is told then, if it is there.
    crash: (error: Error) => {
      log.error("server.crashed", { error });
      noteCrash(config.dataDir, error, clock.now());
      process.exit(1);
    },
  };
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

async function failStart(error: unknown, filesRead: readonly string[]): Promise<never> {
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
  if (code === "EADDRINUSE" && port !== undefined) {
    const holder = await holderOfPort(port, runProgram);
    const by = holder === undefined ? "" : ` by ${holder}`;
    fail(`Port ${port} is taken${by}. Stop what listens there, or start with PORT=0 or another port.`, 1);
  }
  if (code === "EACCES" && port !== undefined)
    fail(`Port ${port} may not be bound by this user. Choose one above 1023.`, 1);
  if (error instanceof FolderTakenError) fail(error.message, 1);
  return fail(`Daylong could not start: ${startFailure(error)}`, 1);
}
