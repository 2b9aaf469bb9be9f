import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { type Bench, benchEnvironment } from "../server/daylongServer.ts";

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

/** `claude -p PROMPT` in a directory, as typed at a terminal; resolves to what it printed. */
export function askInTerminal(bench: Bench, modelUrl: string, cwd: string, prompt: string): Promise<string> {
  mkdirSync(cwd, { recursive: true });
  const child = spawn(cliPath(), ["-p", prompt], {
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
