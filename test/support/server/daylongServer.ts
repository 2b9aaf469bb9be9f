import { type ChildProcess, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { OpenApiDocument } from "../../../server/http/documents/openapi.ts";
import { pause } from "../pause.ts";
import { Conformance } from "./conformance.ts";

/** A folder for one test: home, data, a project. Removed by `remove`. */
export interface Bench {
  dir: string;
  home: string;
  dataDir: string;
  roots: string;
  project: string;
  remove(): void;
}

export function makeBench(base = tmpdir()): Bench {
  const dir = realpathSync(mkdtempSync(join(base, "daylong-test-")));
  const bench = {
    dir,
    home: join(dir, "home"),
    dataDir: join(dir, "data"),
    roots: join(dir, "work"),
    project: join(dir, "work", "hello"),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 15 }),
  };
  mkdirSync(bench.home, { recursive: true });
  mkdirSync(bench.project, { recursive: true });
  return bench;
}

/** A Daylong server in a process of its own, as a user runs it. */
export interface DaylongServer {
  url: string;
  pid: number;
  adminToken: string;
  /** Everything it printed so far, a line each. */
  lines: string[];
  /** Resolves to the exit code (or the signal's name). */
  exited: Promise<number | string>;
  kill(signal: NodeJS.Signals): Promise<number | string>;
  /** A JSON request; `token` is the admin's unless given. */
  ask(
    method: string,
    path: string,
    body?: unknown,
    options?: { token?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Pairs a new device and returns its token. */
  pair(
    name: string,
    scope?: "admin" | "chat" | "read",
  ): Promise<{ deviceId: string; token: string; epoch: string }>;
}
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape
  body: any;
}

const mainPath = resolve("dist/server/main.js");
const readyWithinMs = 60_000;

/** The environment of a test's server: nothing of this machine's but the path. */
export const benchEnvironment = (bench: Bench, modelUrl: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: bench.home,
  TMPDIR: bench.dir,
  LANG: "C.UTF-8",
  CLAUDE_CONFIG_DIR: join(bench.home, ".claude"),
  ANTHROPIC_BASE_URL: modelUrl,
  ANTHROPIC_API_KEY: "test",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DATA_DIR: bench.dataDir,
  PROJECT_ROOTS: bench.roots,
  PORT: "0",
  SHUTDOWN_GRACE_SECONDS: "2",
  // Many tests count processes; `startDefaultServer` leaves it as owners have it.
  PREWARMED_PROCESSES: "0",
  // Its own tests say otherwise: a suite does not keep the computer from sleeping, and counts children.
  KEEP_AWAKE: "off",
});

/** The sides of the operating system's port, for tests that have to hold on both. */
export const sides = [
  ["on Linux", "linux"],
  ["as on a Mac", "darwin"],
] as const;
export type Side = (typeof sides)[number][1];

/** What makes a server believe that it runs on this platform; the CLI, which the SDK would look for there, is this one's. */
export function sideSettings(bench: Bench, side: Side): Record<string, string> {
  if (side === "linux") return {};
  const told = join(bench.dir, `${side}.mjs`);
  writeFileSync(told, `Object.defineProperty(process, "platform", { value: ${JSON.stringify(side)} });\n`);
  const name = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/package.json`;
  const binary = join(createRequire(import.meta.url).resolve(name), "..", "claude");
  return { NODE_OPTIONS: `--import ${pathToFileURL(told)}`, CLAUDE_BIN: binary };
}

let conformance: Promise<Conformance> | undefined;

/** Asked of the first server of a test file; the others are of the same build. */
const conformanceOf = (url: string, adminToken: string): Promise<Conformance> => {
  conformance ??= fetch(`${url}/api/openapi.json`, { headers: { authorization: `Bearer ${adminToken}` } })
    .then((response) => response.json())
    .then((document) => new Conformance(document as OpenApiDocument));
  return conformance;
};

/** Starts `main` with the environment and waits until it says that it is ready; `spawned` hears of it before. */
export async function startServer(
  environment: Record<string, string>,
  flags: string[] = [],
  spawned?: (pid: number) => void,
): Promise<DaylongServer> {
  const child = spawn(process.execPath, [mainPath, ...flags], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (child.pid !== undefined) spawned?.(child.pid);
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<number | string>((done) => {
    child.once("exit", (code, signal) => {
      done(code ?? signal ?? "unknown");
      for (const listener of listeners) listener();
    });
  });
  const url = await readyUrl(child, lines, listeners);
  const adminToken = readFileSync(join(environment.DATA_DIR!, "admin-token"), "utf8").trim();
  const known = await conformanceOf(url, adminToken);
  const ask: DaylongServer["ask"] = async (method, path, body, options = {}) => {
    const token = options.token ?? adminToken;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const contentType = response.headers.get("content-type");
    // Every answer of every test is what the API document says.
    const fault = known.faultOf({ method, path, status: response.status, contentType, text });
    if (fault !== undefined) throw new Error(fault);
    const isJson =
      /json/.test(response.headers.get("content-type") ?? "") &&
      !/ndjson/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    url,
    pid: child.pid!,
    adminToken,
    lines,
    exited,
    ask,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
    pair: async (name, scope) => {
      const { body: pairing } = await ask("POST", "/api/pairing-codes", { scope });
      const { body } = await ask(
        "POST",
        "/api/pair",
        { code: pairing.code, device: { name, platform: "ios" } },
        { token: "" },
      );
      return body;
    },
  };
}

/** A server that keeps spares as it does for who sets nothing; the first one is ready. */
export async function startDefaultServer(environment: Record<string, string>): Promise<DaylongServer> {
  const { PREWARMED_PROCESSES: _none, ...rest } = environment;
  const server = await startServer(rest);
  await eventually("a spare is ready", () => server.lines.some((line) => line.includes('"spare.ready"')));
  return server;
}

function readyUrl(child: ChildProcess, lines: string[], listeners: Set<() => void>): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(
      () => finish(new Error(`The server was not ready in ${readyWithinMs} ms.`)),
      readyWithinMs,
    );
    const finish = (result: string | Error) => {
      clearTimeout(timer);
      listeners.delete(look);
      if (typeof result === "string") done(result);
      else {
        child.kill("SIGKILL");
        fail(new Error(`${result.message}\n${lines.join("\n")}`));
      }
    };
    const look = () => {
      const ready = lines.find((line) => line.includes('"server.ready"'));
      if (ready) finish((JSON.parse(ready) as { url: string }).url);
      else if (child.exitCode !== null || child.signalCode !== null)
        finish(new Error(`The server ended at its start with ${child.exitCode ?? child.signalCode}.`));
    };
    listeners.add(look);
  });
}

/** Pids of processes whose environment holds a mark of ours and this data's home: what a test must not leave behind. */
export function processesOf(bench: Bench): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const environ = readFileSync(`/proc/${name}/environ`, "latin1");
        return environ.includes("DAYLONG_PROCESS=") && environ.includes(`HOME=${bench.home}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Pids of a process's own children: the CLI processes of a server, without what they start themselves. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(parent) === pid && state !== "Z";
      } catch {
        return false;
      }
    })
    .map(Number);
}

/**
 * Awaits a condition that only the operating system knows of, with a deadline. Looks every 20 ms at first and every 400 ms
 * in the end: a look may be a request, and a device has 300 of them a minute.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const beganAt = Date.now();
  for (;;) {
    const found = await look();
    if (found) return found as T;
    const tookMs = Date.now() - beganAt;
    if (tookMs > deadlineMs) throw new Error(`${what}: not within ${deadlineMs} ms.`);
    await pause(tookMs < 400 ? 20 : tookMs < 2_000 ? 100 : 400);
  }
}
