import { readFile } from "node:fs/promises";
import pidusage from "pidusage";
import type { Clock } from "../domain/ports.ts";
import type { ProcessUsage } from "../domain/process.ts";
import { type ProcRow, readProcTable, ticksPerSecond, treeOf } from "./proctable.ts";

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

/** Use of process trees; CPU is the share of one core since the sample before. */
export class Sampler {
  readonly #clock: Clock;
  readonly #before = new Map<number, { ticks: number; at: number }>();

  constructor(parts: { clock: Clock }) {
    this.#clock = parts.clock;
  }

  async sample(roots: ReadonlyArray<{ processId: string; pid: number }>): Promise<Map<string, ProcessUsage>> {
    const rows = await readProcTable();
    const now = this.#clock.now();
    const seen = new Set<number>();
    const entries = await Promise.all(
      roots.map(async ({ processId, pid }) => {
        const tree = treeOf(rows, pid);
        const bytes = await Promise.all(tree.map((row) => memoryBytes(row.pid)));
        const usage: ProcessUsage = {
          rssBytes: bytes.reduce((total, value) => total + value, 0),
          cpuPercent:
            Math.round(tree.reduce((total, row) => total + this.#cpuPercent(row, now, seen), 0) * 10) / 10,
          processCount: tree.length,
        };
        return [processId, usage] as const;
      }),
    );
    for (const pid of this.#before.keys()) if (!seen.has(pid)) this.#before.delete(pid);
    return new Map(entries);
  }

  #cpuPercent(row: ProcRow, now: number, seen: Set<number>): number {
    seen.add(row.pid);
    const before = this.#before.get(row.pid);
    this.#before.set(row.pid, { ticks: row.cpuTicks, at: now });
    if (!before || now <= before.at || row.cpuTicks < before.ticks) return 0;
    return ((row.cpuTicks - before.ticks) / ticksPerSecond / ((now - before.at) / 1_000)) * 100;
  }
}
