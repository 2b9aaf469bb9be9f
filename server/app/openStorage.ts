import { withDeadline } from "../domain/deadline.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { Closers } from "../platform/closers.ts";
import { HeldFiles } from "../platform/filesystem/heldFiles.ts";
import { databasePath } from "../store/database.ts";
import { Checkpoints } from "../store/durability/checkpoints.ts";
import { type OpenStore, openStore } from "../store/store.ts";
import type { Config } from "./config.ts";
import { StorageWatch } from "./storageWatch.ts";

/**
 * A stop waits no longer than this for the disk's word on the last commits; what it owes then is told at the next
 * start.
 */
const lastWordMs = 2_000;

interface StorageParts {
  /** Where the files are, and the pause between two looks at them. */
  config: Pick<Config, "dataDir" | "healthIntervalMs">;
  /** The files that keep other servers out of the data folder. */
  lockPaths: readonly string[];
  clock: Clock;
  log: Log;
  onCommit(durationMs: number): void;
  onSync(durationMs: number): void;
  /** The disk has refused what it was given: the server must not go on as if it had it. */
  crash(error: Error): void;
}

/** The open database, and the watch over its files. */
export interface Storage {
  database: OpenStore;
  watch: StorageWatch;
}

/** Opens the database; commits are synced and the write-ahead log is checkpointed in worker threads. */
export function openStorage(parts: StorageParts, closers: Closers): Storage {
  const { config, lockPaths, clock, log, onCommit, onSync, crash } = parts;
  const { dataDir } = config;
  const path = databasePath({ dataDir });
  const files = new HeldFiles();
  const store = openStore({
    dataDir,
    clock,
    onCommit,
    onWrongSessionChange: (wrong) => log.error("session.wrong_change", { ...wrong }),
    onStorageFault: (fault) => {
      if (fault === undefined) log.info("store.writes_again");
      else log.warn("store.write_refused", { error: fault });
    },
    onSubscriberError: (error) => log.error("log.subscriber_failed", { error: String(error) }),
    beside: {
      onSync,
      onWritten: () => checkpoints.noteCommit(),
      isFound: () => watch.isFound(),
      onFault: (cause) =>
        crash(
          new DaylongError(
            "storage_failed",
            `The disk did not take what was written to it: ${cause.message}`,
            {
              cause,
            },
          ),
        ),
    },
  });
  files.hold([...lockPaths, path, `${path}-wal`, `${path}-shm`]);
  const watch = new StorageWatch({
    files,
    logPath: `${path}-wal`,
    isHeldBack: () => checkpoints.isHeldBack,
    refuseWrites: (detail) => store.refuseWrites(detail),
    clock,
    log,
    intervalMs: config.healthIntervalMs,
  });
  const checkpoints = new Checkpoints({
    path,
    clock,
    log,
    isFound: () => watch.isFound(),
    isQuiet: () => store.turns.inState("running").length === 0,
    giveUp: () => store.resumeCheckpoints(),
    foldNow: () => store.foldJournal(),
  });
  closers.push(async () => {
    await lastWord(store, clock);
    store.close();
  });
  closers.push(() => checkpoints.stop());
  closers.push(() => watch.stop());
  return { database: store, watch };
}

/** Resolves when everything committed is durable, or after two seconds. */
export function lastWord(store: OpenStore, clock: Clock): Promise<void> {
  const durable = new Promise<void>((resolve) => store.whenDurable(resolve));
  return withDeadline(clock, lastWordMs, durable, () => undefined);
}
