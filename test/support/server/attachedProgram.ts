import { resolve } from "node:path";
import { spawn } from "@lydell/node-pty";
import { TerminalScreen } from "../terminalScreen.ts";
import { eventually } from "./daylongServer.ts";

/** `daylong attach` in a pseudo-terminal, as a person has it. */
export interface AttachedProgram {
  pid: number;
  screen: TerminalScreen;
  write(text: string): void;
  /** The window of the terminal is given another size. */
  resize(columns: number, rows: number): void;
  /** Resolves when the words are on the screen or above it. */
  shows(words: string | RegExp): Promise<void>;
  /** Resolves when they are not any more. */
  loses(words: string): Promise<void>;
  /** Resolves to the exit code. */
  exited: Promise<number>;
  kill(): Promise<void>;
}

const size = { cols: 100, rows: 40 };

/** A shell that runs the program as a job, says when it was stopped, and brings it back. */
const asJob = ["/bin/bash", "-c", 'set -m; "$@"; echo "The job is stopped."; fg >/dev/null', "bash"];

/** Starts the built program in a pseudo-terminal with the arguments of `daylong attach`; `isJob`: as a shell's job. */
export function openAttach(
  args: readonly string[],
  env: Record<string, string>,
  isJob = false,
): AttachedProgram {
  const program = [process.execPath, resolve("dist/server/commands/daylong.js"), "attach", ...args];
  const [file = "", ...rest] = isJob ? [...asJob, ...program] : program;
  const terminal = spawn(file, rest, {
    ...size,
    env: { PATH: process.env.PATH ?? "", LANG: "C.UTF-8", TERM: "xterm-256color", ...env },
  });
  const screen = new TerminalScreen(size.cols, size.rows);
  let fault: unknown;
  let isGone = false;
  terminal.onData((text) => {
    try {
      screen.write(text);
    } catch (error) {
      fault ??= error;
    }
  });
  const exited = new Promise<number>((done) => {
    terminal.onExit(({ exitCode }) => {
      isGone = true;
      done(exitCode);
    });
  });
  const holds = (words: string | RegExp) =>
    typeof words === "string" ? screen.text.includes(words) : words.test(screen.text);
  const look = (what: string, isThere: () => boolean) =>
    eventually(what, () => {
      if (fault !== undefined) throw fault;
      if (isThere()) return true;
      if (isGone) throw new Error(`The program has ended; ${what} came not:\n${screen.text}`);
      return false;
    }).then(
      () => {},
      (error: Error) => {
        throw new Error(`${error.message}\n${screen.text}`);
      },
    );
  return {
    pid: terminal.pid,
    screen,
    write: (text) => terminal.write(text),
    resize: (columns, rows) => {
      screen.resize(columns, rows);
      terminal.resize(columns, rows);
    },
    shows: (words) => look(String(words), () => holds(words)),
    loses: (words) => look(`no ${words}`, () => !holds(words)),
    exited,
    kill: async () => {
      if (!isGone) terminal.kill("SIGKILL");
      await exited;
    },
  };
}
