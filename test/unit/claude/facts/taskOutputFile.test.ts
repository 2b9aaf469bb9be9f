import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { outputInFile } from "../../../../server/claude/facts/taskOutputFile.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-output-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (content: string | Buffer) => {
  const path = join(folder, "b1.output");
  writeFileSync(path, content);
  return outputInFile(path);
};

describe("T03 the file that a command writes its output into", () => {
  test("is shown whole when it is short, also when it is empty", async () => {
    expect(await written("one\n")).toEqual({ output: "one\n", totalBytes: 4, truncated: false });
    expect(await written("")).toEqual({ output: "", totalBytes: 0, truncated: false });
  });

  test("is shown by its last 8 KiB, without the half of a character", async () => {
    const output = await written(`${"é".repeat(5_000)}x`);
    expect(output).toEqual({ output: `${"é".repeat(4_095)}x`, totalBytes: 10_001, truncated: true });
  });

  test("is text, whatever bytes it holds", async () => {
    expect((await written(Buffer.from([0xff, 0x61])))?.output).toBe("\ufffda");
  });

  test("is nothing when it is not there, and no link, folder or pipe is read for it", async () => {
    writeFileSync(join(folder, "secret"), "secret");
    symlinkSync(join(folder, "secret"), join(folder, "link"));
    mkdirSync(join(folder, "dir"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    for (const name of ["none", "link", "dir", "pipe"])
      expect(await outputInFile(join(folder, name))).toBeUndefined();
  });
});
