import type { Clock, Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import { sparesWanted } from "../../domain/processes/spare.ts";
import type { SubmitRequest } from "../port.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { Capacity } from "./capacity.ts";

export interface SparesParts {
  store: Pick<Store, "sessions">;
  host: ProcessHost;
  clock: Clock;
  limits: PoolLimits;
  capacity: Capacity;
  /** Memory that the processes of sessions use now. */
  memoryUsedBytes(): number;
  /** Whether the machine's memory runs out. */
  isMachineShort(): boolean;
  newId: () => string;
}

/** The parts of a new session that decide whether a spare can be its process. */
export type SessionBeginning = Pick<SubmitRequest, "projectPath" | "permissionMode" | "sendAt" | "options">;

/**
 * Tells the host, at every sampling, how many spares the pool's load and memory allow, and gives them to new sessions.
 */
export class Spares {
  readonly #parts: SparesParts;
  #cancelTimer: (() => void) | undefined;
  #isRunning = false;

  constructor(parts: SparesParts) {
    this.#parts = parts;
  }

  start(): void {
    const { store, host, limits } = this.#parts;
    // A process per message is the plain way to run; spares are no part of it.
    if (host.spares === undefined || !limits.interactive) return;
    this.#isRunning = true;
    const [latest] = store.sessions.list({ limit: 1 }).sessions;
    if (latest !== undefined) host.spares.expect(latest.projectPath);
    limits.onChange?.(() => this.#pass());
    this.#pass();
  }

  stop(): void {
    if (this.#isRunning) this.#parts.host.spares?.keep(0);
    this.#isRunning = false;
    this.#cancelTimer?.();
  }

  /**
   * The id of a new session: that of a spare, which is fixed since the spare's start, if the session can begin on one
   * now.
   */
  newSessionId({ projectPath, permissionMode, sendAt, options = {} }: SessionBeginning): string {
    const { host, clock, capacity, newId } = this.#parts;
    const isForNow = sendAt === undefined || sendAt <= clock.now();
    const isPlain =
      permissionMode !== "bypassPermissions" && Object.values(options).every((value) => value === undefined);
    const canClaim = capacity.canMakePlace && isForNow && isPlain && projectPath !== undefined;
    return (canClaim ? host.spares?.reserve(projectPath) : undefined) ?? newId();
  }

  #pass(): void {
    const { host, clock, limits, capacity, memoryUsedBytes, isMachineShort } = this.#parts;
    if (!this.#isRunning || host.spares === undefined) return;
    this.#cancelTimer?.();
    if (limits.prewarmedProcesses === 0) {
      host.spares.keep(0);
      return;
    }
    host.spares.keep(
      sparesWanted({
        limit: limits.prewarmedProcesses,
        current: host.spares.count,
        waitingSessions: capacity.waitingSessions().length,
        freePlaces: capacity.freePlaces,
        memoryUsedBytes: memoryUsedBytes(),
        memoryLimitBytes: isMachineShort() ? 0 : limits.maxTotalMemoryBytes,
      }),
    );
    this.#cancelTimer = clock.after(limits.resourceSampleMs, () => this.#pass());
  }
}
