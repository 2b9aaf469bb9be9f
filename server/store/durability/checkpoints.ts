import { Worker } from "node:worker_threads";
import type { Clock, Log } from "../../domain/ports.ts";

/**
 * Commits after which the log is checkpointed as soon as no turn would notice. A turn has four to six, of
 * ten pages each; SQLite's own measure, 1,000 pages, comes to a quarter of this.
 */
const dueCommits = 400;
/** Commits after which it is folded in any case: some 40 MB of log. */
const overdueCommits = 4 * dueCommits;
/**
 * Commits since the log was last folded in whole, after which it is done on the event loop: where commits come without a
 * pause, a thread on a slow disk never catches up with them, and the log would grow for ever. Some 250 MB of log.
 */
const outrunCommits = 4 * overdueCommits;
/** While a checkpoint is due, check this often whether a turn would notice. */
const lookMs = 1_000;

export interface CheckpointsParts {
  /** The database's file. */
  path: string;
  clock: Clock;
  log: Log;
  /**
   * Whether no turn is streaming. The first commit after the log was folded in whole begins it anew, and SQLite syncs
   * the new beginning in that commit: the one sync that holds the event loop.
   */
  isQuiet(): boolean;
  /** The thread cannot do it: SQLite is to do it within commits, as it does by default. */
  giveUp(): void;
  /** Folds the log in here and now, while nothing can be committed. */
  foldNow(): void;
  /** Whether the files are still those at their paths: a thread would open whatever is there now. */
  isFound?(): boolean;
  /** Whether the log was folded in whole. Default: a thread of its own for each. */
  fold?: (path: string) => Promise<boolean>;
}

/**
 * Checkpoints: folds the write-ahead log into the database in a worker thread: `waiting -> due -> folding -> waiting`.
 */
export class Checkpoints {
  readonly #parts: CheckpointsParts;
  #commits = 0;
  /** Those that may still be in the log: it has not begun anew since. */
  #kept = 0;
  #disarm: (() => void) | undefined;
  #folding: Promise<void> | undefined;
  #isOver = false;
  #isHeldBack = false;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
  }

  /** Something was committed. */
  noteCommit(): void {
    this.#commits += 1;
    this.#kept += 1;
    if (this.#commits >= dueCommits) this.#arm();
  }

  /** Whether the last fold was not whole: a connection reads an older state, or commits come without a pause. */
  get isHeldBack(): boolean {
    return this.#isHeldBack;
  }

  /** Begins no other one, and resolves when none is under way. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#disarm?.();
    await this.#folding;
  }

  #arm(): void {
    if (this.#disarm || this.#folding || this.#isOver) return;
    this.#disarm = this.#parts.clock.after(lookMs, () => {
      this.#disarm = undefined;
      if (this.#commits >= overdueCommits || this.#parts.isQuiet()) this.#folding = this.#fold();
      else this.#arm();
    });
  }

  async #fold(): Promise<void> {
    const { path, log, giveUp, foldNow, isFound, fold = foldInThread } = this.#parts;
    const commits = this.#kept;
    this.#commits = 0;
    if (isFound?.() === false) {
      this.#isOver = true;
      this.#folding = undefined;
      return;
    }
    try {
      this.#isHeldBack = !(await fold(path));
      if (!this.#isHeldBack) this.#kept -= commits;
      else if (this.#kept >= outrunCommits && !this.#isOver) {
        log.info("store.log_outran_checkpoints", { commits: this.#kept });
        this.#kept = 0;
        foldNow();
      }
    } catch (error) {
      this.#isOver = true;
      log.warn("store.checkpoint_failed", { error: String(error) });
      giveUp();
    }
    this.#folding = undefined;
  }
}

function foldInThread(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./checkpointWorker.js", import.meta.url), {
      workerData: path,
      env: {},
    });
    worker.unref();
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => resolve(false));
  });
}
