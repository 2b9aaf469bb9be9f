import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type FolderLock,
  FolderTakenError,
  isFolderHeld,
  lockFolder,
} from "../../../../server/platform/filesystem/folderLock.ts";

let folder: string;
let dataDir: string;
let locks: FolderLock[];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-lock-")));
  dataDir = join(folder, "data");
  mkdirSync(dataDir);
  locks = [];
});
afterEach(() => {
  for (const lock of locks) lock.release();
  rmSync(folder, { recursive: true, force: true });
});
const take = (path = dataDir): FolderLock => {
  const lock = lockFolder(path);
  locks.push(lock);
  return lock;
};

describe("the lock of a data folder", () => {
  test("DOOR-14: keeps a second server out of the place from which the first one's folder was removed or moved", () => {
    take();
    expect(() => take()).toThrow(FolderTakenError);
    const moved = join(folder, "moved");
    renameSync(dataDir, moved);
    mkdirSync(dataDir);
    expect(() => take()).toThrow(FolderTakenError);
    // And out of the place to which it was moved.
    expect(() => take(moved)).toThrow(FolderTakenError);
    rmSync(moved, { recursive: true });
    expect(() => take()).toThrow(FolderTakenError);
  });

  test("DOOR-14: is free again when it is released, with nothing left beside the folder", () => {
    take().release();
    expect(readdirSync(folder)).toEqual(["data"]);
    expect(take().paths.every((path) => existsSync(path))).toBe(true);
  });

  test("DOOR-17: is seen from outside while it is held, and taken by no look", () => {
    expect(isFolderHeld(dataDir)).toBe(false);
    const lock = take();
    expect([isFolderHeld(dataDir), isFolderHeld(dataDir)]).toEqual([true, true]);
    expect(() => take()).toThrow(FolderTakenError);
    lock.release();
    expect(isFolderHeld(dataDir)).toBe(false);
  });

  test("DOOR-20: that cannot be written is not taken for another server's", () => {
    writeFileSync(join(dataDir, "server.lock"), "no database, and longer than the header of one ".repeat(9));
    expect(() => take()).toThrow(/not a database/);
    expect(existsSync(join(folder, ".data.lock"))).toBe(false);
  });
});
