import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import type { PoolStats } from "../port.ts";

/** What happened since the server started, and how much there was at most. */
export interface LifecycleCounts {
  starts: { spare: number; cold: number; resumed: number };
  wakes: number;
  parks: Record<string, number>;
  recycles: number;
  crashes: number;
  recoveries: number;
  quarantines: number;
  warnings: { lease: number; resource: number };
  expiries: number;
  renewals: Record<string, number>;
  limits: number;
  loginsRequired: number;
  turns: { accepted: number; completed: number; failed: number; interrupted: number; cancelled: number };
  peakProcesses: number;
  peakMemoryBytes: number;
}

const add = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};

/**
 * Counts the lifecycle from the event log, after the commit: what is counted was also told, and nothing is counted that
 * is not written. A wake is a start of a session's process that is not its first.
 */
export class LifecycleCounters {
  readonly #counts: LifecycleCounts = {
    starts: { spare: 0, cold: 0, resumed: 0 },
    wakes: 0,
    parks: {},
    recycles: 0,
    crashes: 0,
    recoveries: 0,
    quarantines: 0,
    warnings: { lease: 0, resource: 0 },
    expiries: 0,
    renewals: {},
    limits: 0,
    loginsRequired: 0,
    turns: { accepted: 0, completed: 0, failed: 0, interrupted: 0, cancelled: 0 },
    peakProcesses: 0,
    peakMemoryBytes: 0,
  };
  readonly #stats: () => PoolStats;
  readonly #unsubscribe: () => void;

  constructor(parts: { events: Pick<EventStore, "subscribe">; stats: () => PoolStats }) {
    this.#stats = parts.stats;
    this.#unsubscribe = parts.events.subscribe((events) => {
      for (const event of events) this.#count(event);
    });
  }

  stop(): void {
    this.#unsubscribe();
  }

  counts(): LifecycleCounts {
    this.#peak();
    return structuredClone(this.#counts);
  }

  #peak(): void {
    const { totalSessions, memoryUsageBytes } = this.#stats();
    this.#counts.peakProcesses = Math.max(this.#counts.peakProcesses, totalSessions);
    this.#counts.peakMemoryBytes = Math.max(this.#counts.peakMemoryBytes, memoryUsageBytes);
  }

  #count(event: LoggedEvent): void {
    const counts = this.#counts;
    switch (event.type) {
      case "session.woken":
        counts.starts[event.data.spare ? "spare" : event.data.resumed ? "resumed" : "cold"] += 1;
        if (event.data.resumed) counts.wakes += 1;
        this.#peak();
        return;
      case "session.parked":
        add(counts.parks, event.data.reason);
        // The last sample of the process is still known.
        this.#peak();
        return;
      case "session.recycled":
        counts.recycles += 1;
        return;
      case "session.crashed":
        counts.crashes += 1;
        return;
      case "session.recovered":
        counts.recoveries += 1;
        return;
      case "session.quarantined":
        counts.quarantines += 1;
        return;
      case "session.expiring":
        counts.warnings.lease += 1;
        return;
      case "resource.warning":
        counts.warnings.resource += 1;
        return;
      case "session.expired":
        counts.expiries += 1;
        return;
      case "session.renewed":
        add(counts.renewals, event.data.reason);
        return;
      case "limit.reached":
        counts.limits += 1;
        return;
      case "login.required":
        counts.loginsRequired += 1;
        return;
      case "turn.accepted":
        counts.turns.accepted += 1;
        return;
      case "turn.completed":
        counts.turns.completed += 1;
        this.#peak();
        return;
      case "turn.failed":
        counts.turns.failed += 1;
        return;
      case "turn.interrupted":
        counts.turns.interrupted += 1;
        return;
      case "turn.cancelled":
        counts.turns.cancelled += 1;
        return;
      default:
        // Of the rest nothing is a step of a process, a lease or a turn.
        return;
    }
  }
}
