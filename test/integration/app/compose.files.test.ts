import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type RunningDaylong, startDaylong } from "../../../server/app/compose.ts";
import { readConfig } from "../../../server/app/config.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { ScriptedHost } from "../../support/claude/scriptedHost.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";
import { KeptLog } from "../http/rig.ts";

let folder: string;
let dataDir: string;
let project: string;
let log: KeptLog;
let host: ScriptedHost;
let running: RunningDaylong | undefined;
let phone: SocketClient | undefined;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-files-")));
  dataDir = join(folder, "data");
  project = join(folder, "root", "alpha");
  mkdirSync(project, { recursive: true });
  log = new KeptLog();
  host = new ScriptedHost({ clock: systemClock });
});
afterEach(async () => {
  await phone?.close();
  await running?.stop();
  [running, phone] = [undefined, undefined];
  rmSync(folder, { recursive: true, force: true });
});

async function start(settings: Record<string, string> = {}): Promise<{ url: string; token: string }> {
  const environment = {
    DATA_DIR: dataDir,
    PROJECT_ROOTS: join(folder, "root"),
    PORT: "0",
    SHUTDOWN_GRACE_SECONDS: "0",
    ...settings,
  };
  running = await startDaylong({
    clock: systemClock,
    log,
    version: "9.9.9",
    environment,
    config: readConfig(environment),
    cliEnvironment: { HOME: folder },
    crash: (error) => {
      throw error;
    },
    ports: {
      host,
      history: {
        conversations: async () => [],
        messages: async () => undefined,
        tool: async () => undefined,
      },
      pushSenders: {
        push: new MemoryPush(),
        webPush: { publicKey: undefined, refusal: () => undefined },
      },
    },
  });
  return { url: running.url, token: readFileSync(join(dataDir, "admin-token"), "utf8").trim() };
}

const logged = (event: string) => log.lines.filter((line) => line.event === event);
const asker =
  ({ url, token }: { url: string; token: string }) =>
  async (path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Problem };
  };
interface Problem {
  state?: string;
  code?: string;
  detail?: string;
  checks?: { database: { state: string; detail?: string } };
}

describe("DOOR-14 V18: the files under the running server", () => {
  const path = (name: string) => join(dataDir, name);
  const losses: Array<[string, () => void]> = [
    ["the database is moved", () => renameSync(path("daylong.db"), join(folder, "elsewhere.db"))],
    ["the write-ahead log is deleted", () => rmSync(path("daylong.db-wal"))],
    ["the lock is deleted", () => rmSync(path("server.lock"))],
    ["the lock beside the folder is deleted", () => rmSync(join(folder, ".data.lock"))],
    ["the data folder is moved", () => renameSync(dataDir, join(folder, "moved"))],
    ["the data folder is deleted", () => rmSync(dataDir, { recursive: true })],
    [
      "the database is replaced by a copy",
      () => {
        const copy = readFileSync(path("daylong.db"));
        renameSync(path("daylong.db"), join(folder, "old.db"));
        writeFileSync(path("daylong.db"), copy);
      },
    ],
  ];

  test.each(losses)(
    "DOOR-14 V18: %s: nothing is accepted after a health pass, and it is said",
    async (_what, lose) => {
      const server = await start({ HEALTH_INTERVAL_SECONDS: "0.05" });
      const ask = asker(server);
      phone = await connect({ url: `${server.url.replace("http:", "ws:")}/ws`, token: server.token });
      lose();
      await eventually("it is noticed", () => logged("store.file_lost").length > 0, 10_000);
      const refused = await ask("/api/chat", { message: "Hello", projectPath: project });
      expect([refused.status, refused.body.code]).toEqual([503, "storage_failed"]);
      expect(refused.body.detail).toMatch(/nothing more is accepted/);
      expect(refused.body.detail).not.toContain(folder);
      phone.send({ type: "send", ref: "2", clientMessageId: "2", projectPath: project, message: "Hello" });
      expect(await phone.waitForRef("2")).toMatchObject({ type: "error", code: "storage_failed" });
      const health = await ask("/health");
      expect([health.status, health.body.checks?.database]).toEqual([
        503,
        { state: "failing", detail: refused.body.detail },
      ]);
      expect(logged("store.file_lost")).toHaveLength(1);
    },
  );

  test("DOOR-14 V18: a turn that ran as the database was lost holds up neither its phone nor the stop", async () => {
    // A turn that cannot end any more is not waited for.
    const server = await start({ HEALTH_INTERVAL_SECONDS: "0.05", SHUTDOWN_GRACE_SECONDS: "60" });
    phone = await connect({ url: `${server.url.replace("http:", "ws:")}/ws`, token: server.token });
    phone.send({ type: "send", ref: "1", clientMessageId: "1", projectPath: project, message: "Hello" });
    const accepted = await phone.waitForRef("1");
    expect(accepted).toMatchObject({ type: "accepted" });
    const claude = await host.prompted(accepted.turnId as string);
    renameSync(path("daylong.db"), join(folder, "elsewhere.db"));
    await eventually("it is noticed", () => logged("store.file_lost").length > 0, 10_000);
    claude.reply("Hi.");
    await eventually("its reply is not taken", () => logged("pool.write_failed").length > 0, 10_000);
    phone.send({ type: "ping", ref: "2" });
    expect(await phone.waitForRef("2")).toMatchObject({ type: "pong" });
    expect(JSON.stringify(phone.frames)).not.toContain("turn.completed");
    const stoppedAt = performance.now();
    await running?.stop();
    running = undefined;
    expect(performance.now() - stoppedAt).toBeLessThan(9_000);
    expect([host.live(), logged("pool.write_given_up").length]).toEqual([[], 1]);
    // What was kept before the loss goes on when the files are back.
    renameSync(join(folder, "elsewhere.db"), path("daylong.db"));
    const again = await start();
    const turn = await asker(again)(`/api/sessions/${accepted.sessionId}/turns/${accepted.turnId}`);
    expect([turn.status, turn.body.state]).toEqual([200, "interrupted"]);
  });

  test("DOOR-14 V18: what was committed after the loss and before the health pass is not told", async () => {
    const server = await start({ HEALTH_INTERVAL_SECONDS: "3600" });
    phone = await connect({ url: `${server.url.replace("http:", "ws:")}/ws`, token: server.token });
    // Answered when everything before it is durable: no sync is under way that could notice the loss before the commit.
    expect((await asker(server)("/api/sessions", { projectPath: project })).status).toBe(201);
    renameSync(path("daylong.db-wal"), join(folder, "elsewhere.db-wal"));
    const message = { type: "send", clientMessageId: "1", projectPath: project, message: "Hello" };
    phone.send({ ...message, ref: "1" });
    await eventually("it is noticed", () => logged("store.file_lost").length > 0, 10_000);
    phone.send({ ...message, ref: "2" });
    expect(await phone.waitForRef("2")).toMatchObject({ type: "error", code: "storage_failed" });
    expect(phone.frames.filter(({ type }) => type === "accepted")).toEqual([]);
    expect(JSON.stringify(phone.frames)).not.toContain("turn.accepted");
    const stoppedAt = performance.now();
    await running?.stop();
    running = undefined;
    expect(performance.now() - stoppedAt).toBeLessThan(9_000);
  });

  test("DOOR-14 V18: a start does not throw the log of a database away that was moved", async () => {
    await start();
    renameSync(path("daylong.db"), join(folder, "elsewhere.db"));
    await running?.stop();
    running = undefined;
    await expect(start()).rejects.toThrow(/daylong\.db is not there, but its write-ahead log/);
    renameSync(join(folder, "elsewhere.db"), path("daylong.db"));
    expect((await asker(await start())("/health")).status).toBe(200);
  });
});

describe("DOOR-19: another program's lock", () => {
  /** A program that holds the write lock until it is told to let go. */
  async function hold(): Promise<ChildProcess> {
    const source = `const Database = require("better-sqlite3");
      const database = new Database(process.argv[1]);
      database.exec("BEGIN IMMEDIATE");
      process.stdout.write("held");
      process.stdin.once("data", () => { database.exec("COMMIT"); process.exit(0); });`;
    const child = spawn(process.execPath, ["-e", source, join(dataDir, "daylong.db")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(child.stdout!, "data");
    return child;
  }

  test("DOOR-19: does not hold the event loop; writes are refused for the moment, and all goes on afterwards", async () => {
    const server = await start();
    const ask = asker(server);
    phone = await connect({ url: `${server.url.replace("http:", "ws:")}/ws`, token: server.token });
    const holder = await hold();
    const waits: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const [ref, id] = [`ping-${round}`, `send-${round}`];
      phone.send({ type: "send", ref: id, clientMessageId: id, projectPath: project, message: "Hello" });
      const askedAt = performance.now();
      phone.send({ type: "ping", ref });
      await phone.waitForRef(ref);
      waits.push(performance.now() - askedAt);
      expect(await phone.waitForRef(id)).toMatchObject({
        type: "error",
        code: "storage_failed",
        retryAfterMs: 1_000,
      });
    }
    waits.sort((a, b) => a - b);
    // The middle one: a busy computer may hold up one or another.
    expect(waits[10]).toBeLessThan(50);
    const refused = await ask("/api/chat", { message: "Hello", projectPath: project });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await ask("/health")).body.checks?.database).toMatchObject({
      state: "failing",
      detail: expect.stringContaining("Another program holds the database"),
    });
    expect(logged("store.write_refused")).toHaveLength(1);
    holder.stdin!.end("go");
    await once(holder, "exit");
    phone.send({ type: "send", ref: "x", clientMessageId: "send-0", projectPath: project, message: "Hello" });
    expect(await phone.waitForRef("x")).toMatchObject({ type: "accepted", duplicate: false });
    expect((await ask("/health")).body.checks?.database).toEqual({ state: "ok" });
    expect(logged("store.writes_again")).toHaveLength(1);
  });
});
