import {
  type Gauge,
  hasRoom,
  type MemoryFacts,
  machineShare,
  readGauge,
  restingGauge,
} from "../../domain/processes/health.ts";
import {
  type MachineReading,
  noShortage,
  readShortage,
  type Shortage,
} from "../../domain/processes/machine.ts";
import type { ProcessUsage } from "../../domain/processes/process.ts";
import type { Gate, GateUse } from "../state/gate.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";

/**
 * Load of the machine as of the newest sample, and the gate that holds starts while memory or CPU is short. A start is
 * let through when there is no process at all, and, where only CPU is short, when no process works; but none while the
 * machine's own memory runs out.
 */
export class LoadGate implements Gate {
  readonly #limits: PoolLimits;
  readonly #registry: ProcessRegistry;
  readonly #coreCount: number;
  readonly #shortOfRoom: () => void;
  #usage: ReadonlyMap<string, ProcessUsage> = new Map();
  #otherBytes = 0;
  #cpu: Gauge = restingGauge;
  #cpuShare = 0;
  #machine: MachineReading | undefined;
  #shortage: Shortage = noShortage;

  constructor(parts: {
    limits: PoolLimits;
    registry: ProcessRegistry;
    coreCount: number;
    /** Called when memory is too short for a start. Must not act before the caller has returned. */
    shortOfRoom(): void;
  }) {
    this.#limits = parts.limits;
    this.#registry = parts.registry;
    this.#coreCount = parts.coreCount;
    this.#shortOfRoom = parts.shortOfRoom;
  }

  /** `undefined`: the machine could not be read, and counts as it was. */
  readMachine(machine: MachineReading | undefined): void {
    this.#machine = machine ?? this.#machine;
    if (machine !== undefined) this.#shortage = readShortage(this.#shortage, machine);
  }

  /** The machine as of the last reading. */
  get machine(): MachineReading | undefined {
    return this.#machine;
  }

  /** Whether the machine's memory runs out, whoever uses it. */
  get isMachineShort(): boolean {
    return this.#shortage.isShort;
  }

  read(usage: ReadonlyMap<string, ProcessUsage>): void {
    const ofSessions = new Set(this.#registry.all().map(({ processId }) => processId));
    this.#usage = usage;
    this.#otherBytes = 0;
    for (const [processId, { rssBytes }] of usage) {
      if (!ofSessions.has(processId)) this.#otherBytes += rssBytes;
    }
    this.#cpuShare = machineShare(
      [...usage.values()].map(({ cpuPercent }) => cpuPercent),
      this.#coreCount,
    );
    this.#cpu = readGauge(this.#cpu, this.#cpuShare, this.#limits.cpuUsageLimitPercent);
  }

  /** The newest sample, by process. */
  get usage(): ReadonlyMap<string, ProcessUsage> {
    return this.#usage;
  }

  usageOf(processId: string): ProcessUsage | undefined {
    return this.#usage.get(processId);
  }

  get memory(): MemoryFacts {
    const live = this.#registry.all();
    const sampled = live.flatMap(({ processId }) => this.#usage.get(processId)?.rssBytes ?? []);
    return { sampled, unsampledCount: live.length - sampled.length, otherBytes: this.#otherBytes };
  }

  /** Memory of the sessions' processes, without one-shot prompts and spares. */
  get sessionBytes(): number {
    return this.memory.sampled.reduce((total, bytes) => total + bytes, 0);
  }

  get hasRoom(): boolean {
    return hasRoom(this.memory, this.#limits.maxTotalMemoryBytes);
  }

  get isCpuOver(): boolean {
    return this.#cpu.isOver;
  }

  /** Of the whole machine, in percent. */
  get cpuShare(): number {
    return this.#cpuShare;
  }

  holds(_sessionId: string, use: GateUse): boolean {
    if (use === "give") return false;
    if (this.isMachineShort) return true;
    if (this.#registry.size === 0) return false;
    if (!this.hasRoom) {
      this.#shortOfRoom();
      return true;
    }
    return (
      this.#cpu.isOver && this.#registry.all().some(({ phase }) => phase !== "idle" && phase !== "exited")
    );
  }
}
