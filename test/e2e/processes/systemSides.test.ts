import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  sideSettings,
  sides,
  startServer,
} from "../../support/server/daylongServer.ts";

const goneWithinMs = 20_000;
/** A tool's shell waits until the test says that the server has sampled what the tool started. */
const untilSeen = "bash -c 'until [ -e seen ]; do sleep 0.2; done'";

describe.each(sides)("REPORT-23 F10: nothing of ours is left, %s", (_name, side) => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let environment: Record<string, string>;

  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    environment = {
      ...benchEnvironment(bench, model.url),
      ...sideSettings(bench, side),
      RESOURCE_SAMPLE_SECONDS: "0.3",
    };
    server = await startServer(environment);
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  async function begin(): Promise<{ sessionId: string; pid: number }> {
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      allowedTools: ["Bash"],
    });
    const { sessionId } = body;
    await chat(sessionId, "say: hello");
    const { process: own } = (await server.ask("GET", `/api/sessions/${sessionId}`)).body;
    return { sessionId, pid: own.pid };
  }
  const chat = async (sessionId: string, message: string, prefer = "wait=60") =>
    (await server.ask("POST", "/api/chat", { sessionId, message }, { headers: { prefer } })).body;
  const close = async (sessionId: string) =>
    expect((await server.ask("DELETE", `/api/sessions/${sessionId}`)).status).toBe(200);
  const nothingLeft = () =>
    eventually("nothing is left", () => processesOf(bench).length === 0, goneWithinMs);
  /** Waits until the tool's programs run, beside the CLI, and the server has seen them. */
  const running = (sessionId: string, count: number) =>
    eventually(
      "the tool is seen",
      async () => (await server.ask("GET", `/api/sessions/${sessionId}`)).body.process?.processCount >= count,
      goneWithinMs,
    );
  /** Runs a command that waits for `seen`, which comes when the server has sampled `count` processes of the session. */
  async function runSeen(sessionId: string, command: string, count: number): Promise<void> {
    const turn = chat(sessionId, `run: ${command}`);
    await running(sessionId, count);
    writeFileSync(join(bench.project, "seen"), "");
    expect((await turn).state).toBe("completed");
  }
  const events = async (sessionId: string): Promise<LoggedEvent[]> =>
    (await server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body.events;

  test("a command in the background, when the CLI is killed", async () => {
    const { sessionId, pid } = await begin();
    await chat(sessionId, "background: sleep 300");
    await running(sessionId, 3);
    process.kill(pid, "SIGKILL");
    await nothingLeft();
  });

  test("a command in the foreground, when the CLI is killed", async () => {
    const { sessionId, pid } = await begin();
    const turn = chat(sessionId, "run: tail -f /dev/null; echo never");
    await running(sessionId, 3);
    process.kill(pid, "SIGKILL");
    expect((await turn).state).toBe("failed");
    await nothingLeft();
  });

  test.each([
    ["by a subshell", `(sleep 301 &) ; ${untilSeen}`, 3],
    ["by nohup", `nohup sleep 302 >/dev/null 2>&1 & ${untilSeen}`, 5],
    ["in a session of its own", `setsid sleep 303 >/dev/null 2>&1 & ${untilSeen}`, 5],
    [
      "in a group of its own",
      `bash -c 'set -m; sleep 304 >/dev/null 2>&1 & until [ -e seen ]; do sleep 0.2; done'`,
      4,
    ],
    ["after a while in which its shell worked", `${untilSeen}; nohup sleep 306 >/dev/null 2>&1 &`, 3],
    ["two deep", `(sh -c 'sleep 307 & sleep 308 & wait' >/dev/null 2>&1 &) ; ${untilSeen}`, 3],
    [
      "by a program that forks twice",
      `perl -e 'if (fork) { select(undef, undef, undef, 0.5) until -e "seen"; exit } setpgrp; sleep 309' >/dev/null 2>&1`,
      4,
    ],
  ])("what a tool handed to init %s, when the session is closed", async (_how, command, count) => {
    const { sessionId } = await begin();
    await runSeen(sessionId, command, count);
    expect(processesOf(bench).length).toBeGreaterThan(1);
    await close(sessionId);
    await nothingLeft();
  });

  test("what a tool handed to init, when the CLI is killed", async () => {
    const { sessionId, pid } = await begin();
    await runSeen(sessionId, `(sleep 310 >/dev/null 2>&1 &) ; ${untilSeen}`, 3);
    process.kill(pid, "SIGKILL");
    await nothingLeft();
  });

  test("a turn, when the server is killed in it and started again", async () => {
    const { sessionId } = await begin();
    void chat(sessionId, "run: tail -f /dev/null; echo never").catch(() => {});
    await running(sessionId, 3);
    await server.kill("SIGKILL");
    server = await startServer(environment);
    await nothingLeft();
    expect((await events(sessionId)).map(({ type }) => type)).toContain("turn.interrupted");
  });

  test("a command in the background and what is handed to init, when the server and then the CLI are killed", async () => {
    const { sessionId, pid } = await begin();
    await chat(sessionId, "background: sleep 312");
    await runSeen(sessionId, `(sleep 313 >/dev/null 2>&1 &) ; ${untilSeen}`, 4);
    await server.kill("SIGKILL");
    process.kill(pid, "SIGKILL");
    expect(processesOf(bench).length).toBeGreaterThan(0);
    server = await startServer(environment);
    await nothingLeft();
  });

  test("nor is anything of another server's ended: two on one computer, one is closed, one is killed and started", async () => {
    const other = makeBench();
    const others = { ...environment, ...benchEnvironment(other, model.url), ...sideSettings(other, side) };
    let second = await startServer(others);
    try {
      const asked = { projectPath: other.project, allowedTools: ["Bash"] };
      const { sessionId } = (await second.ask("POST", "/api/sessions", asked)).body;
      const message = { sessionId, message: "background: sleep 314" };
      await second.ask("POST", "/api/chat", message, { headers: { prefer: "wait=60" } });
      const mine = await begin();
      await chat(mine.sessionId, "background: sleep 315");
      const before = processesOf(other).sort();
      expect(before.length).toBeGreaterThan(2);
      await server.kill("SIGKILL");
      server = await startServer(environment);
      await nothingLeft();
      expect(processesOf(other).sort()).toEqual(before);
      await second.kill("SIGKILL");
      const again = await begin();
      await chat(again.sessionId, "background: sleep 316");
      const own = processesOf(bench).sort();
      second = await startServer(others);
      await eventually("the other's are gone", () => processesOf(other).length === 0, goneWithinMs);
      expect(processesOf(bench).sort()).toEqual(own);
    } finally {
      await second.kill("SIGTERM");
      other.remove();
    }
  });

  test("and what runs is measured: memory and CPU of the CLI, and of its tool", async () => {
    const { sessionId } = await begin();
    const hold = `${process.execPath} -e "const b = Buffer.alloc(104857600, 1); setInterval(function () { if (require('fs').existsSync('seen')) { console.log(b.length); process.exit(); } }, 100)"`;
    const turn = chat(sessionId, `run: ${hold}`);
    const own = await eventually("it is measured", async () => {
      const { process: shown } = (await server.ask("GET", `/api/sessions/${sessionId}`)).body;
      return shown?.toolsRssBytes > 100 * 1_024 ** 2 && shown;
    });
    expect(own.rssBytes).toBeGreaterThan(50 * 1_024 ** 2);
    expect(own.rssBytes).toBeLessThan(500 * 1_024 ** 2);
    expect(own.processCount).toBeGreaterThanOrEqual(3);
    writeFileSync(join(bench.project, "seen"), "");
    expect((await turn).state).toBe("completed");
  });
});
