import type { Clock, Log } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/process.ts";
import type { Endings } from "./endings.ts";
import type { PoolLimits } from "./limits.ts";
import type { Roster } from "./roster.ts";
import type { Views } from "./views.ts";

export interface UsageWatchParts {
  host: ProcessHost;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  roster: Roster;
  views: Views;
  endings: Endings;
}

/** Samples what the processes use, and parks what has been idle for too long. */
export class UsageWatch {
  readonly #parts: UsageWatchParts;
  #cancelTimer: (() => void) | undefined;
  #running = false;

  constructor(parts: UsageWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#arm();
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer?.();
  }

  #arm(): void {
    const { clock, limits } = this.#parts;
    if (this.#running) this.#cancelTimer = clock.after(limits.sampleMs, () => void this.#pass());
  }

  async #pass(): Promise<void> {
    const { host, clock, log, limits, roster, views, endings } = this.#parts;
    try {
      if (roster.size > 0) views.setUsage(await host.usage());
    } catch (error) {
      log.warn("pool.sample_failed", { error: String(error) });
    }
    if (limits.idleParkMs > 0) {
      for (const incarnation of roster.all()) {
        const idleMs = clock.now() - incarnation.idleSinceAt;
        if (incarnation.phase === "idle" && idleMs >= limits.idleParkMs)
          void endings.stopProcess(incarnation, "idle");
      }
    }
    this.#arm();
  }
}
