import { once } from "node:events";
import { WebSocket } from "ws";
import type { DaylongServer } from "../../support/server/daylongServer.ts";
import { eventually } from "../../support/server/daylongServer.ts";

/** Variables with which a server can be looked into. */
export const inspected = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };

/** Memory of a process after a full garbage collection, in bytes. */
export interface ServerMemory {
  rss: number;
  heapTotal: number;
  heapUsed: number;
  external: number;
}

interface Answer {
  result?: unknown;
  error?: { message: string };
}

/** Inspector of a running server, over Node's own debugging port: its memory, its event loop and its CPU profile. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #ids = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as Answer & { id?: number };
      if (message.id === undefined) return;
      this.#pending.get(message.id)?.(message);
      this.#pending.delete(message.id);
    });
  }

  /** The server must have been started with `inspected`. */
  static async attach(server: DaylongServer): Promise<Inspector> {
    const url = await eventually("the debugging port", () => {
      const line = server.lines.find((one) => one.includes("Debugger listening on ws://"));
      return line && /ws:\S+/.exec(line)?.[0];
    });
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    await once(socket, "open");
    return new Inspector(socket);
  }

  async memory(): Promise<ServerMemory> {
    // Twice: what the first one makes collectable, finalizers for example, goes with the second.
    await this.#ask("HeapProfiler.collectGarbage");
    await this.#ask("HeapProfiler.collectGarbage");
    return (await this.#evaluate("process.memoryUsage()")) as ServerMemory;
  }

  /** From now on the longest time that the event loop is held is noted. */
  async watchLoop(): Promise<void> {
    await this.#evaluate(
      `globalThis.benchLoop ??= process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution: 1 });
       benchLoop.enable(); benchLoop.reset(); 0`,
    );
  }

  /** The longest time that the event loop was held since `watchLoop`, ms. */
  async longestHoldMs(): Promise<number> {
    return (await this.#evaluate("benchLoop.max / 1e6")) as number;
  }

  /** Microseconds of CPU time of all threads so far. */
  async cpuMicros(): Promise<number> {
    return (await this.#evaluate("(({ user, system }) => user + system)(process.cpuUsage())")) as number;
  }

  async startProfile(): Promise<void> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: 200 });
    await this.#ask("Profiler.start");
  }

  /** The profile as Chrome's tools read it. */
  async stopProfile(): Promise<unknown> {
    return ((await this.#ask("Profiler.stop")) as { profile: unknown }).profile;
  }

  close(): void {
    this.#socket.terminate();
  }

  async #evaluate(expression: string): Promise<unknown> {
    const answer = (await this.#ask("Runtime.evaluate", { expression, returnByValue: true })) as {
      result: { value: unknown };
      exceptionDetails?: { text: string };
    };
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  #ask(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, ({ result, error }) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
