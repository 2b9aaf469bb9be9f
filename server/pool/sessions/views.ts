import { leaseView } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ProcessUsage } from "../../domain/processes/process.ts";
import { chosenOptions } from "../../domain/sessions/allowances.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { LoadGate } from "../health/loadGate.ts";
import type { PoolStats, SessionView } from "../port.ts";
import type { Capacity } from "../processes/capacity.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";

const unknownUsage: ProcessUsage = { rssBytes: 0, cpuPercent: 0, ownCpuPercent: 0, processCount: 1 };
/** Characters of a system text in a list. */
const listedTextLength = 1_000;
const shownUsage = ({ rssBytes, cpuPercent, processCount }: ProcessUsage) => ({
  rssBytes,
  cpuPercent,
  processCount,
});

/** Sessions and the pool as clients see them. */
export class Views {
  readonly #store: Store;
  readonly #registry: ProcessRegistry;
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #capacity: Capacity;
  readonly #load: Pick<LoadGate, "usageOf">;

  constructor(parts: {
    store: Store;
    registry: ProcessRegistry;
    clock: Clock;
    limits: PoolLimits;
    capacity: Capacity;
    /** Holds the newest samples. */
    load: Pick<LoadGate, "usageOf">;
  }) {
    this.#store = parts.store;
    this.#registry = parts.registry;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#capacity = parts.capacity;
    this.#load = parts.load;
  }

  session(session: Session): SessionView {
    const { options, claudeSessionId: _claudeSessionId, lease, ...shown } = session;
    const sessionProcess = this.#registry.get(session.sessionId);
    const process = sessionProcess?.process;
    return {
      ...shown,
      lease: leaseView(lease),
      timeRemainingMs: lease.endedAt === undefined ? Math.max(0, lease.expiresAt - this.#clock.now()) : 0,
      queuedTurns: this.#store.turns.queuedCountOf(session.sessionId),
      openPermissions: this.#store.permissions.openCountOf(session.sessionId),
      runningTasks: this.#store.tasks.runningCountOf(session.sessionId),
      ...chosenOptions(options),
      ...(process && {
        process: {
          pid: process.pid,
          startedAt: process.startedAt,
          ...shownUsage(this.#load.usageOf(process.processId) ?? unknownUsage),
        },
      }),
    };
  }

  /** A session among others: a list is not to carry the whole of their system texts. */
  listed(session: Session): SessionView {
    const view = this.session(session);
    for (const name of ["systemPrompt", "appendSystemPrompt"] as const) {
      const text = view[name];
      if (text !== undefined && text.length > listedTextLength)
        view[name] = text.slice(0, listedTextLength).toWellFormed();
    }
    return view;
  }

  active(): SessionView[] {
    return this.#registry
      .all()
      .map((sessionProcess) => this.#store.sessions.get(sessionProcess.sessionId))
      .filter((session) => session !== undefined)
      .map((session) => this.listed(session));
  }

  stats(): PoolStats {
    const live = this.#registry.all();
    const sum = (of: (usage: ProcessUsage) => number) =>
      live.reduce(
        (total, sessionProcess) => total + of(this.#load.usageOf(sessionProcess.processId) ?? unknownUsage),
        0,
      );
    return {
      totalSessions: live.length,
      maxSessions: this.#limits.maxConcurrentSessions,
      availableSlots: Math.max(0, this.#capacity.freePlaces),
      queuedTurns: this.#store.turns.queuedCount(this.#clock.now()),
      memoryUsageBytes: sum((usage) => usage.rssBytes),
      memoryLimitBytes: this.#limits.maxTotalMemoryBytes,
      cpuPercent: Math.round(sum((usage) => usage.cpuPercent) * 10) / 10,
    };
  }
}
