import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** What a client saw of one turn. */
export interface PeerTiming {
  firstWordMs: number;
  completedMs: number;
}

/** A peer that runs, as its own client drives it. */
export interface RunningPeer {
  /** Begins a conversation with a message. */
  begin(message: string): Promise<PeerTiming>;
  /** Says the next message of that conversation. */
  goOn(message: string): Promise<PeerTiming>;
  stop(): Promise<void>;
}

/** Where a peer is installed and works, and the environment that holds it to the loopback and to the demo model. */
export interface PeerPlace {
  /** The folder that holds its `node_modules`. */
  folder: string;
  project: string;
  environment: Record<string, string>;
}

/** A system that people use today for what Daylong is for. */
export interface Peer {
  name: string;
  /** Its package of npm. */
  packageName: string;
  /** Why its turns with a paced model say nothing beside the others'. */
  notPaced?: string;
  start(place: PeerPlace): Promise<RunningPeer>;
}

/** The text that a peer's answers are known by. */
export const said = "hello there";

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A program of a peer, in a process group of its own, so that all that it starts ends with it. */
export class PeerProgram {
  readonly #child: ChildProcess;
  #output = "";

  constructor(command: string, args: readonly string[], cwd: string, environment: Record<string, string>) {
    this.#child = spawn(command, args, {
      cwd,
      env: environment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (data: Buffer) => {
        this.#output = `${this.#output}${data}`.slice(-2_000);
      });
    // A program that cannot be started has no exit; `alive` says so.
    this.#child.once("error", (error) => {
      this.#output += String(error);
    });
  }

  /** Throws with its last words when it has ended. */
  alive(): void {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) return;
    throw new Error(`It ended with ${exitCode ?? signalCode}: ${this.#output.trim().slice(-400)}`);
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined) return;
    const gone = new Promise<void>((resolve) => {
      if (exitCode !== null || signalCode !== null) resolve();
      else this.#child.once("exit", () => resolve());
    });
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // Nothing of the group is left.
    }
    await gone;
  }
}

/** The answer's JSON; throws what it was instead. */
export async function askJson<Answer>(url: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: [
      ["content-type", "application/json"],
      ...(token === undefined ? [] : [["authorization", `Bearer ${token}`] as [string, string]]),
    ],
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Answer;
}

/** The `data` of a stream of server-sent events, one after another. */
export async function* eventsOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5).trim();
  }
}

/** Ends every process that was started with this home, also those that left their group: some peers leave daemons behind. */
export function endProcessesOf(home: string): void {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readFileSync(`/proc/${name}/environ`, "latin1").includes(`HOME=${home}\0`))
        process.kill(Number(name), "SIGKILL");
    } catch {
      // It ended meanwhile, or is another user's.
    }
  }
}
