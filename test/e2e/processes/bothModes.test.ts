import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const question = "What number did I ask you to remember?";

describe.each([
  ["one process a session, the first message on a spare", true, {}],
  ["S18: the rollback, a process per message", false, { USE_INTERACTIVE_SESSIONS: "false" }],
])("the same API answers the same with %s", (_mode, isInteractive, settings) => {
  const scene = useScene({ every: "file", spares: isInteractive, settings });

  const chat = async (message: string, rest: Record<string, unknown> = {}) => {
    const place = rest.sessionId === undefined ? { projectPath: scene.bench.project } : {};
    const { status, body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message, ...place, ...rest },
      { headers: { prefer: "wait=120" } },
    );
    expect([status, body.state]).toEqual([200, "completed"]);
    return body as { sessionId: string; turnId: string; reply: { text: string; messageId: string } };
  };
  const replyTo = async (message: string, sessionId: string) =>
    (await chat(message, { sessionId })).reply.text;
  const isThere = (name: string) => existsSync(join(scene.bench.project, name));

  test("S01 S20: a conversation goes on, a fork of it and one that is taken back", async () => {
    const first = await chat("Remember the number 42");
    const { sessionId } = first;
    await chat("Remember the number 7", { sessionId });
    const copy = await scene.server.ask("POST", `/api/sessions/${sessionId}/fork`, {});
    const back = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
      resume: sessionId,
      resumeAt: first.reply.messageId,
    });
    expect([copy.status, back.status, back.body.sessionId]).toEqual([201, 201, sessionId]);
    expect(await replyTo(question, copy.body.sessionId)).toBe("You asked me to remember 7.");
    expect(await replyTo(question, sessionId)).toBe("You asked me to remember 42.");
  });

  test("S21 S27: right after its answer a session says how full its window is, and takes its files back", async () => {
    const { sessionId, turnId } = await chat("write: note.txt some words", { permissionMode: "acceptEdits" });
    expect(isThere("note.txt")).toBe(true);
    const context = await scene.server.ask("GET", `/api/sessions/${sessionId}/context`);
    expect([context.status, context.body.totalTokens > 0]).toEqual([200, true]);
    const rewind = (dryRun: boolean) =>
      scene.server.ask("POST", `/api/sessions/${sessionId}/rewind`, { messageId: turnId, dryRun });
    const counted = await rewind(true);
    expect(counted).toMatchObject({ status: 200, body: { canRewind: true, filesChanged: ["note.txt"] } });
    expect(isThere("note.txt")).toBe(true);
    const done = await rewind(false);
    expect(done).toMatchObject({ status: 200, body: { canRewind: true, filesChanged: ["note.txt"] } });
    expect(isThere("note.txt")).toBe(false);
    expect(await replyTo("say: still here", sessionId)).toBe("still here");
  });

  test("P01 P04: a permission is asked for and answered, and what is allowed for the session is not asked again", async () => {
    const waiting = chat("run: touch asked.txt");
    const { permissionId } = await eventually("the phone is asked", async () => {
      const { body } = await scene.server.ask("GET", "/api/permissions");
      return body.permissions[0] as { permissionId: string } | undefined;
    });
    expect(isThere("asked.txt")).toBe(false);
    await scene.server.ask("POST", `/api/permissions/${permissionId}`, {
      decision: "allow",
      scope: "session",
    });
    const { sessionId } = await waiting;
    expect(isThere("asked.txt")).toBe(true);
    await chat("run: touch asked.txt", { sessionId });
  });

  test("S22: its mode can be changed at every moment, also while its process goes", async () => {
    const { sessionId } = await chat("say: hello");
    const change = (permissionMode: string) =>
      scene.server.ask("PATCH", `/api/sessions/${sessionId}`, { permissionMode });
    for (const mode of ["plan", "default", "plan"]) {
      const stopped = scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
      const changed = await change(mode);
      expect(changed).toMatchObject({ status: 200, body: { permissionMode: mode } });
      await stopped;
      await chat("say: again", { sessionId });
    }
    expect((await change("acceptEdits")).status).toBe(200);
    await chat("write: unasked.txt some words", { sessionId });
    expect(isThere("unasked.txt")).toBe(true);
  });

  test("S34: what a session was begun with is in force for each of its messages", async () => {
    const { body } = await scene.server.ask("POST", "/api/sessions", {
      projectPath: scene.bench.project,
      appendSystemPrompt: "The password is blue heron.",
    });
    const does = "does your system prompt say: blue heron";
    expect(await replyTo(does, body.sessionId)).toBe("Yes.");
    expect(await replyTo(does, body.sessionId)).toBe("Yes.");
  });

  test("S16 S18: and the processes were of that kind", async () => {
    const { body } = await scene.server.ask("GET", "/api/metrics/sessions");
    expect([body.starts.spare > 0, body.parks.idle > 0]).toEqual([isInteractive, !isInteractive]);
  });
});
