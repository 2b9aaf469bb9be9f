import { statfs } from "node:fs/promises";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { homedir } from "node:os";
import { type Config, ConfigError, readConfig } from "../../app/config.ts";
import { expandPath } from "../../platform/filesystem/paths.ts";
import { runProgram } from "../../platform/runProgram.ts";
import { ownAutostart } from "../autostart/ownAutostart.ts";
import { ask, callerDir, readServer } from "../runningServer.ts";
import { demoDataDir } from "../start/demo.ts";
import type { Patient } from "./finding.ts";

const patienceMs = 5_000;

/** Reads the settings, those with faults left out, so that one of them hides nothing else. */
export function readSoundly(environment: Readonly<Record<string, string | undefined>>): {
  config: Config;
  faults: string[];
} {
  try {
    return { config: readConfig(environment), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const names = error.faults.flatMap((fault) => fault.split(":", 1)[0]!.split(", "));
    const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
    // A fault between settings may name one that is not set; without the others of its kind it is none.
    const sound =
      Object.keys(rest).length < Object.keys(environment).length ? rest : withoutApns(environment);
    const { config, faults } = readSoundly(sound);
    return { config, faults: [...error.faults, ...faults] };
  }
}

const withoutApns = (environment: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(APNS_|TLS|HOST$|SESSION_)/.test(name)),
  );

/** This computer, with the settings that a start would have. */
export async function thisComputer(dataDir: string | undefined): Promise<Patient> {
  const { gatherSettings } = await import("../start/configuration.ts");
  const own = dataDir ?? (process.env.DATA_DIR?.trim() || undefined);
  const usual = gatherSettings({ demo: false, dataDir });
  const folder = readSoundly(usual.environment).config.dataDir;
  // As the other commands do: the demo's folder where no server runs in the default one.
  const demoFolder = expandPath(own ?? demoDataDir, callerDir());
  const runsDemo = (own !== undefined || !readServer(folder)) && readServer(demoFolder)?.isDemo === true;
  const { environment, faults } = runsDemo ? gatherSettings({ demo: true, dataDir: demoFolder }) : usual;
  const sound = readSoundly(environment);
  const base = environment.ANTHROPIC_BASE_URL ?? "https://api.anthropic.com";
  return {
    config: sound.config,
    environment,
    faults: [...faults, ...sound.faults],
    isDemo: runsDemo,
    homeDir: homedir(),
    nodeVersion: process.version,
    server: readServer(sound.config.dataDir),
    service: { status: async () => ownAutostart().status() },
    run: runProgram,
    now: () => Date.now(),
    freeBytesOf: async (path) => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
    timeElsewhere: () => dateOf(base),
    healthOf: (server) => ask(server, "GET", "/health", undefined, undefined, [503]),
  };
}

/** The `Date` header of an answer, whatever its status. No request of this kind costs anything. */
export function dateOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const send = url.startsWith("https:") ? requestSecure : requestPlain;
    const sent = send(url, { method: "HEAD", timeout: patienceMs }, (answer) => {
      answer.resume();
      const at = Date.parse(answer.headers.date ?? "");
      resolve(Number.isNaN(at) ? undefined : at);
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}
