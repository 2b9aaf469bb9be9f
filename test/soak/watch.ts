import { Sampler } from "../../server/claude/os/sampler.ts";
import { systemClock } from "../../server/platform/clock.ts";
import { childrenOf } from "../support/server/daylongServer.ts";

/** Counts the server's CLI processes, and now and then their memory, while something runs. */
export class ProcessWatch {
  mostProcesses = 0;
  /** Proportional set size of all CLI trees together, at its highest. */
  peakMemoryBytes = 0;
  readonly #pid: () => number | undefined;
  readonly #sampler = new Sampler({ clock: systemClock });
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
    const roots = this.#children().map((pid) => ({ processId: String(pid), pid }));
    const usage = await this.#sampler.sample(roots);
    const bytes = [...usage.values()].reduce((total, one) => total + one.rssBytes, 0);
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, bytes);
  }
}
