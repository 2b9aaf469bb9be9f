import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

describe("a CLI that cannot be started", () => {
  let bench: Bench;
  let server: DaylongServer;
  let binary: string;

  beforeEach(async () => {
    bench = makeBench();
    binary = join(bench.dir, "claude");
    installCli("exit 3");
    server = await startServer({ ...benchEnvironment(bench, "http://127.0.0.1:9"), CLAUDE_BIN: binary });
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    bench.remove();
  });

  const installCli = (line: string) => writeFileSync(binary, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  const ask = (message: string, sessionId?: string, headers?: Record<string, string>) =>
    server.ask(
      "POST",
      "/api/chat",
      { message, ...(sessionId ? { sessionId } : { projectPath: bench.project }) },
      { headers },
    );
  const wholeTurn = { prefer: "wait=120" };
  const claudeHealth = async () => (await server.ask("GET", "/health")).body.checks.claude;

  test("F18: one that exits at once is tried after 1, 2, 4, 8 s, quarantined at the fifth, and /health says why", async () => {
    const messages = [await ask("1")];
    const { sessionId } = messages[0]!.body;
    for (const text of ["2", "3", "4"]) messages.push(await ask(text, sessionId));
    messages.push(await ask("5", sessionId, wholeTurn));
    const turns = await Promise.all(
      messages.map(async ({ body }) => {
        return (await server.ask("GET", `/api/sessions/${sessionId}/turns/${body.turnId}`)).body;
      }),
    );
    for (const turn of turns) {
      expect(turn).toMatchObject({ state: "failed", error: { code: "process_start_failed" } });
      expect(turn.error.detail).toContain("exited with code 3");
    }
    const pausesMs = turns.slice(1).map(({ startedAt }, index) => startedAt - turns[index].endedAt);
    for (const [index, dueMs] of [1_000, 2_000, 4_000, 8_000].entries())
      expect(pausesMs[index]).toBeGreaterThanOrEqual(dueMs - 50);
    // The pauses are 15 s together; the fifth would be as long again.
    expect(pausesMs.reduce((sum, pauseMs) => sum + pauseMs, 0)).toBeLessThan(30_000);
    const refused = await ask("6", sessionId);
    expect([refused.status, refused.body.code]).toEqual([503, "session_quarantined"]);
    expect(await claudeHealth()).toMatchObject({
      state: "failing",
      detail: expect.stringContaining("exited with code 3"),
    });
    const { checks } = (await server.ask("GET", "/health")).body;
    expect(checks.pool).toMatchObject({ state: "degraded", detail: "Quarantined sessions: 1." });

    installCli(`exec "${process.execPath}" "${resolve("test/support/claude/cliStandIn.mjs")}" "$@"`);
    expect((await ask("Hello", undefined, wholeTurn)).body.reply.text).toBe("You said: Hello");
    expect(await claudeHealth()).toEqual({ state: "ok" });
  });

  test("F18: one that is not there fails the message with the reason, and the server lives on", async () => {
    rmSync(binary);
    const { body } = await ask("Hello?", undefined, wholeTurn);
    expect(body).toMatchObject({ state: "failed", error: { code: "process_start_failed" } });
    expect(await claudeHealth()).toMatchObject({ state: "failing", detail: body.error.detail });
    installCli(`exec "${process.execPath}" "${resolve("test/support/claude/cliStandIn.mjs")}" "$@"`);
    expect((await ask("Hello", undefined, wholeTurn)).body.reply.text).toBe("You said: Hello");
  });
});
