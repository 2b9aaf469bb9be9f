import type { Clock, Log, Store } from "../../domain/ports.ts";
import { expectedBytes, judge, type Verdict } from "../../domain/processes/health.ts";
import type { MachineReading } from "../../domain/processes/machine.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { Capacity } from "../processes/capacity.ts";
import type { Handoffs } from "../processes/handoffs.ts";
import type { Interrupts } from "../processes/interrupt.ts";
import type { Termination } from "../processes/termination.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionLimit } from "../state/sessionLimit.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import type { Wakeups } from "../turns/wakeups.ts";
import { Incidents } from "./incidents.ts";
import { LoadGate } from "./loadGate.ts";
import { ResourceHistory } from "./resourceHistory.ts";
import { ToolMemory } from "./toolMemory.ts";

export interface HealthMonitorParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  registry: ProcessRegistry;
  sessionLimit: SessionLimit;
  termination: Termination;
  interrupts: Interrupts;
  capacity: Capacity;
  handoffs: Pick<Handoffs, "pass">;
  facts: Pick<FactWriter, "of">;
  wakeups: Pick<Wakeups, "isAwaited">;
  /** Looks at waiting turns again: a process or a place may be free. */
  advance(): void;
}

/** A pass that comes later than this was delayed by a suspend of the computer. */
const sleepMs = 60_000;
/** How many times longer than in a turn Claude may be silent while it sums up a conversation. */
const compactingPatience = 3;

const inMegabytes = (bytes: number): string => `${Math.round(bytes / 1_024 ** 2)} MB`;
const shortageDetail = ({ availableBytes, totalBytes }: MachineReading): string =>
  `Only ${inMegabytes(availableBytes)} of the computer's ${inMegabytes(totalBytes)} of memory is available. Sessions without a process wait until there is more.`;
const inPercent = (value: number): string => `${Math.round(value)} %`;

/**
 * Health monitor: samples the processes, judges them by `domain/processes/health`, and acts: recycles, stops, parks,
 * warns.
 */
export class HealthMonitor {
  readonly #parts: HealthMonitorParts;
  readonly #incidents: Incidents;
  readonly #toolMemory: ToolMemory;
  /** The newest samples, and the gate over them. */
  readonly load: LoadGate;
  /** The samples of the last minutes. */
  readonly history = new ResourceHistory();
  #cancelSample: (() => void) | undefined;
  #cancelPass: (() => void) | undefined;
  #cancelRoom: (() => void) | undefined;
  #passedAt = 0;
  #running = false;

  constructor(parts: HealthMonitorParts) {
    this.#parts = parts;
    this.#incidents = new Incidents(parts);
    this.#toolMemory = new ToolMemory(Object.assign({ incidents: this.#incidents }, parts));
    const { limits, registry, host } = parts;
    this.load = new LoadGate({
      limits,
      registry,
      coreCount: host.coreCount,
      shortOfRoom: () => this.#seekRoom(),
    });
  }

  start(): void {
    this.#running = true;
    this.#passedAt = this.#parts.clock.monotonic();
    // At once: the limit may follow the machine.
    void this.#readMachine().then(() => {
      if (this.#running && this.#parts.sessionLimit.auto !== undefined) this.#parts.advance();
    });
    this.#armSample();
    this.#armPass();
  }

  stop(): void {
    this.#running = false;
    this.#cancelSample?.();
    this.#cancelPass?.();
    this.#cancelRoom?.();
  }

  /** The open incidents, a line each. */
  details(): string[] {
    return this.#incidents.details();
  }

  #armSample(): void {
    const { clock, limits } = this.#parts;
    if (this.#running) this.#cancelSample = clock.after(limits.resourceSampleMs, () => void this.#sample());
  }

  #armPass(): void {
    const { clock, log, limits } = this.#parts;
    if (!this.#running) return;
    this.#cancelPass = clock.after(limits.healthIntervalMs, () => {
      try {
        this.#pass();
      } catch (error) {
        log.error("health.pass_failed", { error });
      }
      this.#parts.handoffs.pass().catch((error: unknown) => log.error("handoff.pass_failed", { error }));
      this.#armPass();
    });
  }

  async #sample(): Promise<void> {
    const { host, clock, log, limits, registry, wakeups } = this.#parts;
    try {
      const usage = await host.usage();
      if (!this.#running) return;
      this.load.read(usage);
      await this.#readMachine();
      if (!this.#running) return;
      let isUrgent = false;
      for (const sessionProcess of registry.all()) {
        const own = usage.get(sessionProcess.processId);
        sessionProcess.noteUsage(own);
      }
      this.history.note(
        clock.now(),
        new Map(
          registry.all().flatMap(({ sessionId, processId }) => {
            const found = usage.get(processId);
            return found === undefined ? [] : [[sessionId, found]];
          }),
        ),
      );
      for (const { processId } of [...registry.all(), ...registry.oneShots]) {
        const rssBytes = usage.get(processId)?.rssBytes ?? 0;
        if (rssBytes > limits.maxMemoryPerSessionBytes) isUrgent = true;
      }
      if (isUrgent) this.#pass();
      this.#judgeTrees();
      this.#boundTotals();
    } catch (error) {
      log.warn("pool.sample_failed", { error: String(error) });
    }
    for (const sessionProcess of registry.all()) {
      const parkMs = sessionProcess.isNamed ? limits.conversationIdleMs : limits.sessionIdleMs;
      const idleMs = clock.monotonic() - sessionProcess.idleSinceAt;
      const rests = sessionProcess.isFree && !sessionProcess.tasks.holdProcess;
      if (parkMs <= 0 || !rests || idleMs < parkMs) continue;
      if (!wakeups.isAwaited(sessionProcess.sessionId)) void sessionProcess.stop("idle");
    }
    this.#armSample();
  }

  /** Reads the machine; what cannot be read counts as it was. */
  async #readMachine(): Promise<void> {
    const { host, limits, log, registry, sessionLimit } = this.#parts;
    const machine = await host.machine().catch((error: unknown) => {
      log.warn("pool.machine_unread", { error: String(error) });
      return undefined;
    });
    this.load.readMachine(machine);
    sessionLimit.read({
      machine,
      processCount: registry.size,
      bytesEach: expectedBytes(this.load.memory),
      maxTotalBytes: limits.maxTotalMemoryBytes,
    });
  }

  #judgeTrees(): void {
    const sessionOf = new Map(
      this.#parts.registry.all().map(({ processId, sessionId }) => [processId, sessionId] as const),
    );
    this.#toolMemory.judge(this.load.usage, (processId) => sessionOf.get(processId));
  }

  /** Looks at each process once. */
  #pass(): void {
    const { store, clock, limits, registry } = this.#parts;
    const now = clock.monotonic();
    const sleptMs = now - this.#passedAt - limits.healthIntervalMs;
    this.#passedAt = now;
    this.#incidents.tell();
    for (const sessionProcess of registry.all()) {
      const { phase, sessionId } = sessionProcess;
      // A suspended computer is no silence of the process.
      sessionProcess.forgiveSilence(sleptMs > sleepMs ? sleptMs : 0);
      if (phase !== "idle" && phase !== "busy") continue;
      const verdict = judge(
        {
          isBusy: phase === "busy",
          usage: this.load.usageOf(sessionProcess.processId),
          hotSamples: sessionProcess.hotSamples,
          silentMs: this.#silentMs(sessionProcess, now),
          get isWaiting() {
            return store.permissions.openCountOf(sessionId) > 0;
          },
        },
        limits,
      );
      this.#act(sessionProcess, verdict);
    }
    this.#judgeOneShots();
    this.#incidents.closeSessions((sessionId) => {
      const processId = registry.get(sessionId)?.processId;
      const usage = processId === undefined ? undefined : this.load.usageOf(processId);
      return (usage?.rssBytes ?? 0) > limits.maxMemoryPerSessionBytes;
    });
  }

  /** A compaction is one long request of which nothing is heard: it may take a multiple of what a turn may be silent. */
  #silentMs({ sessionId, lastSignAt }: SessionProcess, now: number): number {
    const silentMs = now - lastSignAt;
    return this.#parts.facts.of(sessionId).compacting ? silentMs / compactingPatience : silentMs;
  }

  /** Bounds the memory of one-shot prompts; their time is bounded by their own deadline. */
  #judgeOneShots(): void {
    const { registry, limits, log } = this.#parts;
    for (const oneShot of registry.oneShots) {
      const { processId } = oneShot;
      const rssBytes = this.load.usageOf(processId)?.rssBytes ?? 0;
      if (rssBytes <= limits.maxMemoryPerSessionBytes) continue;
      log.warn("ask.over_memory", { processId, rssBytes });
      const limit = inMegabytes(limits.maxMemoryPerSessionBytes);
      const detail = `Claude used ${inMegabytes(rssBytes)} of memory for this prompt, the limit is ${limit}, so it was stopped.`;
      oneShot.fail({ code: "memory_limit", detail });
    }
  }

  #act(sessionProcess: SessionProcess, verdict: Verdict): void {
    const { limits, termination, log } = this.#parts;
    const { sessionId } = sessionProcess;
    const limit = inMegabytes(limits.maxMemoryPerSessionBytes);
    switch (verdict.kind) {
      case "ok":
        return;
      case "over-memory": {
        const used = inMegabytes(verdict.rssBytes);
        if (sessionProcess.phase === "idle") {
          termination.recycle(
            sessionProcess,
            `Claude used ${used} of memory between two turns; the limit is ${limit}.`,
          );
          return;
        }
        const detail = `Claude used ${used} of memory, the limit is ${limit}, so it was stopped. The context is kept; send a message to go on.`;
        sessionProcess.recycleNow({ code: "memory_limit", detail });
        this.#incidents.open({ kind: "session_memory", sessionId, detail });
        return;
      }
      case "stalled": {
        const turn = sessionProcess.activeTurn;
        // The turn is being ended already, with a deadline of its own.
        if (turn === undefined || turn.end !== undefined) return;
        const seconds = Math.round(verdict.silentMs / 1_000);
        const silence = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
        log.warn("turn.stalled", { sessionId, turnId: turn.turnId, silentMs: verdict.silentMs });
        const detail = `Claude gave no sign of life for ${silence}, so the turn was broken off. The context is kept; send the message again.`;
        this.#parts.interrupts
          .breakOff(sessionProcess, turn, { code: "stalled", detail })
          .catch((error: unknown) => log.error("turn.break_off_failed", { sessionId, error }));
        return;
      }
      case "spinning":
        termination.recycle(
          sessionProcess,
          `Claude used ${inPercent(verdict.cpuPercent)} of a core with nothing to do and was ended; the next message starts it again.`,
        );
        return;
      case "grown":
        termination.recycle(
          sessionProcess,
          `Claude had grown to ${inMegabytes(verdict.rssBytes)} of ${limit} and was ended between two turns; the next message starts it again.`,
        );
        return;
    }
  }

  /** Bounds the pool as a whole: parks idle sessions while its memory is over, and reports an excess that remains. */
  #boundTotals(): void {
    const { limits, registry, capacity } = this.#parts;
    const { maxTotalMemoryBytes, cpuUsageLimitPercent } = limits;
    const staying = registry.all().filter(({ isLeaving }) => !isLeaving);
    const bytesOf = ({ processId }: SessionProcess) => this.load.usageOf(processId)?.rssBytes ?? 0;
    // What a process that is on its way out still holds is as good as free.
    const keptBytes = staying.reduce((total, one) => total + bytesOf(one), this.load.memory.otherBytes);
    if (capacity.vacateMemory(keptBytes, maxTotalMemoryBytes, bytesOf)) {
      const detail = `Claude's processes use ${inMegabytes(keptBytes)} of memory, the limit is ${inMegabytes(maxTotalMemoryBytes)}, and all of them are at work. Other sessions wait.`;
      this.#incidents.open({ kind: "memory", sessionId: null, detail });
    } else this.#incidents.close("memory", null);
    if (this.load.isCpuOver) {
      const detail = `Claude's processes use ${inPercent(this.load.cpuShare)} of the computer, the limit is ${cpuUsageLimitPercent} %. Sessions without a process wait until it falls.`;
      this.#incidents.open({ kind: "cpu", sessionId: this.#hottest()?.sessionId ?? null, detail });
    } else this.#incidents.close("cpu", null);
    const { machine } = this.load;
    if (this.load.isMachineShort && machine !== undefined) {
      capacity.vacateLongestIdle();
      this.#incidents.open({ kind: "machine_memory", sessionId: null, detail: shortageDetail(machine) });
    } else this.#incidents.close("machine_memory", null);
    // Turns that the load held back may start now.
    this.#parts.advance();
  }

  #hottest(): SessionProcess | undefined {
    const cpuOf = ({ processId }: SessionProcess) => this.load.usageOf(processId)?.cpuPercent ?? 0;
    return this.#parts.registry
      .all()
      .filter(({ phase }) => phase === "busy")
      .sort((a, b) => cpuOf(b) - cpuOf(a))[0];
  }

  /** A message needs a process and memory has no room for one: the longest idle makes it, as when places are short. */
  #seekRoom(): void {
    const { clock, capacity } = this.#parts;
    this.#cancelRoom ??= clock.after(0, () => {
      this.#cancelRoom = undefined;
      if (this.#running && !this.load.hasRoom) capacity.makeMemoryForWaiting();
    });
  }
}
