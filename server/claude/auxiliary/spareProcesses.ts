import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { freemem } from "node:os";
import type { Clock, Log } from "../../domain/ports.ts";
import type { ProcessSpec, SparePool } from "../../domain/processes/process.ts";
import { spareBytes } from "../../domain/processes/spare.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import type { OperatingSystem } from "../os/operatingSystem.ts";
import type { Reaper } from "../os/reaper.ts";
import type { CliStarts, StartedIn } from "../start/cliStarts.ts";
import { isClaimable, SpareCliProcess } from "./spareProcess.ts";

/** After a claim the next spare waits a moment, so that its start does not slow the first turn of the claimed one. */
const refillMs = 1_000;
/** A spare that was promised to a session whose process does not come is let go. */
const promiseMs = 60_000;
const maxPauseMs = 60_000;

export interface SpareProcessesParts {
  dir: string;
  starts: Pick<CliStarts, "prepare">;
  clock: Clock;
  log: Log;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  ladderMs: number;
  startDeadlineMs: number;
}

/** Pool of prewarmed processes (spares): started one after another, replaced when they are claimed or die. */
export class SpareProcesses implements SparePool {
  readonly #parts: SpareProcessesParts;
  readonly #spares = new Set<SpareCliProcess>();
  /** Projects whose own settings a running process cannot take: there a start is needed, every time. */
  readonly #unclaimable = new Set<string>();
  #wanted = 0;
  #failures = 0;
  #isStarting = false;
  #isStopped = false;
  #cancelRefill: (() => void) | undefined;

  constructor(parts: SpareProcessesParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#spares.size;
  }

  /** Those that run. */
  live(): Array<{ processId: string; pid: number; root: SpareCliProcess["root"] }> {
    return [...this.#spares].flatMap(({ processId, cli, root }) =>
      cli.child?.pid === undefined ? [] : [{ processId, pid: cli.child.pid, root }],
    );
  }

  keep(count: number): void {
    this.#wanted = count;
    let tooMany = this.#spares.size - count;
    for (const spare of this.#spares) {
      if (tooMany <= 0) break;
      if (spare.isReserved) continue;
      tooMany -= 1;
      void this.#discard(spare);
    }
    if (this.#cancelRefill === undefined) this.#refill();
  }

  reserve(projectPath: string): string | undefined {
    if (this.#unclaimable.has(projectPath)) return undefined;
    const spare = [...this.#spares].find((one) => one.isReady && !one.isReserved);
    if (spare === undefined) return undefined;
    spare.isReserved = true;
    this.#parts.clock.after(promiseMs, () => {
      if (this.#spares.has(spare)) void this.#discard(spare);
    });
    return spare.sessionId;
  }

  /**
   * The spare that carries the conversation's id, if it can become this process. One that cannot is ended first: there
   * must never be two processes of one id.
   */
  async take(
    spec: ProcessSpec,
    { standing, hasPlainDiff, hasSilentCommands }: StartedIn,
  ): Promise<SpareCliProcess | undefined> {
    const spare = [...this.#spares].find((one) => one.sessionId === spec.claudeSessionId);
    if (spare === undefined) return undefined;
    // The settings that it follows are fixed at its start: the owner's alone, as for every project that is not trusted. So
    // is its environment, which puts nothing in the place of a repository's own diff, and what runs in commands.
    const isFitting = standing !== "trusted" && standing !== "suspect" && !hasPlainDiff && !hasSilentCommands;
    if (!isFitting) this.#unclaimable.add(spec.projectPath);
    if (!spare.isReady || !isClaimable(spec) || !isFitting) {
      await this.#discard(spare);
      return undefined;
    }
    this.#spares.delete(spare);
    this.#refillIn(refillMs);
    return spare;
  }

  /** The claim failed; the session is started as usual. */
  refused(spare: SpareCliProcess, projectPath: string, error: unknown): void {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    this.#parts.log.info("spare.refused", { processId: spare.processId, error: String(reason) });
    if (String(reason).includes("_not_claimable")) this.#unclaimable.add(projectPath);
    void spare.end();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRefill?.();
    await Promise.all([...this.#spares].map((spare) => this.#discard(spare)));
  }

  /** It counts as long as anything of it is left. */
  async #discard(spare: SpareCliProcess): Promise<void> {
    await spare.end();
    if (this.#spares.delete(spare)) this.#refillIn(refillMs);
  }

  #refillIn(delayMs: number): void {
    this.#cancelRefill?.();
    this.#cancelRefill = this.#parts.clock.after(delayMs, () => {
      this.#cancelRefill = undefined;
      this.#refill();
    });
  }

  #refill(): void {
    if (this.#isStopped || this.#isStarting || this.#spares.size >= this.#wanted) return;
    // The computer's own memory, besides the pool's limit: a spare must not push other programs into swap.
    if (freemem() < 2 * spareBytes) return;
    this.#isStarting = true;
    void this.#start().finally(() => {
      this.#isStarting = false;
      this.#refillIn(Math.min(maxPauseMs, this.#failures === 0 ? 0 : 1_000 * 2 ** (this.#failures - 1)));
    });
  }

  async #start(): Promise<void> {
    const { clock, log, processStore, os, reaper, ladderMs, startDeadlineMs, starts, dir } = this.#parts;
    const processId = randomUUID();
    const beganAt = clock.monotonic();
    const spare = new SpareCliProcess({
      processId,
      sessionId: randomUUID(),
      dir,
      prepare: (spec) => starts.prepare("spare", spec, waitingIn(dir)),
      clock,
      processStore,
      os,
      reaper,
      ladderMs,
    });
    this.#spares.add(spare);
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      await spare.start(startDeadlineMs);
      if (!spare.isReady) throw new Error("It was not wanted any more.");
    } catch (error) {
      this.#failures += 1;
      if (!this.#isStopped) log.warn("spare.start_failed", { processId, error: String(error) });
      await this.#discard(spare);
      return;
    }
    this.#failures = 0;
    log.info("spare.ready", { processId, pid: spare.cli.child?.pid, tookMs: clock.monotonic() - beganAt });
    void spare.cli.exit.then(() => {
      // A claimed spare is not lost, nor is one that is being ended.
      if (!this.#spares.has(spare) || !spare.isReady) return;
      log.warn("spare.lost", { processId });
      void this.#discard(spare);
    });
  }
}

/** The directory in which a spare waits is ours, and no repository. */
const waitingIn = (projectPath: string): StartedIn => ({
  projectPath,
  standing: "plain",
  hasPlainDiff: false,
  hasSilentHooks: false,
  hasSilentCommands: false,
});
