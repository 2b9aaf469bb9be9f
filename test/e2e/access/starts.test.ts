import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Bench, benchEnvironment, eventually, makeBench } from "../../support/server/daylongServer.ts";

let bench: Bench;
let child: ChildProcess | undefined;
beforeEach(() => {
  bench = makeBench();
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  bench.remove();
});

/** Runs `main` from a folder; everything that it prints, and its exit code when it has ended. */
function start(environment: Record<string, string>, cwd = bench.dir) {
  const started = spawn(process.execPath, [resolve("dist/server/main.js")], { env: environment, cwd });
  child = started;
  const run = { said: "", exited: once(started, "close").then(([code]) => code as number | null) };
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      run.said += text;
    });
  return { run, stop: () => started.kill("SIGINT") };
}

describe("the start of the program", () => {
  test("DOOR-16: a .env in the folder that the server is started from is not read, those of ours are, and are named", async () => {
    const foreign = join(bench.dir, "a repository");
    mkdirSync(foreign);
    // Read, it would end the start: without TLS no other address may be listened on.
    writeFileSync(join(foreign, ".env"), "HOST=0.0.0.0\nPROJECT_ROOTS=/\nCLAUDE_BIN=/bin/false\n");
    mkdirSync(bench.dataDir, { mode: 0o700 });
    writeFileSync(join(bench.dataDir, ".env"), "SHUTDOWN_GRACE_SECONDS=0\n");
    const { run, stop } = start(benchEnvironment(bench, "http://127.0.0.1:9"), foreign);
    await eventually("it is ready", () => run.said.includes('"server.ready"'));
    const read = run.said.split("\n").filter((line) => line.includes('"config.file_read"'));
    expect(read.map((line) => (JSON.parse(line) as { path: string }).path)).toEqual([
      join(bench.dataDir, ".env"),
    ]);
    stop();
    expect(await run.exited).toBe(0);
  });

  test("A14: SANDBOX=true without the programs that make one ends the start with a sentence", async () => {
    const { run } = start({
      ...benchEnvironment(bench, "http://127.0.0.1:9"),
      SANDBOX: "true",
      PATH: bench.dir,
    });
    expect(await run.exited).toBe(78);
    expect(run.said).toMatch(/SANDBOX: \S+ is not on the PATH/);
    expect(run.said).not.toMatch(/\n\s+at /);
  });

  test("O12: Ctrl-C with a spare that waits ends it without a warning", async () => {
    const { PREWARMED_PROCESSES: _none, ...environment } = benchEnvironment(bench, "http://127.0.0.1:9");
    const { run, stop } = start(environment);
    await eventually("a spare is ready", () => run.said.includes('"spare.ready"'));
    stop();
    expect(await run.exited).toBe(0);
    expect(run.said).not.toMatch(/Warning|spare\.lost/);
  });

  test.each([
    "/proc/x",
    "/proc/self/x/y",
    "/sys/x",
    "/proc/self",
    "/dev/null/x",
    "/etc/hostname/x",
    "BENCH/a file",
  ])(
    "DOOR-14 REPORT-16: a data folder that cannot be made or written ends the start with a sentence: %s",
    async (folder) => {
      const dataDir = folder.replace("BENCH", bench.dir);
      const file = join(bench.dir, "a file");
      writeFileSync(file, "", { mode: 0o644 });
      const { run } = start({ ...benchEnvironment(bench, "http://127.0.0.1:9"), DATA_DIR: dataDir });
      expect(await run.exited).toBe(78);
      // What is no folder of ours keeps its mode.
      expect(statSync(file).mode & 0o777).toBe(0o644);
      expect(run.said).toContain(`DATA_DIR: the folder ${dataDir} cannot be made or written`);
      expect(run.said).not.toMatch(/\n\s+at /);
    },
  );
});
