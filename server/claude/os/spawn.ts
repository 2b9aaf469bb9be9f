import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { existsSync } from "node:fs";
import { PassThrough } from "node:stream";
import type { Options, SpawnedProcess } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessRecord } from "../../domain/processes/process.ts";
import { exhaustionFault } from "../../domain/processes/startFailures.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import type { OperatingSystem } from "./operatingSystem.ts";

/** How much of standard error is kept for the reason of a failure. */
const stderrTailBytes = 4_096;

/** The operating-system side of one CLI process: its child, its recorded identity, its last words. */
export interface SpawnedCli {
  child?: ChildProcess;
  /** Its pid with the kernel's start time of it, so that another process that gets the pid later is not taken for it. */
  identity: Pick<ProcessRecord, "pid" | "startTicks">;
  stderrTail: string;
  /** Called when nothing can be written to it any more. */
  inputLost?: () => void;
  /** Resolves when the operating system says that the process is gone (or could not be made). */
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** For the SDK's option of the same name. */
  spawnClaudeCodeProcess: NonNullable<Options["spawnClaudeCodeProcess"]>;
}

/** Why there is no process, for people far from this computer: the system's own words name paths of it. */
function spawnFault(error: NodeJS.ErrnoException, cwd: string | undefined): string {
  const code = error.code ?? "no code";
  // Node reports a missing working directory as a missing command.
  if (cwd !== undefined && !existsSync(cwd))
    return `The project's directory is not there any more (${code}).`;
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
    case "EACCES":
    case "ENOEXEC":
      return `The Claude CLI could not be found or run; set CLAUDE_BIN or install the packages again. (${code})`;
    default:
      return exhaustionFault(code) ?? `The operating system did not start the Claude CLI (${code}).`;
  }
}

/**
 * The child, or the error with which there is none. Node reports most of these by an `error` event; but it throws for some
 * (`ENOMEM`), and returns a child without streams for others (`EMFILE`, `ENFILE`).
 */
function spawnedOr(
  make: () => ChildProcessWithoutNullStreams,
): ChildProcessWithoutNullStreams | NodeJS.ErrnoException {
  try {
    const child = make();
    // Attached first: without a listener the event would end the server.
    child.on("error", () => {});
    const hasStreams = [child.stdin, child.stdout, child.stderr].every((stream) => stream != null);
    return hasStreams ? child : Object.assign(new Error("spawn EMFILE"), { code: "EMFILE" });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

/** A process that was never born, as the SDK takes it: its streams are over, and its error is announced. */
function unborn(error: Error): SpawnedProcess {
  const emitter = new EventEmitter();
  emitter.on("error", () => {});
  const stdin = new PassThrough().resume();
  process.nextTick(() => emitter.emit("error", error));
  return Object.assign(emitter, {
    stdin,
    stdout: new PassThrough().end(),
    killed: false,
    exitCode: null,
    kill: () => false,
  }) as unknown as SpawnedProcess;
}

/** Prepares a spawn in a group of its own, recorded before and after, so that no crash of ours loses sight of it. */
export function prepareSpawn(
  processId: string,
  sessionId: string,
  startedAt: number,
  processStore: ProcessStore,
  os: Pick<OperatingSystem, "startOf">,
  spawnChild: (...parts: Parameters<typeof spawn>) => ChildProcess = spawn,
): SpawnedCli {
  let settle!: (exit: { code: number | null; signal: NodeJS.Signals | null }) => void;
  const cli: SpawnedCli = {
    stderrTail: "",
    identity: { pid: null, startTicks: null },
    exit: new Promise((resolve) => {
      settle = resolve;
    }),
    spawnClaudeCodeProcess: (options) => {
      processStore.open({ processId, sessionId, pid: null, startTicks: null, startedAt });
      const child = spawnedOr(
        () =>
          spawnChild(options.command, options.args, {
            cwd: options.cwd,
            env: options.env as NodeJS.ProcessEnv,
            stdio: ["pipe", "pipe", "pipe"],
            // Its own group: a signal to our terminal must not reach it, and one signal reaches all of it.
            detached: true,
          }) as ChildProcessWithoutNullStreams,
      );
      if (child instanceof Error) {
        cli.stderrTail = spawnFault(child, options.cwd);
        settle({ code: null, signal: null });
        return unborn(child);
      }
      // As its output ends, the SDK waits for its exit several times over, with two listeners each: no leak to warn of.
      child.setMaxListeners(0);
      cli.child = child;
      if (child.pid !== undefined) {
        const startTicks = os.startOf(child.pid);
        cli.identity = { pid: child.pid, startTicks };
        processStore.started(processId, child.pid, startTicks);
      }
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        cli.stderrTail = (cli.stderrTail + text).slice(-stderrTailBytes);
      });
      // EPIPE: of a process that ended while we wrote, or of one that lives and is deaf.
      child.stdin.on("error", () => cli.inputLost?.());
      child.once("error", (error) => {
        cli.stderrTail = spawnFault(error, options.cwd);
        if (child.pid === undefined) settle({ code: null, signal: null });
      });
      child.once("exit", (code, signal) => settle({ code, signal }));
      return child as unknown as SpawnedProcess;
    },
  };
  return cli;
}
