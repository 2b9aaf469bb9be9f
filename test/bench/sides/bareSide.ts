import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The bare server (`bareServer.ts`) in a process of its own. */
export class BareSide {
  readonly pid: number;
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.pid = child.pid!;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** `withCompression`: it agrees to the compression that Daylong agrees to. */
  static async start({ withCompression = false } = {}): Promise<BareSide> {
    const program = fileURLToPath(new URL("./bareServer.js", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--expose-gc", program, ...(withCompression ? ["compression"] : [])],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [port] = (await once(child.stdout!, "data")) as [Buffer];
    return new BareSide(child, String(port).trim());
  }

  async broadcast(text: string): Promise<void> {
    const response = await fetch(`${this.url}/broadcast`, { method: "POST", body: text });
    if (response.status !== 204) throw new Error(`The bare server answered ${response.status}.`);
  }

  /** After a garbage collection. */
  async memory(): Promise<NodeJS.MemoryUsage> {
    return (await (await fetch(`${this.url}/memory`)).json()) as NodeJS.MemoryUsage;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await gone;
  }
}
