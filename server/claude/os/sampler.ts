import type { Clock } from "../../domain/ports.ts";
import type { ChildTree, ProcessUsage } from "../../domain/processes/process.ts";
import type { Root } from "./descendants.ts";
import type { OperatingSystem } from "./operatingSystem.ts";
import { type ProcRow, ticksPerSecond, treeOf } from "./processTable.ts";
import type { Reaper } from "./reaper.ts";

/**
 * PSS is read again when the resident pages have changed by more than this share: the kernel walks all of them for it.
 */
const restingShare = 0.02;
/** And at the latest after this: the shared part weighs more when other processes are gone. */
const restingMs = 60_000;

/**
 * How long a tree stays in the CLI's process group before it is a server for good. A shell that runs a tool is forked in the CLI's
 * group and leaves it before it runs anything: milliseconds, or some hundred of them where the cores are busy.
 */
const settledMs = 1_000;

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

/** A CLI process to sample. */
export interface Sampled {
  /** The name of its use in the result. */
  processId: string;
  root: Root & { pid: number };
  /** Whether it has begun a tool: what it started before that is none's. */
  hasUsedTools(): boolean;
}

/** A tree that is a server, or may be one. */
interface ServerCandidate {
  /** Of the first sample, by the monotonic clock. */
  since: number;
  /** It is one, and stays one when it leaves the CLI's group later on. */
  isSettled: boolean;
}

export interface SamplerParts {
  clock: Clock;
  os: OperatingSystem;
  /** Knows, and is told, what is below the processes. */
  reaper: Pick<Reaper, "note" | "seenPids">;
}

/**
 * Sampler of memory and CPU of CLI processes and of the trees that they started; CPU is the share of one core since the
 * sample before. Cheap for what rests: of strangers the process table knows already, and the memory of a process whose
 * resident pages did not change is not read again.
 */
export class Sampler {
  readonly #parts: SamplerParts;
  readonly #table: ReturnType<OperatingSystem["openTable"]>;
  #earlier = new Map<number, Earlier>();
  /** By the pid and start time at the top of the tree. */
  #candidates = new Map<string, ServerCandidate>();

  constructor(parts: SamplerParts) {
    this.#parts = parts;
    this.#table = parts.os.openTable();
  }

  async sample(processes: readonly Sampled[]): Promise<Map<string, ProcessUsage>> {
    if (processes.length === 0) return new Map();
    const { clock, os, reaper } = this.#parts;
    const usedBefore = new Set(processes.filter((one) => one.hasUsedTools()));
    const rows = await this.#table.read(
      processes.flatMap(({ root }) => [root.pid, ...reaper.seenPids(root.processId)]),
    );
    // A tool that began while the table was read may have its shell in it.
    const unusedAfter = new Set(processes.filter((one) => !one.hasUsedTools()));
    const now = clock.monotonic();
    const seen = new Map<number, Earlier>();
    const candidates = new Map<string, ServerCandidate>();
    const usages = new Map<string, ProcessUsage>();
    for (const process of processes) {
      const { processId, root } = process;
      const found = reaper.note(rows, root);
      const usage = { rssBytes: 0, cpuPercent: 0, ownCpuPercent: 0, processCount: found.length };
      const bytes = new Map<number, number>();
      for (const row of found) {
        const earlier = this.#earlier.get(row.pid);
        const before = earlier?.startTicks === row.startTicks ? earlier : undefined;
        const memory = isResting(row, before, now)
          ? before
          : { residentPages: row.residentPages, bytes: await os.memoryOf(row), readAt: now };
        const cpuPercent = cpuPercentOf(row, before, now);
        bytes.set(row.pid, memory.bytes);
        usage.cpuPercent += cpuPercent;
        // The CLI leads its group, and every shell of a tool one of its own.
        if (row.pgid === root.pid) usage.ownCpuPercent += cpuPercent;
        const { startTicks, cpuTicks } = row;
        const { residentPages, readAt } = memory;
        seen.set(row.pid, {
          startTicks,
          ticks: cpuTicks,
          at: now,
          residentPages,
          bytes: memory.bytes,
          readAt,
        });
      }
      usage.rssBytes = bytes.get(root.pid) ?? 0;
      usage.cpuPercent = toTenths(usage.cpuPercent);
      usage.ownCpuPercent = toTenths(usage.ownCpuPercent);
      const trees = topsOf(found, root.pid).map((top): ChildTree => {
        const key = `${top.pid} ${top.startTicks}`;
        const { since = now, isSettled = false } = this.#candidates.get(key) ?? {};
        const isTool = !isSettled && usedBefore.has(process) && top.pgid !== root.pid;
        const isServer = isSettled || unusedAfter.has(process) || now - since >= settledMs;
        if (!isTool) candidates.set(key, { since, isSettled: isServer });
        const kind = isTool ? "tool" : isServer ? "server" : "unknown";
        const rssBytes = treeOf(found, top.pid).reduce((total, { pid }) => total + (bytes.get(pid) ?? 0), 0);
        return { pid: top.pid, startTicks: top.startTicks, kind, rssBytes };
      });
      usages.set(processId, Object.assign(usage, { trees }));
    }
    this.#earlier = seen;
    this.#candidates = candidates;
    return usages;
  }
}

/** The tops of the trees below a CLI: its own children, and what was handed to init. */
const topsOf = (found: readonly ProcRow[], cliPid: number): ProcRow[] => {
  const pids = new Set(found.map(({ pid }) => pid));
  return found.filter(({ pid, ppid }) => pid !== cliPid && (ppid === cliPid || !pids.has(ppid)));
};

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
