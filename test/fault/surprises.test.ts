import { chmodSync, existsSync, mkdirSync, renameSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../support/daylongServer.ts";

const waits = { prefer: "wait=30" };

describe("what a project, a person or a broken CLI may do meanwhile", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer(benchEnvironment(bench, model.url));
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = async (
    message: string,
    place: Record<string, unknown>,
    headers: Record<string, string> = waits,
  ) => (await server.ask("POST", "/api/chat", { message, ...place }, { headers })).body;
  const park = (sessionId: string) => server.ask("POST", "/api/sessions/cancel", { sessionId });
  const openPermission = () =>
    eventually("a request", async () => (await server.ask("GET", "/api/permissions")).body.permissions[0]);

  test("after a /clear the session goes on as cleared, also when it was parked", async () => {
    const { sessionId } = await chat("Remember the number 42", { projectPath: bench.project });
    await chat("/clear", { sessionId });
    await chat("Remember the number 77", { sessionId });
    await park(sessionId);
    const answer = await chat("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 77.");
    const recap = await server.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "recap" });
    expect(recap.body.recap.text).not.toContain("42");
  });

  test("P04 P05: an allowance for the session allows more of the same, and nothing else", async () => {
    const asked = chat("run: touch one.txt", { projectPath: bench.project });
    const first = await openPermission();
    await server.ask("POST", `/api/permissions/${first.permissionId}`, {
      decision: "allow",
      scope: "session",
    });
    const { sessionId } = await asked;
    const other = chat("run: mkdir made-without-asking", { sessionId });
    const second = await openPermission();
    expect(second.permissionId).not.toBe(first.permissionId);
    await server.ask("POST", `/api/permissions/${second.permissionId}`, { decision: "deny" });
    await other;
    expect(existsSync(join(bench.project, "made-without-asking"))).toBe(false);
    expect((await server.ask("GET", `/api/sessions/${sessionId}`)).body.permissionMode).toBe("default");
  });

  test("A05: a directory that was swapped for a link out of the roots is not worked in; put back, it is", async () => {
    const place = join(bench.roots, "swapped");
    const outside = join(bench.dir, "outside");
    mkdirSync(place);
    mkdirSync(outside);
    const { sessionId } = await chat("Remember the number 5", { projectPath: place });
    await park(sessionId);
    renameSync(place, `${place}-away`);
    symlinkSync(outside, place);
    const refused = await chat("run: touch escaped.txt", { sessionId });
    expect(refused).toMatchObject({ state: "failed", error: { code: "project_forbidden" } });
    expect(existsSync(join(outside, "escaped.txt"))).toBe(false);
    const health = (await server.ask("GET", "/health")).body;
    expect(health.checks.claude.state).toBe("ok");
  });

  test("a directory that is gone is named as such, and the session goes on when it is back", async () => {
    const place = join(bench.roots, "fleeting");
    mkdirSync(place);
    const { sessionId } = await chat("Remember the number 6", { projectPath: place });
    await park(sessionId);
    rmdirSync(place);
    expect(await chat("hello", { sessionId })).toMatchObject({
      state: "failed",
      error: { code: "project_not_found" },
    });
    mkdirSync(place);
    const answer = await chat("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 6.");
  });

  test("F18: a CLI that never answers holds up neither a close nor the stop of the server", async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    const hanging = join(bench.dir, "hanging");
    writeFileSync(hanging, "#!/bin/sh\nexec sleep 100\n");
    chmodSync(hanging, 0o755);
    server = await startServer({ ...benchEnvironment(bench, model.url), CLAUDE_BIN: hanging });
    const first = await chat("hello", { projectPath: bench.project }, {});
    await chat("hello", { projectPath: bench.project }, {});
    await eventually("both hang", () => processesOf(bench).length === 2);
    expect((await server.ask("DELETE", `/api/sessions/${first.sessionId}`)).status).toBe(200);
    expect(processesOf(bench)).toHaveLength(1);
    // The stop itself, with the other one still hanging, is checked after each test.
  });

  test("F18: a CLI that is not there fails the turn with a clear word, and the server lives", async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      CLAUDE_BIN: join(bench.dir, "nothing"),
    });
    const answer = await chat("hello", { projectPath: bench.project });
    expect(answer).toMatchObject({ state: "failed", error: { code: "process_start_failed" } });
    expect(answer.error.detail).not.toContain(bench.dir);
    const health = (await server.ask("GET", "/health")).body;
    expect([health.status, health.checks.claude.state]).toEqual(["degraded", "failing"]);
  });
});
