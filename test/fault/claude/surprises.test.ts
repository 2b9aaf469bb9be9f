import { chmodSync, existsSync, mkdirSync, renameSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import {
  benchEnvironment,
  eventually,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const waits = { prefer: "wait=120" };

describe("what a project, a person or a broken CLI may do meanwhile", () => {
  const scene = useScene({ every: "test" });

  const chat = async (
    message: string,
    place: Record<string, unknown>,
    headers: Record<string, string> = waits,
  ) => (await scene.server.ask("POST", "/api/chat", { message, ...place }, { headers })).body;
  const park = (sessionId: string) => scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
  const openPermission = () =>
    eventually(
      "a request",
      async () => (await scene.server.ask("GET", "/api/permissions")).body.permissions[0],
    );

  test("after a /clear the session goes on as cleared, also when it was parked", async () => {
    const { sessionId } = await chat("Remember the number 42", { projectPath: scene.bench.project });
    await chat("/clear", { sessionId });
    await chat("Remember the number 77", { sessionId });
    await park(sessionId);
    const answer = await chat("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 77.");
    const recap = await scene.server.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "recap" });
    expect(recap.body.recap.text).not.toContain("42");
  });

  test("P04 P05: an allowance for the session allows more of the same, and nothing else", async () => {
    const asked = chat("run: touch one.txt", { projectPath: scene.bench.project });
    const first = await openPermission();
    await scene.server.ask("POST", `/api/permissions/${first.permissionId}`, {
      decision: "allow",
      scope: "session",
    });
    const { sessionId } = await asked;
    const other = chat("run: mkdir made-without-asking", { sessionId });
    const second = await openPermission();
    expect(second.permissionId).not.toBe(first.permissionId);
    await scene.server.ask("POST", `/api/permissions/${second.permissionId}`, { decision: "deny" });
    await other;
    expect(existsSync(join(scene.bench.project, "made-without-asking"))).toBe(false);
    expect((await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.permissionMode).toBe("default");
  });

  test("A05: a directory that was swapped for a link out of the roots is not worked in; put back, it is", async () => {
    const place = join(scene.bench.roots, "swapped");
    const outside = join(scene.bench.dir, "outside");
    mkdirSync(place);
    mkdirSync(outside);
    const { sessionId } = await chat("Remember the number 5", { projectPath: place });
    await park(sessionId);
    renameSync(place, `${place}-away`);
    symlinkSync(outside, place);
    const refused = await chat("run: touch escaped.txt", { sessionId });
    expect(refused).toMatchObject({ state: "failed", error: { code: "project_forbidden" } });
    expect(existsSync(join(outside, "escaped.txt"))).toBe(false);
    const health = (await scene.server.ask("GET", "/health")).body;
    expect(health.checks.claude.state).toBe("ok");
  });

  test("a directory that is gone is named as such, and the session goes on when it is back", async () => {
    const place = join(scene.bench.roots, "fleeting");
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
    expect(await scene.server.kill("SIGTERM")).toBe(0);
    const hanging = join(scene.bench.dir, "hanging");
    writeFileSync(hanging, "#!/bin/sh\nexec sleep 100\n");
    chmodSync(hanging, 0o755);
    scene.server = await startServer({
      ...benchEnvironment(scene.bench, scene.model.url),
      CLAUDE_BIN: hanging,
    });
    const first = await chat("hello", { projectPath: scene.bench.project }, {});
    await chat("hello", { projectPath: scene.bench.project }, {});
    await eventually("both hang", () => processesOf(scene.bench).length === 2);
    expect((await scene.server.ask("DELETE", `/api/sessions/${first.sessionId}`)).status).toBe(200);
    expect(processesOf(scene.bench)).toHaveLength(1);
    // The stop itself, with the other one still hanging, is checked after each test.
  });

  test("F18: a CLI that is not there fails the turn with a clear word, and the server lives", async () => {
    expect(await scene.server.kill("SIGTERM")).toBe(0);
    scene.server = await startServer({
      ...benchEnvironment(scene.bench, scene.model.url),
      CLAUDE_BIN: join(scene.bench.dir, "nothing"),
    });
    const answer = await chat("hello", { projectPath: scene.bench.project });
    expect(answer).toMatchObject({ state: "failed", error: { code: "process_start_failed" } });
    expect(answer.error.detail).not.toContain(scene.bench.dir);
    const health = (await scene.server.ask("GET", "/health")).body;
    expect([health.status, health.checks.claude.state]).toEqual(["degraded", "failing"]);
  });
});
