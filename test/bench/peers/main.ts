import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDemoModel } from "../../../server/demo/model.ts";
import { readFlags } from "../../../server/platform/flags.ts";
import { type Bench, benchEnvironment, makeBench } from "../../support/server/daylongServer.ts";
import { type FigureRow, sumUp } from "../report/figure.ts";
import { NoiseMeter } from "../report/noise.ts";
import { type BenchReport, tableOf } from "../report/report.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { DaylongSide } from "../sides/daylongSide.ts";
import { cliBinary, RawCli } from "../sides/rawCli.ts";
import { cloudcli } from "./cloudcli.ts";
import { hapi } from "./hapi.ts";
import { endProcessesOf, type Peer, type PeerTiming, type RunningPeer, said } from "./peer.ts";
import { claudeMaxApiProxy } from "./proxy.ts";

/**
 * The same turns through the systems that people use today, with the same CLI and the same model, in one run. They are
 * installed from npm into a temporary folder, which goes with the run, or into one that is kept.
 */
const { values } = readFlags("scripts/bench --peers", {
  flags: {
    effort: { type: "number", min: 0.01, max: 20 },
    json: { type: "boolean" },
    folder: { type: "text" },
  },
});
const peers: Peer[] = [claudeMaxApiProxy, hapi, cloudcli];
const usualConversations = 4;
const usualTurns = 8;
const usualPaced = 3;
const instant = `say: ${said}`;
/** The demo model says it word by word over a second. */
const paced = "slow: 1";

/** A peer's program finds the CLI under its name, and nothing beyond this computer. */
function environmentFor(bench: Bench, modelUrl: string, name: string): Record<string, string> {
  const bin = join(bench.dir, "bin");
  mkdirSync(bin, { recursive: true });
  const home = join(bench.dir, name.replaceAll("/", "-"));
  mkdirSync(home, { recursive: true });
  const { DATA_DIR: _data, PROJECT_ROOTS: _roots, PORT: _port, ...rest } = benchEnvironment(bench, modelUrl);
  // Nobody listens on the discard port: what asks for the world outside is refused at once.
  const nowhere = "http://127.0.0.1:9";
  return Object.assign(rest, {
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, ".claude"),
    PATH: `${bin}:${process.env.PATH}`,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
    npm_config_fetch_retries: "0",
    npm_config_update_notifier: "false",
    CLAUDE_CLI_PATH: cliBinary(),
    DISABLE_AUTOUPDATER: "1",
    IS_SANDBOX: "1",
  });
}

function install(folder: string, packageName: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "node_modules", packageName, "package.json");
  if (!existsSync(path)) {
    writeFileSync(join(folder, "package.json"), '{"private":true}');
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", packageName], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  return execFileSync(process.execPath, ["-p", `require(${JSON.stringify(path)}).version`], {
    encoding: "utf8",
  }).trim();
}

/** Daylong and the raw CLI, driven like the peers. */
async function daylongPeer(environment: Record<string, string>, project: string): Promise<RunningPeer> {
  const side = await DaylongSide.start(Object.assign({}, environment, { PREWARMED_PROCESSES: "1" }));
  let sessionId: string | undefined;
  const timed = async (place: Record<string, string>, message: string): Promise<PeerTiming> => {
    const timing = await side.turn(place, message);
    sessionId = timing.sessionId;
    return { firstWordMs: timing.firstDeltaMs, completedMs: timing.completedMs };
  };
  return {
    async begin(message) {
      if (sessionId !== undefined) await side.endSession(sessionId);
      return timed({ projectPath: project }, message);
    },
    goOn: (message) => timed({ sessionId: sessionId! }, message),
    stop: () => side.stop(),
  };
}

function rawPeer(environment: Record<string, string>, project: string): RunningPeer {
  let cli: RawCli | undefined;
  const timed = async (message: string, beganAt: number): Promise<PeerTiming> => {
    const { firstDeltaMs, completedMs } = await cli!.turn(message, beganAt);
    return { firstWordMs: firstDeltaMs, completedMs };
  };
  return {
    async begin(message) {
      await cli?.stop();
      const beganAt = performance.now();
      cli = new RawCli(project, environment);
      return timed(message, beganAt);
    },
    goOn: (message) => timed(message, performance.now()),
    stop: async () => cli?.stop(),
  };
}

const kinds = ["first message", "warm turn", "warm turn, a word at a time"] as const;
type Times = Record<(typeof kinds)[number], PeerTiming[]>;
const noTimes = (): Times => ({ "first message": [], "warm turn": [], "warm turn, a word at a time": [] });

async function main(): Promise<void> {
  const noise = new NoiseMeter();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const run: BenchRun = { effort: values.effort ?? 1, noise, say };
  const bench = makeBench();
  const model = await startDemoModel();
  const failures: BenchReport["failures"] = [];
  const times = new Map<string, Times>();
  const running = new Map<string, RunningPeer>();
  const unpaced = new Set<string>();
  const environment = benchEnvironment(bench, model.url);
  const homes: string[] = [environment.HOME!];
  // The peers' own daemons live on without their parent.
  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)
    process.once(signal, () => {
      for (const home of homes) endProcessesOf(home);
      bench.remove();
      process.exit(exitCode);
    });
  try {
    running.set("raw CLI", rawPeer(environment, bench.project));
    running.set("Daylong", await daylongPeer(environment, bench.project));
    mkdirSync(join(bench.dir, "bin"), { recursive: true });
    symlinkSync(cliBinary(), join(bench.dir, "bin", "claude"));
    for (const peer of peers) {
      try {
        const folder = join(values.folder ?? join(bench.dir, "peers"), peer.name);
        say(`installing ${peer.packageName}`);
        const version = install(folder, peer.packageName);
        say(`starting ${peer.name} ${version}`);
        const own = environmentFor(bench, model.url, peer.packageName);
        homes.push(own.HOME!);
        const started = await peer.start({ folder, project: bench.project, environment: own });
        const name = `${peer.name} ${version}`;
        running.set(name, started);
        if (peer.notPaced !== undefined) {
          unpaced.add(name);
          failures.push({ figure: `${name}, a word at a time`, reason: peer.notPaced });
        }
        await started.begin(instant);
      } catch (error) {
        failures.push({ figure: peer.name, reason: String(error) });
      }
    }
    const failed = (name: string, error: unknown) => {
      failures.push({ figure: name, reason: String(error) });
      times.delete(name);
    };
    for (const name of running.keys()) times.set(name, noTimes());
    const each = (kind: keyof Times, how: (peer: RunningPeer) => Promise<PeerTiming>) =>
      [...running].map(([name, peer]) => async () => {
        const own = times.get(name);
        if (own === undefined || (kind === "warm turn, a word at a time" && unpaced.has(name))) return;
        try {
          own[kind].push(await how(peer));
        } catch (error) {
          failed(name, error);
        }
      });
    for (let conversation = 0; conversation < roundsOf(run, usualConversations); conversation += 1) {
      await inTurns(
        run,
        1,
        each("first message", (peer) => peer.begin(instant)),
      );
      await inTurns(
        run,
        roundsOf(run, usualTurns),
        each("warm turn", (peer) => peer.goOn(instant)),
      );
      await inTurns(
        run,
        roundsOf(run, usualPaced),
        each("warm turn, a word at a time", (peer) => peer.goOn(paced)),
      );
    }
  } finally {
    for (const peer of running.values()) await peer.stop();
    for (const home of homes) endProcessesOf(home);
    await model.stop();
    bench.remove();
  }
  const raw = times.get("raw CLI");
  const rows: FigureRow[] = [];
  for (const kind of kinds)
    for (const [what, of] of [
      ["first word", "firstWordMs"],
      ["end", "completedMs"],
    ] as const)
      for (const [name, own] of times)
        if (raw !== undefined && name !== "raw CLI" && own[kind].length > 0)
          rows.push(
            sumUp({
              figure: `${kind}, ${what}: ${name}`,
              unit: "ms",
              ours: own[kind].map((timing) => timing[of]),
              floorName: "raw CLI",
              floor: raw[kind].map((timing) => timing[of]),
            }),
          );
  const report: BenchReport = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    commit: "",
    rows,
    failures,
    noise: noise.report(),
  };
  console.log(values.json ? JSON.stringify(report) : tableOf(report));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
