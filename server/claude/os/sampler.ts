import { readFile } from "node:fs/promises";
import pidusage from "pidusage";
import type { Clock } from "../../domain/ports.ts";
import type { ProcessUsage } from "../../domain/processes/process.ts";
import { ProcessTable, type ProcRow, ticksPerSecond, treeOf } from "./processTable.ts";

/**
 * PSS is read again when the resident pages have changed by more than this share: the kernel walks all of them for it.
 */
const restingShare = 0.02;
/** And at the latest after this: the shared part weighs more when other processes are gone. */
const restingMs = 60_000;

/** The readings of a process that are remembered from one sample to the next. */
interface Earlier {
  startTicks: string;
  ticks: number;
  at: number;
  /** Resident pages when its memory was last read. */
  residentPages: number;
  bytes: number;
  readAt: number;
}

/**
 * Memory of one process. PSS on Linux: summed RSS would count the shared pages of the CLI's 360 MB binary once for
 * every process. RSS where PSS cannot be read.
 */
async function memoryBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  const pss = /^Pss:\s+(\d+) kB/m.exec(rollup);
  if (pss) return Number(pss[1]) * 1_024;
  if (process.platform === "linux") {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1_024;
  }
  return pidusage(pid).then(
    (usage) => usage.memory,
    () => 0,
  );
}

/**
 * Sampler of memory and CPU of process trees; CPU is the share of one core since the sample before. Cheap for what
 * rests: of strangers the process table knows already, and the memory of a process whose resident pages did not change
 * is not read again.
 */
export class Sampler {
  readonly #clock: Clock;
  readonly #table = new ProcessTable();
  #earlier = new Map<number, Earlier>();

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  async sample(roots: ReadonlyArray<{ processId: string; pid: number }>): Promise<Map<string, ProcessUsage>> {
    if (roots.length === 0) return new Map();
    const rows = await this.#table.read(roots.map(({ pid }) => pid));
    const now = this.#clock.monotonic();
    const seen = new Map<number, Earlier>();
    const usages = new Map<string, ProcessUsage>();
    for (const { processId, pid } of roots) {
      const tree = treeOf(rows, pid);
      const usage = { rssBytes: 0, cpuPercent: 0, ownCpuPercent: 0, processCount: tree.length };
      for (const row of tree) {
        const earlier = this.#earlier.get(row.pid);
        const before = earlier?.startTicks === row.startTicks ? earlier : undefined;
        const memory = isResting(row, before, now)
          ? before
          : { residentPages: row.residentPages, bytes: await memoryBytes(row.pid), readAt: now };
        const { residentPages, bytes, readAt } = memory;
        const cpuPercent = cpuPercentOf(row, before, now);
        usage.rssBytes += bytes;
        usage.cpuPercent += cpuPercent;
        // The CLI leads its group, and every shell of a tool one of its own.
        if (row.pgid === pid) usage.ownCpuPercent += cpuPercent;
        const { startTicks, cpuTicks } = row;
        seen.set(row.pid, { startTicks, ticks: cpuTicks, at: now, residentPages, bytes, readAt });
      }
      usage.cpuPercent = toTenths(usage.cpuPercent);
      usage.ownCpuPercent = toTenths(usage.ownCpuPercent);
      usages.set(processId, usage);
    }
    this.#earlier = seen;
    return usages;
  }
}

/** Whether the memory that was read at an earlier sample still holds. */
function isResting(row: ProcRow, before: Earlier | undefined, now: number): before is Earlier {
  if (before === undefined || row.residentPages === 0 || now - before.readAt >= restingMs) return false;
  return Math.abs(row.residentPages - before.residentPages) <= before.residentPages * restingShare;
}

const toTenths = (value: number): number => Math.round(value * 10) / 10;

function cpuPercentOf(row: ProcRow, before: Earlier | undefined, now: number): number {
  if (before === undefined || now <= before.at || row.cpuTicks < before.ticks) return 0;
  return ((row.cpuTicks - before.ticks) / ticksPerSecond / ((now - before.at) / 1_000)) * 100;
}
