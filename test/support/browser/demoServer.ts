import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** A server with the demo model, in a folder of its own and with nothing of the owner's. */
export class DemoServer {
  readonly url: string;
  readonly projects: string;
  readonly #child: ChildProcess;
  readonly #token: string;

  private constructor(child: ChildProcess, url: string, dataDir: string) {
    this.#child = child;
    this.url = url;
    this.projects = join(dataDir, "projects");
    this.#token = readFileSync(join(dataDir, "admin-token"), "utf8").trim();
  }

  static async start(folder: string, settings: Record<string, string> = {}): Promise<DemoServer> {
    const home = join(folder, "home");
    const dataDir = join(folder, "data");
    mkdirSync(home, { recursive: true });
    const child = spawn(
      process.execPath,
      [resolve("dist/server/main.js"), "--demo", "--data-dir", dataDir, "--port", "0"],
      {
        env: { PATH: process.env.PATH, LANG: process.env.LANG, HOME: home, TMPDIR: folder, ...settings },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    child.on("error", (error) => {
      throw error;
    });
    for await (const line of createInterface({ input: child.stdout! })) {
      const { event, url } = JSON.parse(line) as { event?: string; url?: string };
      if (event === "server.ready" && url !== undefined) {
        // Nobody reads on, and a full pipe would hold up the server.
        child.stdout!.resume();
        return new DemoServer(child, url, dataDir);
      }
    }
    throw new Error("The server ended before it was ready.");
  }

  async ask<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async session(projectPath: string, title?: string): Promise<string> {
    const { sessionId } = await this.ask<{ sessionId: string }>("POST", "/api/sessions", {
      projectPath,
      title,
    });
    return sessionId;
  }

  /** Sends a message; with `waitSeconds`, and waits for its end. */
  async say(sessionId: string, message: string, waitSeconds = 0): Promise<void> {
    const headers: Record<string, string> = waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {};
    await this.ask("POST", "/api/chat", { sessionId, message }, headers);
  }

  /** Allows what the session waits for. */
  async allow(sessionId: string): Promise<void> {
    const { permissions } = await this.ask<{
      permissions: Array<{ permissionId: string; sessionId: string }>;
    }>("GET", "/api/permissions");
    for (const { permissionId, sessionId: of } of permissions)
      if (of === sessionId) await this.ask("POST", `/api/permissions/${permissionId}`, { decision: "allow" });
  }

  async pairingCode(scope = "admin"): Promise<string> {
    return (await this.ask<{ code: string }>("POST", "/api/pairing-codes", { scope })).code;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }
}
