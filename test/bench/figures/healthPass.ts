import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { linuxSystem } from "../../../server/claude/os/operatingSystem.ts";
import { Reaper } from "../../../server/claude/os/reaper.ts";
import { Sampler } from "../../../server/claude/os/sampler.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { childrenOf, eventually } from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";

const treeCount = 10;
/** Processes of a tree: the CLI and what its tools started. */
const treeSize = 4;
const usualRounds = 60;

const startTree = (): ChildProcess =>
  spawn("/bin/sh", ["-c", `${"sleep 3600 & ".repeat(treeSize - 1)} wait`], {
    detached: true,
    stdio: "ignore",
  });

const pidsOf = (root: number): number[] => [root, ...childrenOf(root).flatMap(pidsOf)];

/**
 * One pass over ten process trees: what the health monitor's sampler takes, beside one read of the files that it reads. The
 * first pass of a new sampler reads the whole table, and the memory of each process.
 */
export async function healthPass(run: BenchRun): Promise<Measured[]> {
  if (process.platform !== "linux") throw new Error("The floor reads /proc: only on Linux.");
  const trees = Array.from({ length: treeCount }, startTree);
  const samplerOf = () =>
    new Sampler({
      clock: systemClock,
      os: linuxSystem,
      reaper: new Reaper({ os: linuxSystem, clock: systemClock }),
    });
  const times = { pass: [] as number[], files: [] as number[], first: [] as number[], all: [] as number[] };
  const timed = async (work: () => Promise<unknown>, into: number[]) => {
    const beganAt = performance.now();
    await work();
    into.push(performance.now() - beganAt);
  };
  try {
    await eventually("the trees", () => trees.every(({ pid }) => pidsOf(pid!).length === treeSize));
    const pids = trees.flatMap(({ pid }) => pidsOf(pid!));
    const roots = trees.map(({ pid }) => {
      const processId = String(pid);
      return { processId, root: { processId, pid: pid!, startTicks: null }, hasUsedTools: () => true };
    });
    const sampler = samplerOf();
    await sampler.sample(roots);
    const stats = (wanted: readonly number[]) =>
      Promise.all(wanted.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
    const listed = async () => (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
    const rounds = roundsOf(run, usualRounds, 8);
    await inTurns(run, rounds, [
      () => timed(() => sampler.sample(roots), times.pass),
      () => timed(async () => [await listed(), await stats(pids)], times.files),
    ]);
    await inTurns(run, Math.ceil(rounds / 4), [
      () => timed(() => samplerOf().sample(roots), times.first),
      () =>
        timed(async () => {
          await stats(await listed());
          for (const pid of pids) await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
        }, times.all),
    ]);
  } finally {
    for (const { pid } of trees) process.kill(-pid!, "SIGKILL");
  }
  const floorName = "the same /proc files";
  return [
    {
      figure: "health pass over ten process trees",
      unit: "ms",
      ours: times.pass,
      floorName,
      floor: times.files,
      reach: { ratio: 2, better: "lower" },
    },
    {
      figure: "the first pass",
      unit: "ms",
      ours: times.first,
      floorName,
      floor: times.all,
      reach: { ratio: 2, better: "lower" },
    },
  ];
}
