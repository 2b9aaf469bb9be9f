import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { cliBinary, cliFlags, type RawTiming } from "./rawCli.ts";

/** The CLI behind a WebSocket relay that does nothing else. */
export class RelayedCli {
  readonly #relay: ChildProcess;
  readonly #socket: WebSocket;

  private constructor(relay: ChildProcess, socket: WebSocket) {
    this.#relay = relay;
    this.#socket = socket;
  }

  static async start(cwd: string, environment: Record<string, string>): Promise<RelayedCli> {
    const program = fileURLToPath(new URL("./relay.js", import.meta.url));
    const relay = spawn(process.execPath, [program, cliBinary(), ...cliFlags()], {
      cwd,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(relay.stdout!, "data")) as [Buffer];
    const socket = new WebSocket(`ws://127.0.0.1:${String(port).trim()}`);
    await once(socket, "open");
    return new RelayedCli(relay, socket);
  }

  async turn(text: string): Promise<RawTiming> {
    const startedAt = performance.now();
    let firstDeltaMs: number | undefined;
    const ended = new Promise<number>((resolve) => {
      const listen = (data: unknown) => {
        const frame = String(data);
        if (frame.startsWith('{"type":"delta"')) firstDeltaMs ??= performance.now() - startedAt;
        if (!frame.startsWith('{"type":"completed"')) return;
        this.#socket.off("message", listen);
        resolve(performance.now() - startedAt);
      };
      this.#socket.on("message", listen);
    });
    this.#socket.send(JSON.stringify({ message: text, messageId: randomUUID() }));
    const completedMs = await ended;
    return { firstDeltaMs: firstDeltaMs ?? Number.NaN, completedMs, endedAt: startedAt + completedMs };
  }

  async stop(): Promise<void> {
    const gone = once(this.#relay, "exit");
    this.#socket.close();
    await gone;
  }
}
