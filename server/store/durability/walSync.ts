import { closeSync, fdatasync, openSync } from "node:fs";

/** Calls back when everything written to the file so far would survive a power loss, or with what went wrong. */
export type SyncFile = (fd: number, done: (error: Error | null) => void) => void;

export interface WalSyncParts {
  /** The write-ahead log's file; it must be there. */
  path: string;
  /**
   * The disk refused, once. Nothing more is called back: after a failed sync the content of the disk is
   * unknown, and a second try may say yes without having written anything (https://lwn.net/Articles/752063/).
   */
  onFault(error: Error): void;
  /**
   * Asked before each round of callbacks: whether the file that was synced is still the one at its path. If it is not, nothing
   * more is called back, for the next start would not find it.
   */
  isFound?(): boolean;
  /** Told how long each sync took. */
  onSync?(durationMs: number): void;
  /** Called with what a callback threw; the other callbacks run all the same. */
  onTellError?(error: unknown): void;
  /** Default: `fdatasync` in one of Node's file threads; on a Mac libuv asks the drive as well (F_FULLFSYNC). */
  sync?: SyncFile;
}

/**
 * Sync of the write-ahead log beside the event loop, which makes commits durable. SQLite writes a commit into the system's
 * memory and goes on; this syncs the file in another thread, and callbacks that tell of the commit wait here. So a disk that
 * takes a second holds back only news of commits that it has not confirmed, and not the words that Claude speaks.
 *
 *   durable --commit--> asked (until the end of the step) -> syncing --done--> durable, or asked if commits came meanwhile
 *                                                               \--error--> failed
 *
 * All commits that come while a sync is under way share the next one.
 */
export class WalSync {
  readonly #parts: WalSyncParts;
  readonly #sync: SyncFile;
  readonly #fd: number;
  /** Commits, counted; those up to `#durable` are on the disk. */
  #committed = 0;
  #durable = 0;
  readonly #waiting: Array<{ committed: number; tell: () => void }> = [];
  #syncingSince: number | undefined;
  #isAsked = false;
  #isFailed = false;
  #isClosed = false;

  constructor(parts: WalSyncParts) {
    this.#parts = parts;
    this.#sync = parts.sync ?? fdatasync;
    this.#fd = openSync(parts.path, "r+");
  }

  /** Something was committed. */
  noteCommit(): void {
    this.#committed += 1;
    if (this.#isAsked || this.#syncingSince !== undefined || this.#isFailed || this.#isClosed) return;
    this.#isAsked = true;
    // The prompt goes to Claude in the step of its commit; the disk is asked right after.
    queueMicrotask(() => this.beginAsked());
  }

  /** Begins the sync that was asked for, if any, sooner than at the end of the step. */
  beginAsked(): void {
    if (this.#isAsked) this.#begin();
  }

  /** Calls back when everything committed by now is durable: at once when it is, else in the order of the calls. */
  whenDurable(tell: () => void): void {
    if (this.#durable === this.#committed && this.#waiting.length === 0) tell();
    else this.#waiting.push({ committed: this.#committed, tell });
  }

  /** For how long the sync that is under way has been, in milliseconds; 0: none is. */
  get syncingMs(): number {
    return this.#syncingSince === undefined ? 0 : performance.now() - this.#syncingSince;
  }

  /** Idempotent. Callbacks that still wait are not called any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    // A number that is given back while a thread still syncs it could by then mean another file.
    if (this.#syncingSince === undefined) closeSync(this.#fd);
  }

  #begin(): void {
    this.#isAsked = false;
    if (this.#isClosed) return;
    const committed = this.#committed;
    const beganAt = performance.now();
    this.#syncingSince = beganAt;
    this.#sync(this.#fd, (error) => {
      this.#syncingSince = undefined;
      if (this.#isClosed) closeSync(this.#fd);
      else if (error) this.#fail(error);
      else if (this.#parts.isFound?.() === false) {
        this.#giveUp();
        // What is told from now on tells of no commit: there are none any more, and refusals must get out.
        this.#durable = this.#committed;
      } else this.#settle(committed, performance.now() - beganAt);
    });
  }

  #settle(committed: number, durationMs: number): void {
    this.#durable = committed;
    // Before the callbacks run: the next sync need not wait for that.
    if (this.#committed > committed) this.#begin();
    const ready = this.#waiting.findIndex((one) => one.committed > committed);
    const told = this.#waiting.splice(0, ready < 0 ? this.#waiting.length : ready);
    for (const { tell } of told) {
      try {
        tell();
      } catch (error) {
        this.#parts.onTellError?.(error);
      }
    }
    this.#parts.onSync?.(durationMs);
  }

  #fail(error: Error): void {
    this.#giveUp();
    this.#parts.onFault(error);
  }

  #giveUp(): void {
    this.#isFailed = true;
    this.#waiting.length = 0;
  }
}
