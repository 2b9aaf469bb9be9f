import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { StorageWatch } from "../../../server/app/storageWatch.ts";
import { HeldFiles } from "../../../server/platform/filesystem/heldFiles.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryWords } from "../delivery/memoryLog.ts";

let folder: string;
let logPath: string;
let clock: ManualClock;
let words: MemoryWords;
let isHeldBack: boolean;
let refusals: string[];
let watch: StorageWatch;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-watch-"));
  logPath = join(folder, "daylong.db-wal");
  writeFileSync(logPath, "");
  [clock, words, isHeldBack, refusals] = [new ManualClock(), new MemoryWords(), false, []];
  const files = new HeldFiles();
  files.hold([logPath]);
  watch = new StorageWatch({
    files,
    logPath,
    isHeldBack: () => isHeldBack,
    refuseWrites: (detail) => refusals.push(detail),
    clock,
    log: words,
    intervalMs: 30_000,
  });
  watch.start();
});
afterEach(() => {
  watch.stop();
  expect(clock.armed).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});
const growTo = (megabytes: number) => truncateSync(logPath, megabytes * 1024 ** 2);
const toldOf = (event: string) => words.names.filter((name) => name === event).length;

test("DOOR-19: a log that another reader holds back is told with its size, again when it has doubled, and when it is over", () => {
  growTo(20);
  clock.advance(30_000);
  expect([toldOf("store.log_grows"), watch.look()]).toEqual([0, undefined]);
  isHeldBack = true;
  clock.advance(30_000);
  expect([toldOf("store.log_grows"), watch.look()]).toEqual([1, expect.stringContaining("20 MB")]);
  growTo(39);
  clock.advance(30_000);
  expect([toldOf("store.log_grows"), watch.look()]).toEqual([1, expect.stringContaining("39 MB")]);
  growTo(40);
  clock.advance(30_000);
  expect(toldOf("store.log_grows")).toBe(2);
  isHeldBack = false;
  clock.advance(30_000);
  expect([toldOf("store.log_folded_in"), watch.look()]).toEqual([1, undefined]);
  growTo(321);
  clock.advance(30_000);
  expect(watch.look()).toContain("321 MB");
});

test("DOOR-14 V18: a file that is lost is noticed at the next pass, said once, and for good", () => {
  const text = "the same";
  rmSync(logPath);
  expect(refusals).toEqual([]);
  clock.advance(30_000);
  expect(refusals).toEqual([expect.stringMatching(/^The file daylong\.db-wal was moved or deleted/)]);
  writeFileSync(logPath, text);
  clock.advance(60_000);
  expect([refusals.length, toldOf("store.file_lost"), watch.isFound()]).toEqual([1, 1, false]);
});
