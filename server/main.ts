import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { config as readDotenv } from "dotenv";
import { type RunningDaylong, readVersion, startDaylong } from "./app/compose.ts";
import { ConfigError, readConfig } from "./app/config.ts";
import { noteCrash } from "./app/lastCrash.ts";
import { type DemoModel, startDemoModel } from "./demo/model.ts";
import { readFlags } from "./platform/flags.ts";
import { FolderTakenError } from "./platform/folderLock.ts";
import { openLog } from "./platform/log.ts";
import { SteadyClock } from "./platform/steadyClock.ts";

/** sysexits.h: EX_CONFIG. */
const exitConfig = 78;
/** After an uncaught exception the stop may take so long; a part that is broken may never end. */
const stopDeadlineMs = 20_000;
const packagePath = fileURLToPath(new URL("../../package.json", import.meta.url));

const flags = readFlags("scripts/start", {
  demo: { type: "boolean" },
  "data-dir": { type: "string" },
  port: { type: "string" },
});

/** A folder of its own, a project to play with, and nothing of the owner's: neither login nor settings nor network. */
function demoEnvironment(environment: Record<string, string | undefined>) {
  const dataDir = environment.DATA_DIR ?? join(homedir(), ".daylong-demo");
  const project = join(dataDir, "projects", "hello");
  mkdirSync(join(dataDir, "home"), { recursive: true, mode: 0o700 });
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, "README.md"),
    "# Hello\n\nA project to try Daylong with. The demo model may change it.\n",
  );
  return { ...environment, DATA_DIR: dataDir, PROJECT_ROOTS: join(dataDir, "projects") };
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
  HOME: join(dataDir, "home"),
  CLAUDE_CONFIG_DIR: join(dataDir, "claude"),
  ANTHROPIC_BASE_URL: model.url,
  // Any key will do; the demo model does not look at it.
  ANTHROPIC_API_KEY: "demo",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
});

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

async function main(): Promise<void> {
  const cwd = process.env.DAYLONG_CWD ?? process.cwd();
  // The folder the command was called from; what the environment says wins over the file.
  const file: Record<string, string> = {};
  readDotenv({ path: resolve(cwd, ".env"), processEnv: file, quiet: true });
  let environment: Record<string, string | undefined> = { ...file, ...process.env };
  if (flags["data-dir"] !== undefined) environment.DATA_DIR = resolve(cwd, flags["data-dir"]);
  if (flags.port !== undefined) environment.PORT = flags.port;
  if (flags.demo) environment = demoEnvironment(environment);

  const config = readConfig(environment);
  const interactive = process.stdout.isTTY === true;
  const log = openLog(config.logLevel, interactive);
  const clock = new SteadyClock({ onFault: (error) => log.error("clock.step_put_off", { error }) });
  const version = readVersion(packagePath);
  const model = flags.demo ? await startDemoModel() : undefined;
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
  running = await startDaylong({ config, environment, clock, log, version, cliEnvironment, crash });
  // A program that started the server learns the address from this line; a person reads the words below.
  const announce = interactive ? log.info : log.announce;
  announce("server.ready", { url: running.url, version, dataDir: config.dataDir, demo: flags.demo === true });
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
  fail(`Daylong could not start: ${error instanceof Error ? error.message : String(error)}`, 1);
});
