import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { expandPath, makeFolder } from "../../../../server/platform/filesystem/paths.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-paths-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("REPORT-8: a path is absolute, the home directory written out at its beginning only", () => {
  expect(expandPath("~", "/base")).toBe(homedir());
  expect(expandPath("$HOME/x", "/base")).toBe(join(homedir(), "x"));
  expect(expandPath(`\${HOME}/x`, "/base")).toBe(join(homedir(), "x"));
  expect(expandPath("~x/$HOME", "/base")).toBe("/base/~x/$HOME");
  expect(expandPath("../x", "/base/in")).toBe("/base/x");
});

describe("makeFolder", () => {
  test("makes what is missing, closed to others, and leaves what is there", () => {
    const path = join(folder, "a", "b", "c");
    makeFolder(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    makeFolder(path, 0o700);
    expect(existsSync(path)).toBe(true);
  });

  test("says why it cannot, where a file is in the way", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => makeFolder(join(folder, "file", "a"), 0o700)).toThrow("ENOTDIR");
  });
});
