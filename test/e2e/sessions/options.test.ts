import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import { cliBinary } from "../../bench/sides/rawCli.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

const question = "What number did I ask you to remember?";

describe("what a session may be begun with, with the real CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let environment: Record<string, string>;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    environment = benchEnvironment(bench, model.url);
    server = await startServer(environment);
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const ask = async (message: string, rest: Record<string, unknown>, seconds = 60) =>
    (await server.ask("POST", "/api/chat", { message, ...rest }, { headers: { prefer: `wait=${seconds}` } }))
      .body;
  const newSession = async (options: Record<string, unknown>) =>
    (await server.ask("POST", "/api/sessions", { projectPath: bench.project, ...options })).body.sessionId;
  const park = (sessionId: string) => server.ask("POST", "/api/sessions/cancel", { sessionId });
  const turnOf = async (sessionId: string, turnId: string) =>
    (await server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`)).body;
  const permissions = async () => (await server.ask("GET", "/api/permissions")).body.permissions;

  test("S34: an addition to the system prompt reaches the model, also after a park, and no other session", async () => {
    const sessionId = await newSession({ appendSystemPrompt: "The password is blue heron." });
    const other = await newSession({});
    const does = "does your system prompt say: blue heron";
    expect((await ask(does, { sessionId })).reply.text).toBe("Yes.");
    expect((await ask(does, { sessionId: other })).reply.text).toBe("No.");
    await park(sessionId);
    expect((await ask(does, { sessionId })).reply.text).toBe("Yes.");
  });

  test("S34: an allowed tool runs without a question, a disallowed one does not run at all", async () => {
    const allowed = await newSession({ allowedTools: ["Write"] });
    const wrote = await ask("write: allowed.txt hello", { sessionId: allowed });
    expect([wrote.state, existsSync(join(bench.project, "allowed.txt"))]).toEqual(["completed", true]);
    // Without it the phone is asked.
    const plain = await newSession({});
    const waiting = ask("write: asked.txt hello", { sessionId: plain });
    const [asked] = await eventually("a question", async () => {
      const open = await permissions();
      return open.length > 0 && open;
    });
    expect([asked.sessionId, asked.toolName]).toEqual([plain, "Write"]);
    await server.ask("POST", `/api/permissions/${asked.permissionId}`, { decision: "deny" });
    await waiting;
    const without = await newSession({ disallowedTools: ["Bash"], permissionMode: "acceptEdits" });
    const refused = await ask("run: touch never.txt", { sessionId: without });
    expect(refused.reply.text).toMatch(/^The tool did not run: .*Bash/);
    expect(existsSync(join(bench.project, "never.txt"))).toBe(false);
    expect(await permissions()).toEqual([]);
  });

  test("S22: the mode and the model of a message hold for its turn and later ones, of a live process and of a parked session", async () => {
    const { sessionId } = await ask("say: hello", { projectPath: bench.project });
    const pid = async () => (await server.ask("GET", `/api/sessions/${sessionId}`)).body.process?.pid;
    const before = await pid();
    const wish = { permissionMode: "acceptEdits", model: "claude-opus-4-8" };
    // In the mode it was begun in, each of these would wait for the phone.
    const wrote = await ask("write: wished.txt one", { sessionId, ...wish }, 60);
    expect([wrote.state, existsSync(join(bench.project, "wished.txt"))]).toEqual(["completed", true]);
    expect((await ask("write: later.txt two", { sessionId }, 60)).state).toBe("completed");
    expect([typeof before, await pid()]).toEqual(["number", before]);
    const session = await server.ask("GET", `/api/sessions/${sessionId}`);
    expect(session.body).toMatchObject(wish);
    expect((await server.ask("GET", `/api/sessions/${sessionId}/context`)).body.model).toBe(wish.model);
    await park(sessionId);
    expect((await ask("say: which", { sessionId, model: "claude-sonnet-5" })).state).toBe("completed");
    expect((await server.ask("GET", `/api/sessions/${sessionId}/context`)).body.model).toBe(
      "claude-sonnet-5",
    );
    expect((await ask("write: parked.txt three", { sessionId }, 60)).state).toBe("completed");
    const message = { message: "say: no", sessionId, permissionMode: "bypassPermissions" };
    const forbidden = await server.ask("POST", "/api/chat", message);
    expect([forbidden.status, forbidden.body.code]).toEqual([403, "permission_mode_forbidden"]);
    expect(await permissions()).toEqual([]);
  });

  test("S34: the limit of model turns ends a message that needs more, and no other", async () => {
    const sessionId = await newSession({ maxTurns: 1 });
    expect(await ask("run: ls", { sessionId })).toMatchObject({
      state: "failed",
      error: { code: "turn_limit", detail: expect.stringContaining("turns") },
    });
    expect((await ask("say: one is enough", { sessionId })).reply.text).toBe("one is enough");
  });

  test("S34: the budget ends the session's messages, and the failure names it", async () => {
    const sessionId = await newSession({ maxBudgetUsd: 0.000001 });
    await ask("say: spent", { sessionId });
    const over = await ask("say: more", { sessionId });
    expect(over).toMatchObject({
      state: "failed",
      error: { code: "turn_limit", detail: expect.stringContaining("budget") },
    });
  });

  test("S35: a message with a time runs at that time, and one that was cancelled never", async () => {
    const { sessionId } = await ask("Remember the number 42", { projectPath: bench.project });
    const sendAt = Date.now() + 4_000;
    const later = await ask(question, { sessionId, sendAt }, 0);
    const never = await ask("write: cancelled.txt no", { sessionId, sendAt }, 0);
    expect([later.state, never.state]).toEqual(["queued", "queued"]);
    const cancelled = await server.ask("DELETE", `/api/sessions/${sessionId}/turns/${never.turnId}`);
    expect([cancelled.status, cancelled.body.state]).toEqual([200, "cancelled"]);
    // It does not hold up what is said in the meantime.
    expect((await ask("say: now", { sessionId })).reply.text).toBe("now");
    expect((await turnOf(sessionId, later.turnId)).state).toBe("queued");
    const turn = await eventually("it ran", async () => {
      const now = await turnOf(sessionId, later.turnId);
      return now.state === "completed" && now;
    });
    expect(turn.reply.text).toBe("You asked me to remember 42.");
    expect(turn.startedAt).toBeGreaterThanOrEqual(sendAt);
    // By its own timer (the unit tests have the millisecond), not when somebody looks once in a minute.
    expect(turn.startedAt - sendAt).toBeLessThan(30_000);
    expect((await turnOf(sessionId, never.turnId)).state).toBe("cancelled");
    expect(existsSync(join(bench.project, "cancelled.txt"))).toBe(false);
  });

  test("S35: a message with a time survives a killed server: an overdue one runs at once, the other at its time", async () => {
    const { sessionId } = await ask("Remember the number 7", { projectPath: bench.project });
    const other = await newSession({});
    const overdueAt = Date.now() + 2_000;
    const overdue = await ask(question, { sessionId, sendAt: overdueAt }, 0);
    const sendAt = overdueAt + 2_500;
    const later = await ask("say: in time", { sessionId: other, sendAt }, 0);
    await server.kill("SIGKILL");
    await eventually("its time passes", () => Date.now() > overdueAt);
    server = await startServer(environment);
    const ended = (id: string, turnId: string) =>
      eventually("it ran", async () => {
        const now = await turnOf(id, turnId);
        return now.state === "completed" && now;
      });
    expect((await ended(sessionId, overdue.turnId)).reply.text).toBe("You asked me to remember 7.");
    const turn = await ended(other, later.turnId);
    expect([turn.reply.text, turn.startedAt >= sendAt]).toEqual(["in time", true]);
  });

  test("S20: the newest conversation of a project is gone on with, whether it began here or in a terminal", async () => {
    const project = join(bench.roots, "latest");
    mkdirSync(project);
    const latest = (more: Record<string, unknown> = {}) =>
      server.ask("POST", "/api/sessions", { projectPath: project, resume: "latest", ...more });
    const none = await latest();
    expect([none.status, none.body.code]).toEqual([404, "session_not_found"]);
    const { sessionId } = await ask("Remember the number 11", { projectPath: project });
    expect((await latest()).body.sessionId).toBe(sessionId);
    await inTerminal("Remember the number 12", project);
    const resumed = await latest();
    expect(resumed.status).toBe(201);
    expect(resumed.body.sessionId).not.toBe(sessionId);
    expect((await ask(question, { sessionId: resumed.body.sessionId })).reply.text).toBe(
      "You asked me to remember 12.",
    );
    const copy = (await latest({ fork: true })).body.sessionId;
    expect(copy).not.toBe(resumed.body.sessionId);
    expect((await ask(question, { sessionId: copy })).reply.text).toBe("You asked me to remember 12.");
    // The first one was never touched by all that.
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 11.");
    expect(readdirSync(join(bench.home, ".claude/projects")).length).toBeGreaterThan(1);
  });

  test("S27: the figure of the context window follows what was said in it", async () => {
    const { sessionId } = await ask("say: short", { projectPath: bench.project });
    const use = async () => (await server.ask("GET", `/api/sessions/${sessionId}/context`)).body;
    const before = await use();
    // About 10,000 tokens as the model counts.
    await ask("long: 40000", { sessionId });
    const after = await use();
    expect(after.totalTokens - before.totalTokens).toBeGreaterThan(5_000);
    expect(after.totalTokens).toBeLessThan(after.maxTokens);
    expect(after.percentage).toBeGreaterThanOrEqual(before.percentage);
    // A parked session is woken for it, and knows as much.
    await park(sessionId);
    expect(Math.abs((await use()).totalTokens - after.totalTokens)).toBeLessThan(2_000);
  });

  /** What somebody types at `claude -p` in the project's directory. */
  function inTerminal(prompt: string, cwd: string): Promise<void> {
    const child = spawn(cliBinary(), ["-p", prompt], { cwd, env: environment, stdio: "ignore" });
    return new Promise((done, fail) => {
      child.once("error", fail);
      child.once("exit", (code) => (code === 0 ? done() : fail(new Error(`claude ended with ${code}.`))));
    });
  }
});
