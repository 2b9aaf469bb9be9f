import { readFileSync } from "node:fs";
import { linuxSystem } from "../../../server/claude/os/operatingSystem.ts";
import { ticksPerSecond } from "../../../server/claude/os/processTable.ts";
import { Reaper } from "../../../server/claude/os/reaper.ts";
import { Sampler } from "../../../server/claude/os/sampler.ts";
import { startDemoModel } from "../../../server/demo/model.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { pause } from "../../support/pause.ts";
import {
  benchEnvironment,
  childrenOf,
  eventually,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, roundsOf } from "../report/run.ts";
import { median } from "../report/statistics.ts";
import { BareSide } from "../sides/bareSide.ts";
import { residentBytes } from "../sides/residentBytes.ts";

const processCount = 10;
/** `PREWARMED_PROCESSES`' default. */
const spareCount = 1;
/** `RESOURCE_SAMPLE_SECONDS`' default. */
const sampleEverySeconds = 5;
/** A CLI goes on for some seconds after its first answer: titles, caches, garbage. */
const settleMs = 10_000;
const usualWindows = 6;
const windowMs = 10_000;
const samples = 20;

/** CPU time of a process, its threads included and its children not, in ticks (proc(5), fields 14 and 15). */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** CPU time of one sample of these processes, taken here, where nothing else adds to it, ms. */
async function sampleCpuMs(clis: readonly number[]): Promise<number> {
  const sampler = new Sampler({
    clock: systemClock,
    os: linuxSystem,
    reaper: new Reaper({ os: linuxSystem, clock: systemClock }),
  });
  const roots = clis.map((pid) => {
    const processId = String(pid);
    return { processId, root: { processId, pid, startTicks: null }, hasUsedTools: () => true };
  });
  await sampler.sample(roots);
  const costs: number[] = [];
  for (let index = 0; index < samples; index += 1) {
    await pause(200);
    const before = process.cpuUsage();
    await sampler.sample(roots);
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1_000);
  }
  return median(costs);
}

/**
 * What a server costs that has nothing to do, with ten idle processes of the real CLI and a spare, beside node with Express and
 * ws in it. All settings are the defaults, but for the room for the processes.
 */
export async function rest(run: BenchRun): Promise<Measured[]> {
  if (process.platform !== "linux")
    throw new Error("The CPU time of a process is read from /proc: only on Linux.");
  const bench = makeBench();
  const model = await startDemoModel();
  const bare = await BareSide.start();
  const first = makeBench();
  // The first server of a program is asked for the document of its interface, of which some 2 MB stay in its memory.
  await (await startServer(benchEnvironment(first, model.url))).kill("SIGTERM");
  first.remove();
  const server = await startServer(
    Object.assign(benchEnvironment(bench, model.url), {
      // A server without a free place keeps no spare.
      MAX_CONCURRENT_SESSIONS: String(processCount + spareCount),
      // Nothing is to be parked meanwhile.
      MAX_TOTAL_MEMORY_GB: "16",
      PREWARMED_PROCESSES: String(spareCount),
      // As `scripts/start` and the service start it.
      MALLOC_ARENA_MAX: "1",
    }),
  );
  const cpu = { ours: [] as number[], bare: [] as number[], clis: [] as number[] };
  const memory = { ours: [] as number[], bare: [] as number[] };
  try {
    for (let index = 0; index < processCount; index += 1) {
      const { body } = await server.ask(
        "POST",
        "/api/chat",
        { message: "say: hello there", projectPath: bench.project },
        { headers: { prefer: "wait=120" } },
      );
      if (body.state !== "completed") throw new Error(`A session did not begin: ${JSON.stringify(body)}`);
    }
    const { pid } = server;
    const all = () => childrenOf(pid).length === processCount + spareCount;
    await eventually(`${processCount} processes and the spare`, all, 120_000);
    await pause(settleMs);
    const clis = childrenOf(pid);
    const pids = { ours: [pid], bare: [bare.pid], clis };
    for (let window = 0; window < roundsOf(run, usualWindows); window += 1) {
      run.noise.probe();
      const ticks = () =>
        Object.values(pids).map((some) => some.reduce((total, one) => total + ticksOf(one), 0));
      const before = ticks();
      const beganAt = performance.now();
      await pause(windowMs);
      const seconds = (performance.now() - beganAt) / 1_000;
      const after = ticks();
      for (const [index, side] of (["ours", "bare", "clis"] as const).entries())
        cpu[side].push(((after[index]! - before[index]!) / ticksPerSecond / seconds) * 100);
      memory.ours.push(residentBytes(pid) / 2 ** 20);
      memory.bare.push(residentBytes(bare.pid) / 2 ** 20);
    }
    const sampleMs = await sampleCpuMs(clis);
    run.say(
      `the ${clis.length} CLI processes themselves: ${median(cpu.clis).toFixed(1)} % of a core; ` +
        `one sample of them: ${sampleMs.toFixed(2)} ms, ${(sampleMs / (sampleEverySeconds * 10)).toFixed(3)} % of a core`,
    );
    if (!all()) throw new Error(`${childrenOf(pid).length} CLI processes lived to the end.`);
  } finally {
    await server.kill("SIGTERM");
    await bare.stop();
    await model.stop();
    bench.remove();
  }
  const floorName = "node, Express, ws";
  return [
    {
      figure: "at rest with ten processes, CPU",
      unit: "%",
      ours: cpu.ours,
      floorName,
      floor: cpu.bare,
      reach: { atMost: 0.6 },
    },
    {
      figure: "at rest with ten processes, memory",
      unit: "MB",
      ours: memory.ours,
      floorName,
      floor: memory.bare,
      reach: { atMost: 90 },
    },
  ];
}
