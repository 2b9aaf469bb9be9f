import { leaseView } from "../domain/delivery/event.ts";
import type { Clock, Store } from "../domain/ports.ts";
import type { ProcessUsage } from "../domain/processes/process.ts";
import type { Session } from "../domain/sessions/session.ts";
import type { PoolLimits } from "./limits.ts";
import type { PoolStats, SessionView } from "./requests.ts";
import type { Roster } from "./roster.ts";

const unknownUsage: ProcessUsage = { rssBytes: 0, cpuPercent: 0, ownCpuPercent: 0, processCount: 1 };
const shownUsage = ({ rssBytes, cpuPercent, processCount }: ProcessUsage) => ({
  rssBytes,
  cpuPercent,
  processCount,
});

/** Sessions and the pool as clients see them. */
export class Views {
  readonly #store: Store;
  readonly #roster: Roster;
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  #usage = new Map<string, ProcessUsage>();

  constructor(parts: { store: Store; roster: Roster; clock: Clock; limits: PoolLimits }) {
    this.#store = parts.store;
    this.#roster = parts.roster;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
  }

  /** The newest samples, by process id. */
  setUsage(usage: Map<string, ProcessUsage>): void {
    this.#usage = usage;
  }

  session(session: Session): SessionView {
    const { options: _options, claudeSessionId: _claudeSessionId, lease, ...shown } = session;
    const incarnation = this.#roster.get(session.sessionId);
    const process = incarnation?.process;
    return {
      ...shown,
      lease: leaseView(lease),
      timeRemainingMs: lease.endedAt === undefined ? Math.max(0, lease.expiresAt - this.#clock.now()) : 0,
      queuedTurns: this.#store.turns.queuedCountOf(session.sessionId),
      openPermissions: this.#store.permissions.openCountOf(session.sessionId),
      ...(process && {
        process: {
          pid: process.pid,
          startedAt: process.startedAt,
          ...shownUsage(this.#usage.get(process.processId) ?? unknownUsage),
        },
      }),
    };
  }

  active(): SessionView[] {
    return this.#roster
      .all()
      .map((incarnation) => this.#store.sessions.get(incarnation.sessionId))
      .filter((session) => session !== undefined)
      .map((session) => this.session(session));
  }

  stats(): PoolStats {
    const live = this.#roster.all();
    const sum = (of: (usage: ProcessUsage) => number) =>
      live.reduce(
        (total, incarnation) => total + of(this.#usage.get(incarnation.processId) ?? unknownUsage),
        0,
      );
    return {
      totalSessions: live.length,
      maxSessions: this.#limits.maxProcesses,
      availableSlots: Math.max(0, this.#limits.maxProcesses - this.#roster.size),
      queuedTurns: this.#store.turns.queuedCount(this.#clock.now()),
      memoryUsageBytes: sum((usage) => usage.rssBytes),
      memoryLimitBytes: this.#limits.memoryLimitBytes,
      cpuPercent: Math.round(sum((usage) => usage.cpuPercent) * 10) / 10,
    };
  }
}
