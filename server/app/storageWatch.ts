import { statSync } from "node:fs";
import { basename } from "node:path";
import type { Clock, Log } from "../domain/ports.ts";
import type { HeldFiles, LostFile } from "../platform/filesystem/heldFiles.ts";

/** Four times the size that the log has in quiet times; one that cannot be folded in grows beyond it. */
const heldBackBytes = 16 * 1024 ** 2;
/** More than the checkpoints let it come to under any load (`store/durability/checkpoints`). */
const hugeBytes = 320 * 1024 ** 2;

export interface StorageWatchParts {
  files: HeldFiles;
  /** The write-ahead log. */
  logPath: string;
  /** Whether the last checkpoint could not fold the log in whole. */
  isHeldBack(): boolean;
  /** From now on nothing is written. */
  refuseWrites(detail: string): void;
  clock: Clock;
  log: Log;
  intervalMs: number;
}

/**
 * Watch over the files under the server. Nothing is accepted any more when one of them is not the one at its path; a log that
 * grows because another program reads an old state is told.
 */
export class StorageWatch {
  readonly #parts: StorageWatchParts;
  #disarm: (() => void) | undefined;
  #isLost = false;
  #toldBytes = 0;
  #growth: string | undefined;

  constructor(parts: StorageWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, log, intervalMs } = this.#parts;
    this.#disarm = clock.after(intervalMs, () => {
      try {
        this.look();
      } catch (error) {
        log.error("store.watch_failed", { error });
      }
      this.start();
    });
  }

  stop(): void {
    this.#disarm?.();
  }

  /** Whether every file is the one at its path. */
  isFound(): boolean {
    if (this.#isLost) return false;
    const lost = this.#parts.files.lost();
    if (lost !== undefined) this.#giveUp(lost);
    return lost === undefined;
  }

  /** Looks once; a sentence about a log that grows. */
  look(): string | undefined {
    if (this.isFound()) this.#measure();
    return this.#growth;
  }

  #giveUp(lost: LostFile): void {
    const { refuseWrites, log } = this.#parts;
    this.#isLost = true;
    const name = basename(lost.path);
    const what =
      lost.now === "nothing"
        ? "was moved or deleted"
        : "was replaced by another file, or moved with its folder";
    const detail =
      `The file ${name} ${what} while the server ran, so nothing more is accepted. ` +
      "Stop the server, put the data folder's files back where they were, all of them together, and start it again.";
    refuseWrites(detail);
    log.error("store.file_lost", { path: lost.path, now: lost.now, detail });
  }

  #measure(): void {
    const { logPath, isHeldBack, log } = this.#parts;
    const bytes = statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes < (isHeldBack() ? heldBackBytes : hugeBytes)) {
      if (this.#growth !== undefined) log.info("store.log_folded_in", { bytes });
      this.#growth = undefined;
      this.#toldBytes = 0;
      return;
    }
    const megabytes = Math.round(bytes / 1024 ** 2);
    this.#growth = `The database's write-ahead log has grown to ${megabytes} MB, because another program reads an older state of the database. It is folded in when that program lets go.`;
    if (bytes < 2 * this.#toldBytes) return;
    this.#toldBytes = bytes;
    log.warn("store.log_grows", { bytes, detail: this.#growth });
  }
}
