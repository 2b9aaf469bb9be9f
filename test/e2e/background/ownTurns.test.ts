import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const turnMs = 60_000;

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("T01 T02 what Claude begins by itself, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings });

  const chat = async (message: string, sessionId?: string) => {
    const place = sessionId === undefined ? { projectPath: scene.bench.project } : { sessionId };
    const { status, body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message, ...place },
      { headers: { prefer: "wait=120" } },
    );
    expect([status, body.state]).toEqual([200, "completed"]);
    return body as { sessionId: string; turnId: string; reply: { text: string; messageId: string } };
  };
  const eventsOf = async (sessionId: string) =>
    (await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body
      .events as LoggedEvent[];
  /** Resolves with the session's events as soon as one is as wanted. */
  const told = (what: string, sessionId: string, isIt: (event: LoggedEvent) => boolean) =>
    eventually(what, async () => (await eventsOf(sessionId)).find(isIt), turnMs);
  const ownTurns = async (sessionId: string) =>
    (await eventsOf(sessionId)).flatMap((event) =>
      event.type === "turn.started" && event.data.origin !== "user" ? [event.turnId!] : [],
    );

  /** Every text stands in a turn that has begun and not ended, and each turn ends once. */
  const expectWholeTurns = async (sessionId: string) => {
    const rests = async () =>
      ["idle", "parked"].includes((await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.state);
    await eventually("the session to rest", rests, turnMs);
    const open = new Set<string>();
    const begun = new Set<string>();
    for (const { type, turnId } of await eventsOf(sessionId)) {
      if (type === "turn.started") {
        expect(begun.has(turnId!)).toBe(false);
        begun.add(turnId!);
        open.add(turnId!);
      }
      if (type === "message") expect(open.has(turnId!)).toBe(true);
      if (/^turn\.(completed|failed|interrupted)$/.test(type)) expect(open.delete(turnId!)).toBe(true);
    }
    expect([...open]).toEqual([]);
  };

  const processOf = async (sessionId: string) =>
    (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.process?.pid as number | undefined;

  test.each([
    ["the owner stops the process", "cancel"],
    ["the process is killed", "kill"],
    ["the server is restarted", "restart"],
  ])("F21: the next message has its own reply when a task was cut off because %s", async (_why, how) => {
    const { sessionId } = await chat("background: sleep 300");
    const pid = await processOf(sessionId);
    if (how === "cancel") await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    if (how === "kill" && pid !== undefined) process.kill(pid, "SIGKILL");
    if (how === "restart") {
      expect(await scene.server.kill("SIGTERM")).toBe(0);
      scene.server = await startServer(scene.environment);
    }
    await eventually("the process to be gone", async () => (await processOf(sessionId)) !== pid, turnMs);
    const next = await chat(`say: after ${how}`, sessionId);
    expect(next.reply.text).toBe(`after ${how}`);
    const message = await scene.server.ask("GET", `/api/messages/${next.reply.messageId}`);
    expect(message).toMatchObject({ status: 200, body: { turnId: next.turnId, text: `after ${how}` } });
    const named = await scene.server.ask("POST", "/v1/chat/completions", {
      model: "default",
      conversation_id: `own-${how}`,
      messages: [{ role: "user", content: "background: sleep 300" }],
    });
    expect(named.status).toBe(200);
    await expectWholeTurns(sessionId);
  });

  test("F21: a message that is given while a subagent ends is answered by its own words, three of three", async () => {
    const { sessionId } = await chat("Remember the number 42");
    for (const word of ["alpha", "beta", "gamma"]) {
      await chat("agent: say: words of the agent", sessionId);
      const next = await chat(`say: ${word}`, sessionId);
      expect(next.reply.text).toBe(word);
    }
    await eventually("a turn of Claude's own", async () => (await ownTurns(sessionId)).length > 0, turnMs);
    await expectWholeTurns(sessionId);
  });

  test("F25 REPORT-1: the reply is what was said before the last tool, for chat, for ask and for /v1", async () => {
    const words = "answer first: The answer is 4.";
    const { sessionId, reply } = await chat(words);
    expect(reply.text).toBe("The answer is 4.");
    const message = await scene.server.ask("GET", `/api/messages/${reply.messageId}`);
    expect(message.body.text).toBe("The answer is 4.");
    const messages = await scene.server.ask("GET", `/api/sessions/${sessionId}/messages`);
    expect(JSON.stringify(messages.body)).toContain("The answer is 4.");
    const asked = await scene.server.ask("POST", "/api/ask", {
      projectPath: scene.bench.project,
      prompt: words,
    });
    expect(asked.body.text).toBe("The answer is 4.");
    const completion = await scene.server.ask("POST", "/v1/chat/completions", {
      model: "default",
      messages: [{ role: "user", content: words }],
    });
    expect(completion.body.choices[0].message.content).toBe("The answer is 4.");
  });

  test("T01: a task that has ended is told in a turn of Claude's own, which asks, is answered and ends", async () => {
    const { sessionId } = await chat("background: sleep 1 => run: touch own.txt");
    const asked = await told("a permission", sessionId, ({ type }) => type === "permission.requested");
    if (asked?.type !== "permission.requested") throw new Error("Nothing was asked.");
    const [ownTurnId] = await ownTurns(sessionId);
    expect(asked.data.turnId).toBe(ownTurnId);
    const { permissionId } = asked.data;
    expect((await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.state).toBe("waiting");
    await scene.server.ask("POST", `/api/permissions/${permissionId}`, { decision: "allow" });
    const end = await told(
      "the end of Claude's own turn",
      sessionId,
      ({ type, turnId }) => type === "turn.completed" && turnId === ownTurnId,
    );
    expect(end?.data).toMatchObject({ text: expect.stringMatching(/^Done/), origin: "task" });
    expect(existsSync(join(scene.bench.project, "own.txt"))).toBe(true);
    const turn = await scene.server.ask("GET", `/api/sessions/${sessionId}/turns/${ownTurnId}`);
    expect(turn.body).toMatchObject({
      origin: "task",
      state: "completed",
      reply: { text: expect.stringMatching(/^Done/) },
    });
    expect(turn.body).not.toHaveProperty("clientMessageId");
    await expectWholeTurns(sessionId);
  });

  test("T01 S23: Claude's own turn can be interrupted, and a message that came meanwhile is answered", async () => {
    const { sessionId } = await chat("background: sleep 1 => slow: 60");
    await eventually("a turn of Claude's own", async () => (await ownTurns(sessionId)).length > 0, turnMs);
    const [ownTurnId] = await ownTurns(sessionId);
    const queued = await scene.server.ask("POST", "/api/chat", { sessionId, message: "say: mine" });
    expect(queued.body.state).toBe("queued");
    const interrupted = await scene.server.ask("POST", "/api/chat/interrupt", { sessionId });
    expect(interrupted).toMatchObject({ status: 200, body: { interrupted: true, turnId: ownTurnId } });
    const { turnId } = queued.body;
    const end = await told(
      "the reply",
      sessionId,
      (event) => event.type === "turn.completed" && event.turnId === turnId,
    );
    expect(end?.data).toMatchObject({ text: "mine" });
    const cut = (await eventsOf(sessionId)).find(
      (event) => event.type === "turn.interrupted" && event.turnId === ownTurnId,
    );
    expect(cut).toBeDefined();
    await expectWholeTurns(sessionId);
  });

  test("T05: what a subagent asks is asked in its name, and its words are no reply", async () => {
    const { sessionId, turnId, reply } = await chat("agent: run: sleep 1; touch helped.txt");
    expect(reply.text).toBe("A helper is at work. I will tell you when it is done.");
    const asked = await told("a permission", sessionId, ({ type }) => type === "permission.requested");
    expect(asked?.data).toMatchObject({
      turnId,
      agent: { type: "general-purpose", description: "Demo helper" },
      toolName: "Bash",
    });
    const { permissionId } = asked!.data as { permissionId: string };
    await scene.server.ask("POST", `/api/permissions/${permissionId}`, { decision: "allow" });
    const words = await told(
      "words",
      sessionId,
      ({ type, data }) => type === "agent.message" && (data as { text: string }).text.startsWith("Done"),
    );
    expect(words?.turnId).toBe(turnId);
    const tool = await told(
      "a tool",
      sessionId,
      ({ type, data }) => type === "tool.started" && (data as { agent?: object }).agent !== undefined,
    );
    expect(tool?.data).toMatchObject({ toolName: "Bash", agent: { type: "general-purpose" } });
    expect(existsSync(join(scene.bench.project, "helped.txt"))).toBe(true);
    await told(
      "Claude's word about it",
      sessionId,
      (event) => event.type === "turn.completed" && event.data.origin === "task",
    );
    await expectWholeTurns(sessionId);
  });
});
