import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { prepareSpawn, startTicksOf } from "../../../../server/claude/os/spawn.ts";
import type { ProcessStore } from "../../../../server/domain/stores/operation.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-spawn-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const book: ProcessStore = { open: () => {}, started: () => {}, ended: () => {}, unended: () => [] };

const lastWordsOf = async (command: string, cwd = folder): Promise<string> => {
  const cli = prepareSpawn("p1", "s1", 0, book);
  cli.spawnClaudeCodeProcess({ command, args: [], cwd, env: {}, signal: new AbortController().signal });
  expect(await cli.exit).toEqual({ code: null, signal: null });
  return cli.stderrTail;
};

describe("a CLI that cannot be started", () => {
  test("is told with what to do and the system's code, and without its path", async () => {
    const advice = "could not be found or run; set CLAUDE_BIN or install the packages again.";
    expect(await lastWordsOf(join(folder, "claude"))).toBe(`The Claude CLI ${advice} (ENOENT)`);
    const notExecutable = join(folder, "text");
    writeFileSync(notExecutable, "no program", { mode: 0o600 });
    expect(await lastWordsOf(notExecutable)).toBe(`The Claude CLI ${advice} (EACCES)`);
  });

  test("because its project is gone is told so, and not as a missing CLI", async () => {
    const said = await lastWordsOf(process.execPath, join(folder, "gone"));
    expect(said).toBe("The project's directory is not there any more (ENOENT).");
  });
});

test("F10: a process is known by its pid and its start time, from the spawn on", async () => {
  const booked: unknown[] = [];
  const started: ProcessStore["started"] = (_processId, pid, startTicks) => booked.push({ pid, startTicks });
  const cli = prepareSpawn("p1", "s1", 0, { ...book, started });
  expect(cli.identity).toEqual({ pid: null, startTicks: null });
  const args = ["-e", "process.stdin.resume()"];
  const signal = new AbortController().signal;
  cli.spawnClaudeCodeProcess({ command: process.execPath, args, cwd: folder, env: {}, signal });
  const { pid, startTicks } = cli.identity;
  expect(pid).toBe(cli.child?.pid);
  expect(startTicks).toBe(startTicksOf(pid!));
  expect(startTicks).toMatch(/^\d+$/);
  expect(booked).toEqual([{ pid, startTicks }]);
  cli.child?.stdin?.end();
  await cli.exit;
  // What it was is still known when it is gone.
  expect(cli.identity).toEqual({ pid, startTicks });
});
