import { linuxSystem } from "../../server/claude/os/operatingSystem.ts";
import { Reaper } from "../../server/claude/os/reaper.ts";
import { Sampler } from "../../server/claude/os/sampler.ts";
import { systemClock } from "../../server/platform/clock.ts";
import { childrenOf } from "../support/server/daylongServer.ts";

/** Counts the server's CLI processes, and now and then their memory, while something runs. */
export class ProcessWatch {
  mostProcesses = 0;
  /** Proportional set size of all CLI trees together, at its highest. */
  peakMemoryBytes = 0;
  readonly #pid: () => number | undefined;
  readonly #sampler = new Sampler({
    clock: systemClock,
    os: linuxSystem,
    reaper: new Reaper({ os: linuxSystem, clock: systemClock }),
  });
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(parts: { pid: () => number | undefined; memory: boolean }) {
    this.#pid = parts.pid;
    this.#timers.push(setInterval(() => this.#count(), 100));
    if (parts.memory) this.#timers.push(setInterval(() => void this.#weigh(), 2_000));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #children(): number[] {
    const pid = this.#pid();
    return pid === undefined ? [] : childrenOf(pid);
  }

  #count(): void {
    this.mostProcesses = Math.max(this.mostProcesses, this.#children().length);
  }

  async #weigh(): Promise<void> {
    const roots = this.#children().map((pid) => {
      const processId = String(pid);
      return { processId, root: { processId, pid, startTicks: null }, hasUsedTools: () => true };
    });
    const usage = await this.#sampler.sample(roots);
    const bytes = [...usage.values()].reduce(
      (total, { rssBytes, trees = [] }) => total + trees.reduce((sum, tree) => sum + tree.rssBytes, rssBytes),
      0,
    );
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, bytes);
  }
}
