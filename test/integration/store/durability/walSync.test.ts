import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WalSync } from "../../../../server/store/durability/walSync.ts";
import { openStore } from "../../../../server/store/store.ts";
import { ManualClock } from "../../../support/manualClock.ts";

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

  test("a sync that was asked for begins sooner than the step ends when it may, once", async () => {
    sync.beginAsked();
    expect(underway).toEqual([]);
    sync.noteCommit();
    tell("a");
    sync.beginAsked();
    expect(underway).toHaveLength(1);
    sync.beginAsked();
    await nextStep();
    expect(underway).toHaveLength(1);
    answer();
    expect(told).toEqual(["a"]);
    expect(underway).toEqual([]);
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

describe("a commit that may be synced later", () => {
  let folder: string;
  let syncs: Array<(error: Error | null) => void>;
  let store: ReturnType<typeof openStore>;
  let told: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-later-"));
    [syncs, told] = [[], []];
    const clock = new ManualClock();
    const sync = (_fd: number, done: (error: Error | null) => void) => void syncs.push(done);
    store = openStore({ path: join(folder, "later.db"), clock, beside: { onFault: () => {}, sync } });
  });
  afterEach(() => {
    for (const done of syncs.splice(0)) done(null);
    store.close();
    rmSync(folder, { recursive: true });
  });
  const set = (value: number, when?: "later") =>
    store.transaction(() => store.settings.set("limit", value), undefined, when);
  const tell = (what: string) => store.whenDurable(() => told.push(what));

  test("the disk is not asked for it, and nothing waits for it", async () => {
    set(1, "later");
    tell("an ack");
    await nextStep();
    expect([syncs.length, told]).toEqual([0, ["an ack"]]);
  });

  test("of one that is not, the disk is asked after what follows the commit, and before it is announced", () => {
    const order: Array<[what: string, syncs: number]> = [];
    store.events.subscribe(() => order.push(["announced", syncs.length]));
    store.transaction(
      () => store.events.append({ sessionId: null, type: "login.required", data: { detail: "Log in." } }),
      () => order.push(["followed", syncs.length]),
    );
    expect(order).toEqual([
      ["followed", 0],
      ["announced", 1],
    ]);
  });

  test("the next commit that is synced takes it along, and is waited for as always", async () => {
    set(1, "later");
    set(2);
    tell("a turn");
    await nextStep();
    expect([syncs.length, told]).toEqual([1, []]);
    syncs.shift()!(null);
    expect(told).toEqual(["a turn"]);
    expect(store.settings.all().get("limit")).toBe(2);
  });

  test("one that appended an event is synced at once all the same: its cursor may have been told", async () => {
    store.transaction(
      () => store.events.append({ sessionId: null, type: "login.required", data: { detail: "Log in." } }),
      undefined,
      "later",
    );
    tell("the event");
    await nextStep();
    expect([syncs.length, told]).toEqual([1, []]);
  });

  test("within another transaction it is synced with that", async () => {
    store.transaction(() => set(1, "later"));
    await nextStep();
    expect(syncs.length).toBe(1);
  });

  test("after one that failed the next is synced", async () => {
    expect(() =>
      store.transaction(
        () => {
          throw new Error("no");
        },
        undefined,
        "later",
      ),
    ).toThrow("no");
    set(1);
    await nextStep();
    expect(syncs.length).toBe(1);
  });
});
