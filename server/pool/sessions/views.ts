import { leaseView } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ProcessUsage } from "../../domain/processes/process.ts";
import type { Workload } from "../../domain/processes/workload.ts";
import { chosenOptions } from "../../domain/sessions/allowances.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { LoadGate } from "../health/loadGate.ts";
import type { PoolStats, SessionView } from "../port.ts";
import type { Capacity } from "../processes/capacity.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionLimit } from "../state/sessionLimit.ts";
import type { FactWriter } from "../turns/factWriter.ts";

const unknownUsage: ProcessUsage = { rssBytes: 0, cpuPercent: 0, ownCpuPercent: 0, processCount: 1 };
/** Characters of a system text in a list. */
const listedTextLength = 1_000;
const shownUsage = ({ rssBytes, trees = [], cpuPercent, processCount }: ProcessUsage) => ({
  rssBytes,
  toolsRssBytes: trees.reduce((total, tree) => total + tree.rssBytes, 0),
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
  readonly #sessionLimit: SessionLimit;
  readonly #load: Pick<LoadGate, "usageOf">;
  readonly #facts: Pick<FactWriter, "of">;

  constructor(parts: {
    store: Store;
    registry: ProcessRegistry;
    clock: Clock;
    limits: PoolLimits;
    capacity: Capacity;
    sessionLimit: SessionLimit;
    facts: Pick<FactWriter, "of">;
    /** Holds the newest samples. */
    load: Pick<LoadGate, "usageOf">;
  }) {
    this.#store = parts.store;
    this.#registry = parts.registry;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#capacity = parts.capacity;
    this.#sessionLimit = parts.sessionLimit;
    this.#load = parts.load;
    this.#facts = parts.facts;
  }

  session(session: Session): SessionView {
    return this.all([session])[0]!;
  }

  /** A query for each kind of row, and none for each session. */
  all(sessions: readonly Session[]): SessionView[] {
    const { reads, turns, permissions, tasks } = this.#store;
    const marks = reads.marksOf(sessions.map(({ sessionId }) => sessionId));
    const queued = turns.queuedCounts();
    const open = permissions.openCounts();
    const working = tasks.runningCounts();
    // The latest one, should Claude be at a turn of its own while a prompt is on its way to it.
    const running = new Map(turns.inState("running").map((turn) => [turn.sessionId, turn]));
    return sessions.map((session) => {
      const { sessionId } = session;
      const { options, claudeSessionId: _claudeSessionId, lease, ...shown } = session;
      const sessionProcess = this.#registry.get(sessionId);
      const process = sessionProcess?.process;
      const turn = running.get(sessionId);
      const { context, suggestedPrompts, compacting, gitBranch } = this.#facts.of(sessionId);
      return {
        ...shown,
        readSeq: 0,
        unread: 0,
        ...marks.get(sessionId),
        lease: leaseView(lease),
        timeRemainingMs: lease.endedAt === undefined ? Math.max(0, lease.expiresAt - this.#clock.now()) : 0,
        queuedTurns: queued.get(sessionId) ?? 0,
        openPermissions: open.get(sessionId) ?? 0,
        runningTasks: working.get(sessionId) ?? 0,
        ...chosenOptions(options),
        suggestedPrompts,
        compacting,
        ...(context && { context }),
        ...(gitBranch && { gitBranch }),
        ...(turn && {
          turn: {
            turnId: turn.turnId,
            origin: turn.origin,
            startedAt: turn.startedAt ?? turn.acceptedAt,
            lastTool: sessionProcess?.turnOf(turn.turnId)?.lastTool,
          },
        }),
        ...(process && {
          process: {
            pid: process.pid,
            startedAt: process.startedAt,
            ...shownUsage(this.#load.usageOf(process.processId) ?? unknownUsage),
          },
        }),
      };
    });
  }

  /** Sessions as a list has them: it is not to carry the whole of their system texts. */
  listed(sessions: readonly Session[]): SessionView[] {
    return this.all(sessions).map((view) => {
      for (const name of ["systemPrompt", "appendSystemPrompt"] as const) {
        const text = view[name];
        if (text !== undefined && text.length > listedTextLength)
          view[name] = text.slice(0, listedTextLength).toWellFormed();
      }
      return view;
    });
  }

  active(): SessionView[] {
    const live = this.#registry.all().map(({ sessionId }) => this.#store.sessions.get(sessionId));
    return this.listed(live.filter((session) => session !== undefined));
  }

  stats(): PoolStats {
    const live = this.#registry.all();
    const sum = (of: (usage: ProcessUsage) => number) =>
      live.reduce(
        (total, sessionProcess) => total + of(this.#load.usageOf(sessionProcess.processId) ?? unknownUsage),
        0,
      );
    const { auto } = this.#sessionLimit;
    return {
      totalSessions: live.length,
      maxSessions: this.#sessionLimit.value,
      ...(auto && { maxSessionsLimitedBy: auto.limitedBy }),
      availableSlots: Math.max(0, this.#capacity.freePlaces),
      queuedTurns: this.#store.turns.queuedCount(this.#clock.now()),
      memoryUsageBytes: sum((usage) => usage.rssBytes),
      memoryLimitBytes: this.#limits.maxTotalMemoryBytes,
      cpuPercent: Math.round(sum((usage) => usage.cpuPercent) * 10) / 10,
    };
  }

  workload(): Workload {
    const live = this.#registry.all();
    const isAtWork = ({ phase }: { phase: string }) => phase === "starting" || phase === "busy";
    return {
      turns: live.filter(isAtWork).length + this.#registry.oneShots.size,
      tasks: live.reduce((total, { tasks }) => total + (tasks.holdProcess ? tasks.count : 0), 0),
      processes: live.length,
    };
  }
}
