import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { spawn as spawnInTerminal } from "@lydell/node-pty";
import { type Bench, benchEnvironment, eventually } from "../server/daylongServer.ts";

/** The CLI that the SDK brings, which a person would run in a terminal. */
function cliPath(): string {
  const name = `@anthropic-ai/claude-agent-sdk-${platform()}-${arch()}`;
  const sdk = createRequire(import.meta.url).resolve("@anthropic-ai/claude-agent-sdk");
  return join(dirname(sdk), "..", "..", name, "claude");
}

const environmentOf = (bench: Bench, modelUrl: string) => {
  const {
    PORT: _port,
    DATA_DIR: _dir,
    PROJECT_ROOTS: _roots,
    ...environment
  } = benchEnvironment(bench, modelUrl);
  return { ...environment, DISABLE_AUTOUPDATER: "1" };
};

/** `claude FLAGS -p PROMPT` in a directory, as typed at a terminal; resolves to what it printed. */
export function askInTerminal(
  bench: Bench,
  modelUrl: string,
  cwd: string,
  prompt: string,
  flags: string[] = [],
): Promise<string> {
  mkdirSync(cwd, { recursive: true });
  const child = spawn(cliPath(), [...flags, "-p", prompt], {
    cwd,
    env: environmentOf(bench, modelUrl),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve(printed.trim()) : reject(new Error(`exit ${code}: ${printed}`)),
    );
  });
}

/** A CLI that stays open, as an interactive one does. */
export interface OpenTerminal {
  child: ChildProcess;
  sessionId: string;
  leave(): Promise<void>;
}

/** Opens a conversation and resolves when it has been answered; it is held until `leave`. */
export async function openTerminal(
  bench: Bench,
  modelUrl: string,
  cwd: string,
  prompt: string,
  resume?: string,
): Promise<OpenTerminal> {
  const flags = [
    ...(resume === undefined ? [] : ["--resume", resume]),
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
  ];
  const child = spawn(cliPath(), flags, {
    cwd,
    env: environmentOf(bench, modelUrl),
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const message = { role: "user", content: prompt };
  child.stdin.write(`${JSON.stringify({ type: "user", message })}\n`);
  let printed = "";
  const sessionId = await new Promise<string>((resolve, reject) => {
    void gone.then(() => reject(new Error(`The terminal ended: ${printed}`)));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const id = /"session_id":"([^"]+)"/.exec(printed)?.[1];
      if (id !== undefined && printed.includes('"type":"result"')) resolve(id);
    });
  });
  return {
    child,
    sessionId,
    leave: () => {
      child.stdin.end();
      return gone;
    },
  };
}

/** The interactive CLI in a pseudo-terminal, as a person has it on the desk. */
export interface Desk {
  pid: number;
  /** What the screen showed so far, without its colours and moves. */
  shown(): string;
  /** Types a line and Enter. */
  type(line: string): Promise<void>;
  /** Resolves when Claude is at work on what was typed. */
  works(): Promise<void>;
  /** Leaves by the command that a person types; resolves when the program is gone. */
  leave(): Promise<void>;
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGHUP"): Promise<void>;
}

/**
 * Starts the interactive CLI and resolves when it takes keys. First-run questions (theme, trust, API key) are answered
 * beforehand, in the CLI's own file.
 */
export async function openDesk(
  bench: Bench,
  modelUrl: string,
  cwd: string,
  flags: string[] = [],
): Promise<Desk> {
  mkdirSync(cwd, { recursive: true });
  answerFirstRun(bench, cwd);
  const terminal = spawnInTerminal(cliPath(), flags, {
    cwd,
    cols: 120,
    rows: 40,
    env: { ...environmentOf(bench, modelUrl), TERM: "xterm-256color" },
  });
  let printed = "";
  terminal.onData((text) => {
    printed += text;
  });
  const shown = () => plainText(printed);
  let isGone = false;
  const gone = new Promise<void>((resolve) => {
    terminal.onExit(() => {
      isGone = true;
      resolve();
    });
  });
  const noteOf = () =>
    readFileSync(join(bench.home, ".claude", "sessions", `${terminal.pid}.json`), { encoding: "utf8" });
  const isIn = (wanted: string) => {
    try {
      return (JSON.parse(noteOf()) as { status?: string }).status === wanted;
    } catch {
      return false;
    }
  };
  const isIdle = () => isIn("idle");
  await eventually("the terminal takes keys", () => {
    if (isGone) throw new Error(`The terminal ended: ${shown()}`);
    return isIdle() && shown().includes("❯");
  });
  const type = async (line: string) => {
    terminal.write(line);
    // Enter in the same write is taken for a pasted line break.
    await eventually("the line is on the screen", () => shown().replace(/\s/g, "").endsWith(endOf(line)));
    terminal.write("\r");
  };
  return {
    pid: terminal.pid,
    shown,
    type,
    works: async () => {
      await eventually("Claude is at work", () => isIn("busy"));
    },
    leave: async () => {
      await eventually("the terminal is at rest", isIdle);
      // Ctrl-C twice at an empty line leaves.
      terminal.write("\u0003");
      await eventually("it asks for the second one", () => /again\s*to\s*exit/i.test(shown()));
      terminal.write("\u0003");
      await gone;
    },
    kill: async (signal) => {
      terminal.kill(signal);
      await gone;
    },
  };
}

const endOf = (line: string): string => line.replace(/\s/g, "").slice(-8);

function answerFirstRun(bench: Bench, cwd: string): void {
  const path = join(bench.home, ".claude", ".claude.json");
  mkdirSync(dirname(path), { recursive: true });
  let settings: { projects?: Record<string, object> } = {};
  try {
    settings = JSON.parse(readFileSync(path, "utf8")) as typeof settings;
  } catch {
    // The first program that runs in this home.
  }
  const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] };
  const answered = {
    ...settings,
    hasCompletedOnboarding: true,
    theme: "dark",
    numStartups: 5,
    customApiKeyResponses: { approved: ["test"], rejected: [] },
    projects: { ...settings.projects, [cwd]: { ...settings.projects?.[cwd], ...project } },
  };
  writeFileSync(path, JSON.stringify(answered));
}

/** Escape sequences: colours and moves, titles, character sets, modes. */
const escapes = [
  String.raw`\u001b\[[0-9;?<>=]*[ -/]*[@-~]`,
  String.raw`\u001b\][^\u0007]*\u0007`,
  String.raw`\u001b[()][A-Z0-9]`,
  String.raw`\u001b[78=>]`,
];
const plainText = (printed: string): string => printed.replace(new RegExp(escapes.join("|"), "g"), "");
