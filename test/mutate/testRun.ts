import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { TestNews } from "./reporter.ts";
import { orderVariable } from "./sequencer.ts";
import type { WorkingCopy } from "./workingCopy.ts";

/** How a run of tests ended. `crashed`: Jest ended without a word about a failed test. */
export type TestEnd =
  | { end: "passed" }
  | { end: "failed"; file: string; title: string }
  | { end: "timed out"; file: string }
  | { end: "crashed"; output: string };

export interface TestRunParts {
  copy: WorkingCopy;
  /** One after another, in this order. */
  tests: readonly TestFile[];
  /** Words to put before the command line of Jest, so that it runs apart from the machine's other processes. */
  namespace?: readonly string[] | undefined;
  onPassed?(file: string, tookMs: number): void;
}

export interface TestFile {
  /** Relative to the root of the tree. */
  path: string;
  /** The longest time that the file may take. */
  limitMs: number;
}

/** From the start of Jest to the first test file, and after the last one. */
const startLimitMs = 120_000;
/** How long the pipes may stay open once Jest has ended. */
const pipeLimitMs = 5_000;
const keptOutput = 4_000;
/** Marks the processes that a run starts, so that those which leave its process group are found too. */
const runVariable = "DAYLONG_MUTATION_COPY";

const besideThis = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Ends processes that a run left behind, where the operating system tells environments (Linux). */
function endLeftovers(copy: WorkingCopy): void {
  let ids: string[];
  try {
    ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return;
  }
  for (const id of ids) {
    try {
      const environment = readFileSync(`/proc/${id}/environ`, "utf8").split("\0");
      const isOurs =
        environment.includes(`${runVariable}=${copy.root}`) ||
        readlinkSync(`/proc/${id}/cwd`).startsWith(join(copy.root, ".."));
      if (isOurs) process.kill(Number(id), "SIGKILL");
    } catch {
      // Somebody else's, or ended meanwhile.
    }
  }
}

/** Runs test files one after another in a working copy, each bounded in time, up to the first test that fails. */
export class TestRun {
  readonly #parts: TestRunParts;
  #jest: ChildProcess | undefined;

  constructor(parts: TestRunParts) {
    this.#parts = parts;
  }

  async end(): Promise<TestEnd> {
    const { copy, tests, namespace = [], onPassed } = this.#parts;
    const { root, temporaryFolder, cacheFolder } = copy;
    const paths = tests.map(({ path }) => join(root, path));
    const [command, ...words] = [...namespace, process.execPath];
    const jest = spawn(
      command!,
      [
        ...words,
        ...["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"],
        ...[join(root, "node_modules/jest/bin/jest.js"), "--runInBand", "--forceExit"],
        ...[`--reporters=${besideThis("reporter.js")}`, `--testSequencer=${besideThis("sequencer.js")}`],
        ...[`--cacheDirectory=${cacheFolder}`, "--runTestsByPath", ...paths],
      ],
      {
        cwd: root,
        // A group of its own, so that it ends with all that it started.
        detached: true,
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        env: {
          ...process.env,
          NODE_OPTIONS: "",
          TMPDIR: temporaryFolder,
          [orderVariable]: JSON.stringify(paths),
          [runVariable]: root,
        },
      },
    );
    this.#jest = jest;
    let output = "";
    for (const stream of [jest.stdout, jest.stderr])
      stream!.setEncoding("utf8").on("data", (text: string) => {
        output = `${output}${text}`.slice(-keptOutput);
      });

    let told: TestEnd | undefined;
    let passed = 0;
    let timer: NodeJS.Timeout | undefined;
    const allow = (limitMs: number, file: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        told ??= { end: "timed out", file };
        this.stop();
      }, limitMs);
    };
    allow(startLimitMs, "the start of Jest");

    let rest = "";
    const news = jest.stdio[3] as Readable;
    news.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const heard = JSON.parse(line) as TestNews;
        const file = relative(root, heard.file);
        if (heard.type === "started") allow(tests.find(({ path }) => path === file)!.limitMs, file);
        if (heard.type === "passed") {
          passed += 1;
          onPassed?.(file, heard.tookMs);
          allow(startLimitMs, file);
        }
        if (heard.type === "failed") {
          told ??= { end: "failed", file, title: heard.title };
          this.stop();
        }
      }
    });

    await new Promise<void>((resolve, reject) => {
      jest.once("error", reject);
      jest.once("exit", () => {
        this.stop();
        // A process that escaped all the same may keep the pipes open.
        setTimeout(resolve, pipeLimitMs).unref();
      });
      jest.once("close", () => resolve());
    });
    clearTimeout(timer);
    endLeftovers(this.#parts.copy);
    if (told) return told;
    return jest.exitCode === 0 && passed === tests.length
      ? { end: "passed" }
      : { end: "crashed", output: `${passed} of ${tests.length} test files passed. ${output}` };
  }

  /** Ends the run at once, with all that it started. */
  stop(): void {
    try {
      if (this.#jest?.pid) process.kill(-this.#jest.pid, "SIGKILL");
    } catch {
      // Ended already.
    }
    endLeftovers(this.#parts.copy);
  }
}
