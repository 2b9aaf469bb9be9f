import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LoggedEvent, terminalTurnEvents } from "../../../server/domain/delivery/event.ts";
import { startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";

const turnMs = 120_000;
const scene = useScene({ every: "file" });

interface Asked {
  permissionId: string;
  kind: string;
  title: string;
  plan?: string;
  questions?: Array<{ question: string }>;
}

describe("Claude asks, and waits for the owner", () => {
  let token: string;
  let socket: SocketClient;
  const url = () => `${scene.server.url.replace("http", "ws")}/ws`;

  beforeAll(async () => {
    token = (await scene.server.pair("phone")).token;
    socket = await connect({ url: url(), token });
  });
  afterAll(() => socket.close());

  let count = 0;
  /** Sends a message and resolves when the phone is asked something about it. */
  async function untilAsked(message: string, more: Record<string, unknown> = {}) {
    count += 1;
    const ref = `q-${count}`;
    const place = more.sessionId === undefined ? { projectPath: scene.bench.project } : {};
    socket.send({ type: "send", ref, clientMessageId: ref, message, ...place, ...more });
    const { sessionId, turnId } = await socket.waitForRef(ref, turnMs);
    const { event } = await socket.waitFor(
      (frame) => frame.event?.type === "permission.requested" && frame.event.turnId === turnId,
      turnMs,
    );
    return { sessionId: sessionId!, turnId: turnId!, asked: event?.data as unknown as Asked };
  }
  async function ended(turnId: string): Promise<string> {
    const { event } = await socket.waitFor(
      (frame) => frame.event?.turnId === turnId && frame.event.type === "turn.completed",
      turnMs,
    );
    return event?.type === "turn.completed" ? event.data.text : "";
  }
  const answer = (permissionId: string, body: Record<string, unknown>) =>
    scene.server.ask("POST", `/api/permissions/${permissionId}`, body, { token });
  const happened = (file: string) => existsSync(join(scene.bench.project, file));

  test("P02: a question reaches the phone with its choices, and the chosen one reaches Claude", async () => {
    const { turnId, asked } = await untilAsked("ask: Which colour? red | green");
    expect(asked).toMatchObject({
      kind: "question",
      title: "Which colour?",
      questions: [{ question: "Which colour?", options: [{ label: "red" }, { label: "green" }] }],
    });
    for (const wrong of [{}, { answers: { "Which size?": "XL" } }, { updatedInput: {} }]) {
      const refused = await answer(asked.permissionId, { decision: "allow", ...wrong });
      expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    }
    const answers = { "Which colour?": "green" };
    expect((await answer(asked.permissionId, { decision: "allow", answers })).status).toBe(200);
    expect((await answer(asked.permissionId, { decision: "allow", answers })).status).toBe(200);
    const other = await answer(asked.permissionId, {
      decision: "allow",
      answers: { "Which colour?": "red" },
    });
    expect([other.status, other.body.code]).toEqual([409, "permission_already_resolved"]);
    expect(await ended(turnId)).toContain('"Which colour?"="green"');
  });

  test("P02: a question is answered in own words, or declined, over the socket", async () => {
    const first = await untilAsked("ask: Which size? S | M");
    const answers = { "Which size?": "Something between" };
    socket.send({
      type: "permission",
      ref: "a",
      permissionId: first.asked.permissionId,
      decision: "allow",
      answers,
    });
    expect(await socket.waitForRef("a")).toMatchObject({ type: "result", decision: "allow" });
    expect(await ended(first.turnId)).toContain("Something between");
    const second = await untilAsked("ask: Really?");
    const message = "Ask me tomorrow.";
    socket.send({
      type: "permission",
      ref: "b",
      permissionId: second.asked.permissionId,
      decision: "deny",
      message,
    });
    await socket.waitForRef("b");
    expect(await ended(second.turnId)).toContain(message);
  });

  test("P02: a plan comes with its words; declined it stays a plan, approved it is carried out and the mode follows", async () => {
    const { sessionId, turnId, asked } = await untilAsked("plan: 1. touch a file\n2. rest", {
      permissionMode: "plan",
    });
    expect(asked).toMatchObject({ kind: "plan", title: "Claude has made a plan" });
    expect(asked.plan).toContain("1. touch a file\n2. rest");
    await answer(asked.permissionId, { decision: "deny", message: "Make it shorter." });
    expect(await ended(turnId)).toContain("Make it shorter.");
    const mode = async () =>
      (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.permissionMode;
    expect(await mode()).toBe("plan");
    const again = await untilAsked("plan: 1. touch", { sessionId });
    await answer(again.asked.permissionId, { decision: "allow" });
    expect(await ended(again.turnId)).toContain("approved");
    expect(await mode()).toBe("default");
    const modes = socket.events.flatMap((event) =>
      event.type === "session.updated" && event.sessionId === sessionId ? [event.data.permissionMode] : [],
    );
    // The other updates say how full the context window is.
    expect(modes.filter((told) => told !== undefined)).toEqual(["default"]);
    const work = await untilAsked("run: touch planned.txt", { sessionId });
    await answer(work.asked.permissionId, { decision: "allow" });
    await ended(work.turnId);
    expect(happened("planned.txt")).toBe(true);
  });

  test("P04: an edited input is what runs, and malformed ones are refused", async () => {
    const { turnId, asked } = await untilAsked("run: touch original.txt");
    expect(asked.title).toBe("Bash: touch original.txt");
    const deep = `${'{"a":'.repeat(100)}1${"}".repeat(100)}`;
    for (const updatedInput of ['"text"', "[1]", deep, '{"command":"half \\ud83d"}']) {
      const body = `{"decision":"allow","updatedInput":${updatedInput}}`;
      const refused = await scene.server.ask("POST", `/api/permissions/${asked.permissionId}`, body, {
        token,
      });
      expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    }
    const updatedInput = { command: "touch edited.txt", description: "Edited" };
    await answer(asked.permissionId, { decision: "allow", updatedInput });
    await ended(turnId);
    expect([happened("original.txt"), happened("edited.txt")]).toEqual([false, true]);
  });

  test("P04: once asks again; for the session does not; always is kept for the project's other sessions", async () => {
    const once = await untilAsked("run: touch scoped.txt");
    expect((await answer(once.asked.permissionId, { decision: "allow", scope: "once" })).body.scope).toBe(
      "once",
    );
    await ended(once.turnId);
    const forSession = await untilAsked("run: touch scoped.txt", { sessionId: once.sessionId });
    const told = await answer(forSession.asked.permissionId, { decision: "allow", scope: "session" });
    expect(told.body.scope).toBe("session");
    await ended(forSession.turnId);
    const unasked = async (place: Record<string, unknown>) => {
      const body = { message: "run: touch scoped.txt", ...place };
      return (await scene.server.ask("POST", "/api/chat", body, { headers: { prefer: "wait=120" } })).body
        .state;
    };
    expect(await unasked({ sessionId: once.sessionId })).toBe("completed");
    // Another session of the project is asked again, until somebody says always.
    const always = await untilAsked("run: touch scoped.txt");
    expect((await answer(always.asked.permissionId, { decision: "allow", scope: "always" })).body.scope).toBe(
      "always",
    );
    await ended(always.turnId);
    const { body } = await scene.server.ask("GET", "/api/projects");
    expect(body.projects).toMatchObject([
      { path: scene.bench.project, trust: "plain", rules: ["Bash(touch scoped.txt)"] },
    ]);
    expect(await unasked({ projectPath: scene.bench.project })).toBe("completed");
  });

  test("P03: a request is delivered again to a phone that was away, and answered by it", async () => {
    const tip = socket.cursors.at(-1) ?? socket.frames.find(({ type }) => type === "welcome")?.cursor;
    const { turnId, asked } = await untilAsked("run: touch reconnected.txt");
    await socket.kill();
    socket = await connect({ url: url(), token, cursor: tip });
    const { event } = await socket.waitFor((frame) => frame.event?.type === "permission.requested");
    expect(event?.data).toMatchObject({
      permissionId: asked.permissionId,
      title: "Bash: touch reconnected.txt",
    });
    // Who holds the event already finds it among the open ones.
    const open = await scene.server.ask("GET", "/api/permissions", undefined, { token });
    expect(open.body.permissions).toEqual([
      expect.objectContaining({ permissionId: asked.permissionId, state: "open" }),
    ]);
    await answer(asked.permissionId, { decision: "allow" });
    await ended(turnId);
    expect(happened("reconnected.txt")).toBe(true);
  });

  test("P03: after a restart the phone is told that a request is over, and a late answer is refused", async () => {
    const { turnId, asked } = await untilAsked("run: touch restarted.txt");
    const cursor = socket.cursors.at(-1)!;
    await scene.server.kill("SIGKILL");
    await socket.waitForClose();
    scene.server = await startServer(scene.environment);
    socket = await connect({ url: url(), token, cursor });
    const over = await socket.waitFor((frame) => frame.event?.type === "permission.expired");
    expect(over.event?.data).toEqual({ permissionId: asked.permissionId, reason: "server_restarted" });
    // Without its server Claude takes the silence for a no, and may have written its answer down before it went.
    const isEnd = (one: LoggedEvent) => terminalTurnEvents.has(one.type) && one.turnId === turnId;
    await socket.waitFor(({ event }) => event !== undefined && isEnd(event));
    expect(socket.events.filter(isEnd)).toHaveLength(1);
    const late = await answer(asked.permissionId, { decision: "allow" });
    expect([late.status, late.body.code]).toEqual([410, "permission_expired"]);
    expect((await scene.server.ask("GET", "/api/permissions")).body.permissions).toEqual([]);
    expect(happened("restarted.txt")).toBe(false);
  });
});
