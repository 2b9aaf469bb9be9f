import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { linuxSystem } from "../../server/claude/os/operatingSystem.ts";
import { ticksPerSecond } from "../../server/claude/os/processTable.ts";
import { Reaper } from "../../server/claude/os/reaper.ts";
import { Sampler } from "../../server/claude/os/sampler.ts";
import { startDemoModel } from "../../server/demo/model.ts";
import { systemClock } from "../../server/platform/clock.ts";
import { readFlags } from "../../server/platform/flags.ts";
import { pause } from "../support/pause.ts";
import {
  benchEnvironment,
  childrenOf,
  type DaylongServer,
  eventually,
  makeBench,
  startServer,
} from "../support/server/daylongServer.ts";

/**
 * What a server costs that has nothing to do: its own CPU time while its CLI processes are idle, and the part of it that
 * the samples of their use take. All settings are the defaults, a spare included, but for the number of processes and the
 * room for them.
 */
const { values } = readFlags("scripts/bench --idle", {
  flags: {
    idle: { type: "boolean" },
    processes: { type: "number", whole: true, min: 1 },
    seconds: { type: "number", whole: true, min: 5 },
    json: { type: "boolean" },
  },
});
const { processes = 10, seconds = 60 } = values;
/** A CLI goes on for some seconds after its first answer: titles, caches, garbage. */
const settleMs = 10_000;
const samples = 20;
/** `PREWARMED_PROCESSES`' default. */
const spares = 1;
/** `RESOURCE_SAMPLE_SECONDS`' default. */
const sampleEverySeconds = 5;

/** CPU time of a process, its threads included and its children not, in ticks (proc(5), fields 14 and 15). */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Shares of one core, in percent, of the server and of its CLI processes together, over the measured time. */
async function watchIdle(server: DaylongServer, clis: number[]) {
  const cliTicks = () => clis.reduce((sum, pid) => sum + ticksOf(pid), 0);
  const before = { server: ticksOf(server.pid), clis: cliTicks(), at: performance.now() };
  await pause(seconds * 1_000);
  const tookSeconds = (performance.now() - before.at) / 1_000;
  const share = (ticks: number) => round((ticks / ticksPerSecond / tookSeconds) * 100);
  return {
    serverPercent: share(ticksOf(server.pid) - before.server),
    cliPercent: share(cliTicks() - before.clis),
  };
}

/** The same samples as the server takes, taken here, where nothing else adds to the CPU time. */
async function watchSamples(clis: number[]) {
  const sampler = new Sampler({
    clock: systemClock,
    os: linuxSystem,
    reaper: new Reaper({ os: linuxSystem, clock: systemClock }),
  });
  const roots = clis.map((pid) => {
    const processId = String(pid);
    return { processId, root: { processId, pid, startTicks: null }, hasUsedTools: true };
  });
  const cost = async () => {
    const cpu = process.cpuUsage();
    const beganAt = performance.now();
    await sampler.sample(roots);
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1_000, tookMs: performance.now() - beganAt };
  };
  const first = await cost();
  const later: Array<Awaited<ReturnType<typeof cost>>> = [];
  for (let index = 0; index < samples; index += 1) {
    await pause(200);
    later.push(await cost());
  }
  const median = (of: (one: { cpuMs: number; tookMs: number }) => number) =>
    later.map(of).sort((a, b) => a - b)[Math.floor(later.length / 2)]!;
  const cpuMs = median((one) => one.cpuMs);
  return {
    firstSampleCpuMs: round(first.cpuMs),
    sampleCpuMs: round(cpuMs),
    sampleTookMs: round(median((one) => one.tookMs)),
    samplesPercent: round(cpuMs / (sampleEverySeconds * 10)),
  };
}

async function main(): Promise<void> {
  if (process.platform !== "linux")
    throw new Error("The CPU time of a process is read from /proc: only on Linux.");
  const bench = makeBench();
  const model = await startDemoModel();
  let server: DaylongServer | undefined;
  try {
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      MAX_CONCURRENT_SESSIONS: String(processes),
      // Nothing is to be parked meanwhile.
      MAX_TOTAL_MEMORY_GB: String(Math.max(2, processes)),
      PREWARMED_PROCESSES: String(spares),
    });
    for (let index = 0; index < processes; index += 1) {
      const { body } = await server.ask(
        "POST",
        "/api/chat",
        { message: "say: hello there", projectPath: bench.project },
        { headers: { prefer: "wait=120" } },
      );
      if (body.state !== "completed") throw new Error(`A session did not begin: ${JSON.stringify(body)}`);
    }
    const { pid } = server;
    const all = () => childrenOf(pid).length === processes + spares;
    await eventually(`${processes} processes and the spare`, all, 60_000);
    await pause(settleMs);
    const clis = childrenOf(pid);
    const idle = await watchIdle(server, clis);
    const sampling = await watchSamples(clis);
    if (!all()) throw new Error(`${childrenOf(pid).length} CLI processes lived to the end.`);
    const result = { processes, spares, seconds, ...idle, ...sampling };
    const machine = { node: process.version, platform: `${process.platform}-${process.arch}` };
    console.log(
      JSON.stringify({ ...machine, cores: cpus().length, ...result }, undefined, values.json ? 0 : 2),
    );
    if (!values.json) console.table([result]);
  } finally {
    await server?.kill("SIGTERM");
    await model.stop();
    bench.remove();
  }
}

const round = (value: number): number => Number(value.toFixed(2));

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
