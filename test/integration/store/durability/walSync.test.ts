import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WalSync } from "../../../../server/store/durability/walSync.ts";

/** Until what was left to the end of the step has run. */
const nextStep = () => Promise.resolve();

describe("syncing beside the event loop", () => {
  let folder: string;
  let path: string;
  /** Syncs under way; each is ended by calling it. */
  let underway: Array<(error: Error | null) => void>;
  let faults: Error[];
  let told: string[];
  let sync: WalSync;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-sync-"));
    path = join(folder, "file");
    writeFileSync(path, "");
    [underway, faults, told] = [[], [], []];
    sync = new WalSync({
      path,
      onFault: (error) => faults.push(error),
      sync: (_fd, done) => underway.push(done),
    });
  });
  afterEach(() => {
    sync.close();
    for (const done of underway.splice(0)) done(null);
    rmSync(folder, { recursive: true });
  });
  const tell = (what: string) => sync.whenDurable(() => told.push(what));
  const answer = (error: Error | null = null) => underway.shift()!(error);

  test("DOOR-14 V18: a commit to a file that is not at its path any more is never told, what comes later is", async () => {
    sync.close();
    sync = new WalSync({
      path,
      onFault: () => {},
      isFound: () => false,
      sync: (_fd, done) => underway.push(done),
    });
    sync.noteCommit();
    tell("accepted");
    await nextStep();
    answer();
    expect(told).toEqual([]);
    tell("refused");
    expect(told).toEqual(["refused"]);
  });

  test("without a commit everything is durable at once", () => {
    tell("a");
    expect(told).toEqual(["a"]);
    expect(sync.syncingMs).toBe(0);
  });

  test("what follows a commit is told when the disk has answered, in order", async () => {
    sync.noteCommit();
    tell("a");
    tell("b");
    await nextStep();
    expect(underway).toHaveLength(1);
    expect(sync.syncingMs).toBeGreaterThan(0);
    expect(told).toEqual([]);
    answer();
    expect(told).toEqual(["a", "b"]);
    tell("c");
    expect(told).toEqual(["a", "b", "c"]);
  });

  test("commits of one step share a sync; those that come while one is under way share the next", async () => {
    sync.noteCommit();
    sync.noteCommit();
    tell("first");
    await nextStep();
    for (const name of ["second", "third", "fourth"]) {
      sync.noteCommit();
      tell(name);
      await nextStep();
    }
    expect(underway).toHaveLength(1);
    answer();
    // The disk had been asked before they were written: its answer is not about them.
    expect(told).toEqual(["first"]);
    expect(underway).toHaveLength(1);
    answer();
    expect(told).toEqual(["first", "second", "third", "fourth"]);
    expect(underway).toEqual([]);
  });

  test("who is told commits: what tells of that waits for the next answer, after those before it", async () => {
    sync.noteCommit();
    sync.whenDurable(() => {
      sync.noteCommit();
      tell("of the new one");
    });
    tell("of the old one");
    await nextStep();
    answer();
    expect(told).toEqual(["of the old one"]);
    await nextStep();
    answer();
    expect(told).toEqual(["of the old one", "of the new one"]);
  });

  test("one who throws keeps nobody else from being told", async () => {
    const thrown: unknown[] = [];
    const careful = new WalSync({
      path,
      onFault: (error) => faults.push(error),
      onTellError: (error) => thrown.push(error),
      sync: (_fd, done) => underway.push(done),
    });
    careful.noteCommit();
    careful.whenDurable(() => {
      throw new Error("a fault of ours");
    });
    careful.whenDurable(() => told.push("b"));
    await nextStep();
    answer();
    expect(told).toEqual(["b"]);
    expect(thrown.map(String)).toEqual(["Error: a fault of ours"]);
    careful.close();
  });

  test("a disk that refuses is said once, and nothing is told any more", async () => {
    sync.noteCommit();
    tell("a");
    await nextStep();
    answer(new Error("EIO"));
    expect(faults.map(({ message }) => message)).toEqual(["EIO"]);
    sync.noteCommit();
    tell("b");
    await nextStep();
    expect(underway).toEqual([]);
    expect(told).toEqual([]);
  });

  test("closed while the disk is asked, it neither tells nor fails", async () => {
    sync.noteCommit();
    tell("a");
    await nextStep();
    sync.close();
    sync.close();
    answer(new Error("EIO"));
    expect([told, faults]).toEqual([[], []]);
  });

  test("the system's own sync is what is asked when nothing else is said", async () => {
    const real = new WalSync({ path, onFault: (error) => faults.push(error) });
    real.noteCommit();
    await new Promise<void>((resolve) => real.whenDurable(resolve));
    expect(faults).toEqual([]);
    real.close();
  });
});
