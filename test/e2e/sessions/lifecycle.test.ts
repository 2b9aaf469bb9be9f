import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";

describe("a session's options and copies, with the real CLI", () => {
  const scene = useScene({ every: "test", spares: true });

  const chat = (message: string, rest: Record<string, unknown>, seconds = 60) =>
    scene.server.ask("POST", "/api/chat", { message, ...rest }, { headers: { prefer: `wait=${seconds}` } });
  const ask = async (message: string, rest: Record<string, unknown>) => (await chat(message, rest)).body;
  const newSession = async (options: Record<string, unknown>) =>
    (await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project, ...options })).body;
  const question = "What number did I ask you to remember?";

  test("S20: a fork knows what was said up to its message and nothing of what came after; the original goes on", async () => {
    const first = await ask("Remember the number 42", { projectPath: scene.bench.project });
    const { sessionId } = first;
    await ask("Remember the number 7", { sessionId });
    const early = await scene.server.ask("POST", `/api/sessions/${sessionId}/fork`, {
      atMessageId: first.reply.messageId,
    });
    expect(early.status).toBe(201);
    expect(early.body.sessionId).not.toBe(sessionId);
    const late = await scene.server.ask("POST", `/api/sessions/${sessionId}/fork`, {});
    await ask("Remember the number 9", { sessionId });
    expect((await ask(question, { sessionId: early.body.sessionId })).reply.text).toBe(
      "You asked me to remember 42.",
    );
    // A copy is of the moment it was asked for.
    expect((await ask(question, { sessionId: late.body.sessionId })).reply.text).toBe(
      "You asked me to remember 7.",
    );
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 9.");
    const unknown = await scene.server.ask("POST", `/api/sessions/${sessionId}/fork`, {
      atMessageId: early.body.sessionId,
    });
    expect([unknown.status, unknown.body.code]).toEqual([404, "message_not_found"]);
  });

  test("S20: a session is taken back to a message and goes on there under its own id", async () => {
    const first = await ask("Remember the number 42", { projectPath: scene.bench.project });
    const { sessionId } = first;
    await ask("Remember the number 7", { sessionId });
    const back = await newSession({ resume: sessionId, resumeAt: first.reply.messageId });
    expect(back.sessionId).toBe(sessionId);
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 42.");
    await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    await ask("Remember the number 8", { sessionId });
    expect((await ask(question, { sessionId })).reply.text).toBe("You asked me to remember 8.");
  });

  test("S21: files go back to before a message, also after the process was parked; first only counted", async () => {
    const { sessionId } = await newSession({ permissionMode: "acceptEdits" });
    await ask("say: hello", { sessionId });
    const wrote = await ask("write: note.txt some words", { sessionId });
    const path = join(scene.bench.project, "note.txt");
    expect(existsSync(path)).toBe(true);
    await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    const rewind = (body: Record<string, unknown>) =>
      scene.server.ask("POST", `/api/sessions/${sessionId}/rewind`, body);
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

  test("S27: the use of the context window is told", async () => {
    const { sessionId } = await ask("say: short", { projectPath: scene.bench.project });
    const context = async () => (await scene.server.ask("GET", `/api/sessions/${sessionId}/context`)).body;
    const before = await context();
    expect(before.maxTokens).toBeGreaterThan(before.totalTokens);
  });
});
