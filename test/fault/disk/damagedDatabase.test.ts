import { closeSync, copyFileSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Bench,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";

const pageBytes = 4_096;

describe("a database file that something overwrites while the server runs", () => {
  let bench: Bench;
  let server: DaylongServer;
  let path: string;

  beforeEach(async () => {
    bench = makeBench();
    path = join(bench.dataDir, "daylong.db");
    server = await open();
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    bench.remove();
  });

  const open = () => startServer(quickEnvironment(bench));
  const say = (message: string) =>
    server.ask(
      "POST",
      "/api/chat",
      { message, projectPath: bench.project },
      { headers: { prefer: "wait=50" } },
    );
  /** All but the first page, which says that it is a database. What SQLite has read already it need not read again. */
  function damage(): void {
    const lengthBytes = statSync(path).size - pageBytes;
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(lengthBytes, 0xa5), 0, lengthBytes, pageBytes);
    closeSync(file);
  }
  const textsOf = async () => {
    const { events } = (await server.ask("GET", "/api/events?after=0&limit=1000")).body;
    return events.flatMap((event: { type: string; data: { text: string } }) =>
      event.type === "turn.completed" ? [event.data.text] : [],
    );
  };

  test("F20: takes no message any more, says so in /health, lives on, and refuses to start on it; a copy brings all back", async () => {
    for (const message of ["One", "Two", "Three"]) expect((await say(message)).body.state).toBe("completed");
    // Stopped, so that a copy of the file is whole and the next run has read little of it.
    expect(await server.kill("SIGTERM")).toBe(0);
    copyFileSync(path, `${path}.copy`);
    server = await open();
    damage();

    const refused = await say("Four");
    expect([refused.status, refused.body.code]).toEqual([503, "storage_failed"]);
    expect(refused.body.detail).toContain("damaged");
    expect(JSON.stringify(refused.body)).not.toContain(bench.dataDir);
    const health = await server.ask("GET", "/health");
    expect([health.status, health.body.status]).toEqual([503, "failing"]);
    expect(health.body.checks.database).toEqual({ state: "failing", detail: refused.body.detail });
    // Without a token it is the same, and no success of a part that was not hit takes it back.
    expect((await server.ask("GET", "/health", undefined, { token: "" })).status).toBe(503);
    // What the server does by itself meets it as well, and does not end it.
    await eventually("retention has met it", () =>
      server.lines.some((line) => line.includes("retention.") && line.includes("damaged")),
    );
    expect([(await say("Five")).status, (await server.ask("GET", "/health")).status]).toEqual([503, 503]);
    expect(await server.kill("SIGTERM")).toBe(0);
    await expect(open()).rejects.toThrow(/The database file is damaged\. Restore a backup/);

    for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    copyFileSync(`${path}.copy`, path);
    server = await open();
    expect(await textsOf()).toEqual(["You said: One", "You said: Two", "You said: Three"]);
    expect((await say("Six")).body.reply.text).toBe("You said: Six");
    expect((await server.ask("GET", "/health")).body.status).toBe("ok");
  });
});
