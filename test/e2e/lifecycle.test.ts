import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../support/daylongServer.ts";

describe("a session's options and copies, with the real CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeEach(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer(benchEnvironment(bench, model.url));
  });
  afterEach(async () => {
    await server.kill("SIGTERM");
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = (message: string, rest: Record<string, unknown>, seconds = 60) =>
    server.ask("POST", "/api/chat", { message, ...rest }, { headers: { prefer: `wait=${seconds}` } });
  const ask = async (message: string, rest: Record<string, unknown>) => (await chat(message, rest)).body;
  const newSession = async (options: Record<string, unknown>) =>
    (await server.ask("POST", "/api/sessions", { projectPath: bench.project, ...options })).body;
  const turnOf = async (sessionId: string, turnId: string) =>
    (await server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`)).body;
  const question = "What number did I ask you to remember?";

  test("S20: a fork knows what was said up to its message and nothing of what came after; the original goes on", async () => {
    const first = await ask("Remember the number 42", { projectPath: bench.project });
    const { sessionId } = first;
    await ask("Remember the number 7", { sessionId });
    const early = await server.ask("POST", `/api/sessions/${sessionId}/fork`, {
      atMessageId: first.reply.messageId,
    });
    expect(early.status).toBe(201);
    expect(early.body.sessionId).not.toBe(sessionId);
    const late = await server.ask("POST", `/api/sessions/${sessionId}/fork`, {});
    await ask("Remember the number 9", { sessionId });
    expect((await ask(question, { sessionId: early.body.sessionId })).reply.text).toBe(
      "You asked me to remember 42.",
    );
    // A copy is of the moment it was asked for.
    expect((await ask(question, { sessionId: late.body.sessionId })).reply.text).toBe(
      "You asked me to remember 7.",
    );
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 9.");
    const unknown = await server.ask("POST", `/api/sessions/${sessionId}/fork`, {
      atMessageId: early.body.sessionId,
    });
    expect([unknown.status, unknown.body.code]).toEqual([404, "message_not_found"]);
  });

  test("S20: a session is taken back to a message and goes on there under its own id", async () => {
    const first = await ask("Remember the number 42", { projectPath: bench.project });
    const { sessionId } = first;
    await ask("Remember the number 7", { sessionId });
    const back = await newSession({ resume: sessionId, resumeAt: first.reply.messageId });
    expect(back.sessionId).toBe(sessionId);
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 42.");
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    await ask("Remember the number 8", { sessionId });
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 8.");
  });

  test("S21: files go back to before a message, also after the process was parked; first only counted", async () => {
    const { sessionId } = await newSession({ permissionMode: "acceptEdits" });
    await ask("say: hello", { sessionId });
    const wrote = await ask("write: note.txt some words", { sessionId });
    const path = join(bench.project, "note.txt");
    expect(existsSync(path)).toBe(true);
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    const rewind = (body: Record<string, unknown>) =>
      server.ask("POST", `/api/sessions/${sessionId}/rewind`, body);
    const counted = await rewind({ messageId: wrote.turnId, dryRun: true });
    expect([counted.status, counted.body.canRewind, counted.body.filesChanged]).toEqual([
      200,
      true,
      ["note.txt"],
    ]);
    expect(existsSync(path)).toBe(true);
    const done = await rewind({ messageId: wrote.turnId });
    expect([done.body.canRewind, done.body.filesChanged]).toEqual([true, ["note.txt"]]);
    expect(existsSync(path)).toBe(false);
    await chat("slow: 5", { sessionId }, 0);
    const busy = await rewind({ messageId: wrote.turnId });
    expect([busy.status, busy.body.code]).toEqual([409, "session_busy"]);
    const unknown = await rewind({ messageId: sessionId });
    expect([unknown.status, unknown.body.code]).toEqual([404, "message_not_found"]);
  });

  test("S20: the use of the context window is told, and grows with the conversation", async () => {
    const { sessionId } = await ask("say: short", { projectPath: bench.project });
    const context = async () => (await server.ask("GET", `/api/sessions/${sessionId}/context`)).body;
    const before = await context();
    expect(before.maxTokens).toBeGreaterThan(before.totalTokens);
    await ask("long: 40000", { sessionId });
    expect((await context()).totalTokens).toBeGreaterThan(before.totalTokens + 5_000);
  });

  test("S34: maxTurns, disallowedTools, allowedTools and appendSystemPrompt reach Claude", async () => {
    const limited = await newSession({ maxTurns: 1 });
    const cut = await ask("run: ls", { sessionId: limited.sessionId });
    const ended = await turnOf(limited.sessionId, cut.turnId);
    expect([ended.state, ended.error?.code]).toEqual(["failed", "turn_limit"]);

    const without = await newSession({ disallowedTools: ["Bash"] });
    const refused = await ask("run: touch never.txt", { sessionId: without.sessionId });
    expect(refused.reply.text).toMatch(/did not run/);
    expect(existsSync(join(bench.project, "never.txt"))).toBe(false);

    const allowed = await newSession({ allowedTools: ["Bash(touch allowed.txt)"] });
    // Nobody answers a permission here: it runs because it was allowed beforehand.
    await ask("run: touch allowed.txt", { sessionId: allowed.sessionId });
    expect(existsSync(join(bench.project, "allowed.txt"))).toBe(true);

    const told = await newSession({ appendSystemPrompt: "The password is xyzzy-17." });
    const said = await ask("Does your system prompt say: xyzzy-17", { sessionId: told.sessionId });
    expect(said.reply.text).toBe("Yes.");
    const untold = await newSession({});
    const notSaid = await ask("Does your system prompt say: xyzzy-17", { sessionId: untold.sessionId });
    expect(notSaid.reply.text).toBe("No.");
  });

  test("S34: maxBudgetUsd ends what costs more", async () => {
    const poor = await newSession({ maxBudgetUsd: 0.000001 });
    const first = await ask("run: ls", { sessionId: poor.sessionId });
    const turn = await turnOf(poor.sessionId, first.turnId);
    expect([turn.state, turn.error?.code]).toEqual(["failed", "turn_limit"]);
  });
});
