import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { linuxSystem } from "../../../../server/claude/os/operatingSystem.ts";
import { parseProcStat, startOfPid } from "../../../../server/claude/os/processTable.ts";
import { prepareSpawn } from "../../../../server/claude/os/spawn.ts";
import type { ProcessStore } from "../../../../server/domain/stores/operation.ts";
import { fillFileTable } from "../../../support/fullFileTable.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-spawn-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const processStore: ProcessStore = {
  open: () => {},
  started: () => {},
  ended: () => {},
  saw: () => {},
  unended: () => [],
};

const lastWordsOf = async (command: string, cwd = folder): Promise<string> => {
  const cli = prepareSpawn("p1", "s1", 0, processStore, linuxSystem);
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

describe("DOOR-1 F23: a system that has no more of what a start takes", () => {
  const spawned = (cli: ReturnType<typeof prepareSpawn>) => {
    const { signal } = new AbortController();
    return cli.spawnClaudeCodeProcess({ command: process.execPath, args: [], cwd: folder, env: {}, signal });
  };

  test("a full table of files ends the start, by an error that is told, and not the server", async () => {
    const cli = prepareSpawn("p1", "s1", 0, processStore, linuxSystem);
    const empty = fillFileTable();
    let process: ReturnType<typeof spawned>;
    try {
      process = spawned(cli);
    } finally {
      empty();
    }
    const told: unknown[] = [];
    process.on("error", (error) => told.push(error));
    expect(await cli.exit).toEqual({ code: null, signal: null });
    expect(cli.child).toBeUndefined();
    expect(cli.stderrTail).toBe(
      "Too many files are open to start the Claude CLI; raise the limit (ulimit -n) and restart. (EMFILE)",
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([expect.objectContaining({ code: "EMFILE" })]);
    expect(await process.stdout.toArray()).toEqual([]);
  });

  test.each(["stdin", "stdout", "stderr"] as const)(
    "a child whose %s the system had no file for ends the start, and its late error not the server",
    async (missing) => {
      const child = Object.assign(new EventEmitter(), {
        stdin: new PassThrough(),
        stdout: new PassThrough(),
        stderr: new PassThrough(),
        [missing]: null,
      });
      const cli = prepareSpawn(
        "p1",
        "s1",
        0,
        processStore,
        linuxSystem,
        () => child as unknown as ChildProcess,
      );
      const process = spawned(cli);
      child.emit("error", Object.assign(new Error("spawn EMFILE"), { code: "EMFILE" }));
      expect(await cli.exit).toEqual({ code: null, signal: null });
      expect(cli.stderrTail).toContain("(EMFILE)");
      expect(await process.stdout.toArray()).toEqual([]);
    },
  );

  test("ENFILE, the whole computer's table of files, is told of by an event and ends the start", async () => {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const child = Object.assign(new EventEmitter(), streams);
    const cli = prepareSpawn(
      "p1",
      "s1",
      0,
      processStore,
      linuxSystem,
      () => child as unknown as ChildProcess,
    );
    spawned(cli);
    child.emit("error", Object.assign(new Error("spawn ENFILE"), { code: "ENFILE" }));
    expect(await cli.exit).toEqual({ code: null, signal: null });
    expect(cli.stderrTail).toContain("(ENFILE)");
  });

  test.each(["ENOMEM", "EAGAIN"])("%s, however Node reports it, ends the start", async (code) => {
    const refused = () => {
      throw Object.assign(new Error(`spawn ${code}`), { code });
    };
    const cli = prepareSpawn("p1", "s1", 0, processStore, linuxSystem, refused);
    spawned(cli);
    expect(await cli.exit).toEqual({ code: null, signal: null });
    expect(cli.stderrTail).toBe(
      `The computer has no room for another process of the Claude CLI now. (${code})`,
    );
  });
});

test("F10: a process is known by its pid and its start time, from the spawn on", async () => {
  const booked: unknown[] = [];
  const started: ProcessStore["started"] = (_processId, pid, startTicks) => booked.push({ pid, startTicks });
  const cli = prepareSpawn("p1", "s1", 0, { ...processStore, started }, linuxSystem);
  expect(cli.identity).toEqual({ pid: null, startTicks: null });
  const args = ["-e", "process.stdin.resume()"];
  const signal = new AbortController().signal;
  cli.spawnClaudeCodeProcess({ command: process.execPath, args, cwd: folder, env: {}, signal });
  const { pid, startTicks } = cli.identity;
  expect(pid).toBe(cli.child?.pid);
  expect(startTicks).toBe(startOfPid(pid!));
  expect(startTicks).toMatch(/^\d+$/);
  expect(booked).toEqual([{ pid, startTicks }]);
  cli.child?.stdin?.end();
  await cli.exit;
  // What it was is still known when it is gone.
  expect(cli.identity).toEqual({ pid, startTicks });
});

describe("a CLI that runs", () => {
  const begin = (script: string) => {
    const cli = prepareSpawn("p1", "s1", 0, processStore, linuxSystem);
    const signal = new AbortController().signal;
    const args = ["-e", script];
    cli.spawnClaudeCodeProcess({ command: process.execPath, args, cwd: folder, env: { A: "1" }, signal });
    return cli;
  };

  test("leads a group of its own, in the project, with the given environment alone", async () => {
    const cli = begin("console.log(process.cwd(), JSON.stringify(process.env)); process.stdin.resume();");
    const [said] = (await once(cli.child!.stdout!, "data")) as [Buffer];
    expect(String(said)).toBe(`${realpathSync(folder)} {"A":"1"}\n`);
    const row = parseProcStat(readFileSync(`/proc/${cli.child!.pid}/stat`, "utf8"));
    expect(row?.pgid).toBe(cli.child!.pid);
    cli.child!.stdin!.end();
    expect(await cli.exit).toEqual({ code: 0, signal: null });
  });

  test("tells how it ended, and is remembered by its last 4,096 words on standard error", async () => {
    const cli = begin('process.stderr.write("a".repeat(5_000) + "b".repeat(4_000), () => process.exit(7))');
    const closed = once(cli.child!, "close");
    expect(await cli.exit).toEqual({ code: 7, signal: null });
    await closed;
    expect(cli.stderrTail).toBe("a".repeat(96) + "b".repeat(4_000));
    const killed = begin("process.kill(process.pid, 'SIGKILL')");
    expect(await killed.exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("is told as lost to input when it takes none any more, though it lives", async () => {
    const cli = begin("require('node:fs').closeSync(0); console.log('deaf'); setInterval(() => {}, 60_000);");
    const lost = new Promise<void>((done) => {
      cli.inputLost = done;
    });
    await once(cli.child!.stdout!, "data");
    cli.child!.stdin!.write("Hello?\n");
    await lost;
    expect(cli.child!.exitCode).toBeNull();
    cli.child!.kill("SIGKILL");
    await cli.exit;
  });
});

describe("the exit of a CLI", () => {
  test("may be waited for any number of times by the SDK, without a warning", async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.name);
    process.on("warning", note);
    const cli = prepareSpawn("p1", "s1", 0, processStore, linuxSystem);
    const { signal } = new AbortController();
    const spawned = cli.spawnClaudeCodeProcess({
      command: process.execPath,
      args: ["-e", "process.stdin.resume()"],
      cwd: folder,
      env: {},
      signal,
    });
    for (let count = 0; count < 30; count += 1) spawned.once("exit", () => {});
    cli.child?.stdin?.end();
    expect(await cli.exit).toEqual({ code: 0, signal: null });
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });
});
