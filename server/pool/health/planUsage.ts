import { unlessLate } from "../../domain/deadline.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import {
  firstDayOf,
  mergedWindows,
  type PlanWindow,
  sumUp,
  type UsageReport,
  warningsOf,
} from "../../domain/processes/usage.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "../turns/eventBuffer.ts";

/** The plan is asked about no more often, and its figures are as good as new for so long. */
const freshMs = 60_000;
/** Whoever asks for a report does not wait longer for the plan's figures; the last known ones stand in. */
const askDeadlineMs = 1_500;

export interface PlanUsageParts {
  store: Store;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  buffer: EventBuffer;
  /** A process became free. */
  advance(): void;
}

/**
 * Use of the plan that Claude is logged in with, and cost by day. The CLI tells the plan's windows by itself when they
 * change; a process that is idle is asked for them when a report is wanted, so that no turn is slowed down.
 */
export class PlanUsage {
  readonly #parts: PlanUsageParts;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: PlanUsageParts) {
    this.#parts = parts;
  }

  /** Called with every signal. */
  heard(sessionProcess: SessionProcess, signal: ProcessSignal): void {
    if (signal.kind !== "plan") return;
    const { windows } = signal;
    this.#parts.buffer.add(sessionProcess, () => this.#write(windows));
  }

  /** Figures of the last `days` days, today included. */
  async report(days: number): Promise<UsageReport> {
    const { store, clock } = this.#parts;
    await this.#refresh();
    const now = clock.now();
    const plan = store.usage.plan();
    const windows = mergedWindows(plan?.windows ?? [], [], now);
    return {
      asOf: windows.length === 0 ? now : (plan?.asOf ?? now),
      plan: { available: windows.length > 0, windows },
      ...sumUp(store.usage.since(firstDayOf(days, now))),
    };
  }

  async #refresh(): Promise<void> {
    const { store, clock, log, registry } = this.#parts;
    const now = clock.now();
    if (now - Math.max(this.#askedAt, store.usage.plan()?.asOf ?? 0) < freshMs) return;
    const idle = registry.all().find((one) => one.isFree && one.process !== undefined);
    if (idle?.process === undefined) return;
    this.#askedAt = now;
    idle.hold();
    try {
      const late = () =>
        new DaylongError("process_start_failed", "Claude did not tell its plan's use in time.");
      const windows = await unlessLate(idle.process.planWindows(), {
        clock,
        deadlineMs: askDeadlineMs,
        late,
      });
      if (windows !== undefined) store.transaction(() => this.#write(windows));
    } catch (error) {
      log.info("plan.not_told", { error: String(error) });
    } finally {
      if (idle.release()) this.#parts.advance();
    }
  }

  /** Inside a transaction. */
  #write(told: readonly PlanWindow[]): void {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const before = store.usage.plan();
    const windows = mergedWindows(before?.windows ?? [], told, now);
    const { due, warnedUntilAt } = warningsOf(told, before?.warnedUntilAt ?? {}, now);
    store.usage.setPlan({ asOf: now, windows, warnedUntilAt });
    for (const { id: windowId, utilizationPercent, resetsAt } of due) {
      const data = { windowId, utilizationPercent, ...(resetsAt !== undefined && { resetsAt }) };
      store.events.append({ sessionId: null, type: "limit.warning", data });
    }
  }
}
