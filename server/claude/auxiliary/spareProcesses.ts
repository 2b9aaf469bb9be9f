import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { freemem } from "node:os";
import { withDeadline } from "../../domain/deadline.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type { ProcessSpec, SparePool } from "../../domain/processes/process.ts";
import { type SpareStanding, spareBytes, spareStandings } from "../../domain/processes/spare.ts";
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
/** A project whose claim the CLI refused is promised a spare again after this time: its settings may have changed. */
const refusalMs = 3_600_000;
/** The expected project may lie on a mount that is dead. */
const standingDeadlineMs = 2_000;

export interface SpareProcessesParts {
  dir: string;
  starts: Pick<CliStarts, "prepare" | "standingOf" | "hearsOthers">;
  clock: Clock;
  log: Log;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  ladderMs: number;
  startDeadlineMs: number;
}

/**
 * Pool of prewarmed processes (spares): started one after another, replaced when they are claimed or die. Each is for
 * projects of one standing, after the projects in which sessions began lately (`spareStandings`).
 */
export class SpareProcesses implements SparePool {
  readonly #parts: SpareProcessesParts;
  readonly #spares = new Set<SpareCliProcess>();
  /** The spares that projects can claim, as it was when a session last began there; `none`: a start is needed. */
  readonly #standings = new Map<string, SpareStanding | "none">();
  /** Projects with settings that a running process cannot take (`env`, `model`), by the reading of the CLI's refusal. */
  readonly #refusedAt = new Map<string, number>();
  /** When a session last began in a project of each standing. */
  readonly #beganAt = new Map<SpareStanding, number>();
  #isExpecting = false;
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

  expect(projectPath: string): void {
    const { starts, clock } = this.#parts;
    this.#isExpecting = true;
    void withDeadline(clock, standingDeadlineMs, starts.standingOf(projectPath), () => undefined)
      .catch(() => undefined)
      .then((standing) => {
        this.#isExpecting = false;
        if (standing === "trusted" && this.#beganAt.size === 0) {
          this.#beganAt.set("trusted", clock.monotonic());
          this.#standings.set(projectPath, "trusted");
        }
        if (this.#cancelRefill === undefined) this.#refill();
      });
  }

  keep(count: number): void {
    this.#wanted = count;
    let tooMany = this.#spares.size - count;
    const [extra] = this.#unbalanced();
    const rank = ({ isEnding, standing }: SpareCliProcess) => (isEnding ? 0 : standing === extra ? 1 : 2);
    for (const spare of [...this.#spares].sort((a, b) => rank(a) - rank(b))) {
      if (tooMany <= 0) break;
      if (spare.isReserved) continue;
      tooMany -= 1;
      void this.#discard(spare);
    }
    if (this.#cancelRefill === undefined) this.#refill();
  }

  reserve(projectPath: string): string | undefined {
    const standing = this.#standings.get(projectPath) ?? "plain";
    if (this.#isRefused(projectPath)) return undefined;
    const spare = [...this.#spares].find(
      (one) => one.standing === standing && one.isReady && !one.isReserved,
    );
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
  async take(spec: ProcessSpec, startedIn: StartedIn): Promise<SpareCliProcess | undefined> {
    const standing = standingFor(startedIn);
    if (isClaimable(spec)) this.#began(spec.projectPath, standing);
    const spare = [...this.#spares].find((one) => one.sessionId === spec.claudeSessionId);
    if (spare === undefined) return undefined;
    const isFitting = spare.standing === standing && (await this.#hearsAsNow(spare));
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
    if (String(reason).includes("_not_claimable")) {
      this.#refusedAt.set(projectPath, this.#parts.clock.monotonic());
      // A spare for its like is of no use as long as no session begins in another.
      if (spare.standing === "trusted") this.#beganAt.delete("trusted");
    }
    void spare.end();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRefill?.();
    await Promise.all([...this.#spares].map((spare) => this.#discard(spare)));
  }

  /** A session begins on a process of this project. */
  #began(projectPath: string, standing: SpareStanding | "none"): void {
    this.#standings.set(projectPath, standing);
    if (standing === "none" || this.#isRefused(projectPath)) return;
    this.#beganAt.set(standing, this.#parts.clock.monotonic());
    // A start that is due anyway sees to it; otherwise it waits as after a claim.
    if (this.#cancelRefill === undefined && this.#unbalanced()[1] !== undefined) this.#refillIn(refillMs);
  }

  #isRefused(projectPath: string): boolean {
    const at = this.#refusedAt.get(projectPath);
    if (at === undefined) return false;
    if (this.#parts.clock.monotonic() - at < refusalMs) return true;
    this.#refusedAt.delete(projectPath);
    return false;
  }

  async #hearsAsNow(spare: SpareCliProcess): Promise<boolean> {
    return (await this.#parts.starts.hearsOthers(spare.standing)) === spare.hearsOthers;
  }

  /** The standing of which there are more spares than there should be, and the one that is missing. */
  #unbalanced(): [extra: SpareStanding | undefined, missing: SpareStanding | undefined] {
    const wanted = spareStandings(this.#wanted, this.#beganAt, this.#parts.clock.monotonic());
    const there = [...this.#spares].filter(({ isEnding }) => !isEnding).map(({ standing }) => standing);
    const surplusOf = (standing: SpareStanding) =>
      there.filter((one) => one === standing).length - wanted.filter((one) => one === standing).length;
    const standings = [...new Set<SpareStanding>([...wanted, ...there])];
    return [
      standings.find((standing) => surplusOf(standing) > 0),
      standings.find((standing) => surplusOf(standing) < 0),
    ];
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
    if (this.#isStopped || this.#isStarting || this.#isExpecting) return;
    if (this.#spares.size >= this.#wanted) {
      const [extra, missing] = this.#unbalanced();
      const free = [...this.#spares].find(
        (one) => one.standing === extra && !one.isReserved && !one.isEnding,
      );
      if (missing !== undefined && free !== undefined) void this.#discard(free);
      return;
    }
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
    const standing = this.#unbalanced()[1] ?? "plain";
    const processId = randomUUID();
    const beganAt = clock.monotonic();
    const spare = new SpareCliProcess({
      processId,
      sessionId: randomUUID(),
      standing,
      dir,
      prepare: (spec) => starts.prepare("spare", spec, waitingIn(dir, standing)),
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
    const tookMs = clock.monotonic() - beganAt;
    log.info("spare.ready", { processId, pid: spare.cli.child?.pid, standing, tookMs });
    void spare.cli.exit.then(() => {
      // A claimed spare is not lost, nor is one that is being ended.
      if (!this.#spares.has(spare) || !spare.isReady) return;
      log.warn("spare.lost", { processId });
      void this.#discard(spare);
    });
  }
}

/**
 * The spares that can become a process in such a project. A plain one's environment puts nothing in the place of a
 * repository's own diff, and commands run in it.
 */
function standingFor({ standing, hasPlainDiff, hasSilentCommands }: StartedIn): SpareStanding | "none" {
  if (standing === "trusted") return "trusted";
  return standing === "suspect" || hasPlainDiff || hasSilentCommands ? "none" : "plain";
}

/** The directory in which a spare waits is ours, and no repository. */
const waitingIn = (projectPath: string, standing: SpareStanding): StartedIn => ({
  projectPath,
  standing,
  hasPlainDiff: false,
  hasSilentHooks: false,
  hasSilentCommands: false,
});
