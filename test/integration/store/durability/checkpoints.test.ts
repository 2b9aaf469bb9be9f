import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { foldJournal } from "../../../../server/store/database.ts";
import { Checkpoints } from "../../../../server/store/durability/checkpoints.ts";
import { type OpenStore, openStore } from "../../../../server/store/store.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryWords } from "../../../unit/delivery/memoryLog.ts";

describe("folding the log in beside the event loop", () => {
  let folder: string;
  let path: string;
  let clock: ManualClock;
  let words: MemoryWords;
  let isQuiet: boolean;
  let folded: number;
  let isOutrun: boolean;
  let refusal: Error | undefined;
  let checkpoints: Checkpoints;
  let store: OpenStore;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-checkpoints-"));
    path = join(folder, "daylong.db");
    [clock, words] = [new ManualClock(), new MemoryWords()];
    [isQuiet, isOutrun, folded, refusal] = [true, false, 0, undefined];
    store = openStore({
      path,
      clock,
      beside: { onFault: () => {}, onWritten: () => checkpoints.noteCommit() },
    });
    checkpoints = new Checkpoints({
      path,
      clock,
      log: words,
      isQuiet: () => isQuiet,
      giveUp: () => store.resumeCheckpoints(),
      fold: async () => {
        folded += 1;
        if (refusal) throw refusal;
        if (!isOutrun) return foldJournal(path);
        // Whoever reads the state before it keeps the fold from a commit as does one that comes in the middle.
        const reader = new Database(path);
        reader.exec("BEGIN; SELECT * FROM meta");
        commit(1);
        const isWhole = foldJournal(path);
        reader.close();
        return isWhole;
      },
      foldNow: () => store.foldJournal(),
    });
  });
  afterEach(async () => {
    await checkpoints.stop();
    store.close();
    rmSync(folder, { recursive: true });
  });
  const commit = (count: number) => {
    for (let done = 0; done < count; done += 1) store.settings.set("padding", done);
  };
  const journalBytes = () => statSync(`${path}-wal`).size;

  test("it is done when there is enough to fold and nobody is spoken to", async () => {
    commit(399);
    await clock.run(10_000);
    expect(folded).toBe(0);
    isQuiet = false;
    commit(1);
    await clock.run(10_000);
    expect(folded).toBe(0);
    isQuiet = true;
    await clock.run(1_000);
    expect(folded).toBe(1);
    // And not again before there is as much again.
    commit(399);
    await clock.run(10_000);
    expect(folded).toBe(1);
  });

  test("it does not wait for ever for a quiet moment", async () => {
    isQuiet = false;
    commit(1_599);
    await clock.run(10_000);
    expect(folded).toBe(0);
    commit(1);
    await clock.run(1_000);
    expect(folded).toBe(1);
  });

  test("the log begins anew after it, and so stays as small as it was laid out", async () => {
    const laidOut = journalBytes();
    for (let round = 0; round < 20; round += 1) {
      commit(400);
      await clock.run(1_000);
    }
    expect(folded).toBe(20);
    expect(journalBytes()).toBe(laidOut);
  });

  test("where commits outrun every fold, the log is folded in on the loop, and does not grow for ever", async () => {
    isOutrun = true;
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round += 1) {
        commit(800);
        await clock.run(1_000);
      }
      return journalBytes();
    };
    const longest = await rounds(9);
    expect(words.names).toContain("store.log_outran_checkpoints");
    expect(await rounds(18)).toBe(longest);
    expect(folded).toBe(27);
  });

  test("F20 a store that is closed while the disk owes its word leaves the log to the next start, and asks for no more", async () => {
    const other = join(folder, "other.db");
    const asked: unknown[] = [];
    const beside = { onFault: () => {}, sync: (fd: number) => void asked.push(fd) };
    const owing = openStore({ path: other, clock, beside });
    owing.settings.set("padding", 1);
    await clock.settle();
    expect(asked).toHaveLength(1);
    owing.close();
    expect(existsSync(`${other}-wal`)).toBe(true);
    const next = openStore({ path: other, clock });
    expect(next.settings.all().get("padding")).toBe(1);
    next.close();
  });

  test("where it cannot be done SQLite does it within commits again, and that is said", async () => {
    const laidOut = journalBytes();
    refusal = new Error("no thread");
    commit(400);
    await clock.run(1_000);
    expect(words.names).toContain("store.checkpoint_failed");
    commit(8_000);
    await clock.run(10_000);
    expect(folded).toBe(1);
    expect(journalBytes()).toBe(laidOut);
  });
});
