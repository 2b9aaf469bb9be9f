import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import { cliBinary } from "../../bench/sides/rawCli.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  sideSettings,
  sides,
  startDefaultServer,
} from "../../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";

const turnMs = 120_000;

describe.each(sides)("REPORT-23: a phone chats with a real Claude process, %s", (_name, side) => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let phone: { deviceId: string; token: string; epoch: string };
  const sockets: SocketClient[] = [];

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    const own = sideSettings(bench, side);
    server = await startDefaultServer({ ...benchEnvironment(bench, model.url), ...own });
    phone = await server.pair("phone");
  });
  afterAll(async () => {
    await Promise.all(sockets.map((socket) => socket.close()));
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = (body: Record<string, unknown>, headers: Record<string, string> = { prefer: "wait=120" }) =>
    server.ask("POST", "/api/chat", body, { token: phone.token, headers });
  const socketOf = async (token: string, options: { cursor?: number; epoch?: string } = {}) => {
    const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token, ...options });
    sockets.push(socket);
    return socket;
  };
  const pidOf = async (sessionId: string) =>
    (await server.ask("GET", `/api/sessions/${sessionId}`)).body.process?.pid as number | undefined;

  test("S01 S02 C01: a second message is answered by the same process and knows the first; another session does not", async () => {
    const first = await chat({ message: "Remember the number 42", projectPath: bench.project });
    expect(first.status).toBe(200);
    expect(first.headers.get("preference-applied")).toMatch(/wait/);
    expect(first.body).toMatchObject({
      success: true,
      state: "completed",
      duplicate: false,
      queuePosition: 0,
      reply: { text: "I will remember 42." },
    });
    expect(first.body.reply.usage.inputTokens).toBeGreaterThan(0);
    const { sessionId } = first.body;
    const pid = await pidOf(sessionId);
    expect(pid).toBeGreaterThan(0);

    const second = await chat({ message: "What number did I ask you to remember?", sessionId });
    expect(second.body.reply.text).toBe("You asked me to remember 42.");
    expect(await pidOf(sessionId)).toBe(pid);

    const other = await chat({
      message: "What number did I ask you to remember?",
      projectPath: bench.project,
    });
    expect(other.body.sessionId).not.toBe(sessionId);
    expect(other.body.reply.text).toBe("You have not asked me to remember a number.");
  });

  test("D01: over the socket the reply streams as deltas and ends in turn.completed, in the log's order", async () => {
    const socket = await socketOf(phone.token);
    socket.send({
      type: "send",
      ref: "a",
      clientMessageId: "ws-1",
      projectPath: bench.project,
      message: "long: 20000",
    });
    const accepted = await socket.waitForRef("a", turnMs);
    expect(accepted).toMatchObject({ type: "accepted", duplicate: false, state: "running" });
    const done = await socket.waitFor((frame) => frame.event?.type === "turn.completed", turnMs);
    const { text: reply, messageId } = done.event!.data as unknown as { text: string; messageId: string };
    expect(reply).toHaveLength(20_000);
    // Every delta's offset is where the text before it ended.
    let soFar = "";
    for (const delta of socket.frames.filter((frame) => frame.type === "delta")) {
      expect(delta.offset).toBe(soFar.length);
      soFar += delta.text;
    }
    expect(soFar).toBe(reply);
    const mine = socket.events.filter((event) => event.sessionId === accepted.sessionId);
    // Facts of the session (its commands, how full the context window is) come when the CLI tells them.
    const isFact = (type: string) => ["session.commands", "session.updated"].includes(type);
    expect(mine.map((event) => event.type).filter((type) => !isFact(type))).toEqual([
      "session.created",
      "turn.accepted",
      "turn.started",
      "session.woken",
      "message",
      "turn.completed",
    ]);
    expect(mine.map((event) => event.type)).toContain("session.updated");
    expect(mine.map((event) => event.seq)).toEqual(mine.map((_event, index) => index + 1));
    const { body } = await server.ask("GET", `/api/messages/${messageId}`, undefined, {
      token: phone.token,
    });
    expect(body.text).toBe(reply);
  });

  test("D02 V3: a client that left before the reply gets all it missed, in order, once", async () => {
    const before = await socketOf(phone.token);
    before.send({
      type: "send",
      ref: "b",
      clientMessageId: "ws-2",
      projectPath: bench.project,
      message: "slow: 1",
    });
    const { sessionId, turnId } = await before.waitForRef("b", turnMs);
    const cursor = before.cursors.at(-1) as number;
    const { epoch } = phone;
    await before.kill();
    const { body: turn } = await server.ask(
      "POST",
      "/api/chat",
      { message: "Remember 7", sessionId },
      { headers: { prefer: "wait=120" } },
    );
    expect(turn.state).toBe("completed");

    const after = await socketOf(phone.token, { cursor, epoch });
    expect(after.frames[0]).toMatchObject({ type: "welcome", recovered: true });
    await after.waitFor(
      (frame) => frame.event?.turnId === turn.turnId && frame.event?.type === "turn.completed",
      turnMs,
    );
    const { body: log } = await server.ask("GET", `/api/events?after=${cursor}&limit=500`);
    const written: number[] = log.events.map((event: { cursor: number }) => event.cursor);
    const last = written.at(-1)!;
    // What follows on the turn, its context use for example, may come to the socket before the log is read, or after it.
    await after.waitForCursor(last, turnMs);
    expect(after.cursors.filter((one) => one <= last)).toEqual(written);
    expect(
      after.events.filter((event) => event.turnId === turnId && event.type === "turn.completed"),
    ).toHaveLength(1);
  });

  test("S23: an interrupt ends the turn once, and the next message is answered by the same process", async () => {
    const socket = await socketOf(phone.token);
    socket.send({
      type: "send",
      ref: "c",
      clientMessageId: "ws-3",
      projectPath: bench.project,
      message: "slow: 20",
    });
    const { sessionId, turnId } = await socket.waitForRef("c", turnMs);
    await socket.waitFor((frame) => frame.type === "delta" && frame.turnId === turnId, turnMs);
    const pid = await pidOf(sessionId as string);
    const answer = await server.ask("POST", "/api/chat/interrupt", { sessionId }, { token: phone.token });
    expect(answer).toMatchObject({ status: 200, body: { interrupted: true, turnId } });
    await socket.waitFor(
      (frame) => frame.event?.type === "turn.interrupted" && frame.event.turnId === turnId,
      turnMs,
    );
    expect((await server.ask("POST", "/api/chat/interrupt", { sessionId })).body.code).toBe(
      "nothing_running",
    );
    const next = await chat({ message: "Remember the number 8", sessionId });
    expect(next.body.reply.text).toBe("I will remember 8.");
    expect(await pidOf(sessionId as string)).toBe(pid);
  });

  test("S24: messages to a busy session wait in order; a waiting one can be cancelled", async () => {
    const first = await chat({ message: "slow: 3", projectPath: bench.project }, {});
    expect(first.status).toBe(202);
    const { sessionId } = first.body;
    const second = await chat({ message: "Remember the number 5", sessionId }, {});
    const third = await chat({ message: "say: never", sessionId }, {});
    expect([second.body.queuePosition, third.body.queuePosition]).toEqual([1, 2]);
    expect(second.body.state).toBe("queued");
    const cancelled = await server.ask("DELETE", `/api/sessions/${sessionId}/turns/${third.body.turnId}`);
    expect(cancelled.status).toBe(200);
    const fourth = await chat({ message: "What number did I ask you to remember?", sessionId });
    expect(fourth.body.reply.text).toBe("You asked me to remember 5.");
    const { body: log } = await server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`);
    const ends = log.events.filter((event: { type: string }) =>
      /^turn\.(completed|cancelled)$/.test(event.type),
    );
    expect(ends.map((event: { turnId: string; type: string }) => [event.turnId, event.type])).toEqual([
      [third.body.turnId, "turn.cancelled"],
      [first.body.turnId, "turn.completed"],
      [second.body.turnId, "turn.completed"],
      [fourth.body.turnId, "turn.completed"],
    ]);
  });

  test("S08 S25 S26 S28: lists, status, title, cost and close say what is true", async () => {
    const { body } = await chat({ message: "Remember the number 3\nand more", projectPath: bench.project });
    const { sessionId } = body;
    const { body: session } = await server.ask("GET", `/api/sessions/interactive/${sessionId}/status`);
    expect(session).toMatchObject({
      state: "idle",
      title: "Remember the number 3",
      turnCount: 1,
      queuedTurns: 0,
      openPermissions: 0,
    });
    expect(session.costUsd).toBeCloseTo(body.reply.costUsd, 9);
    expect(session.timeRemainingMs).toBeGreaterThan(23.9 * 3_600_000);
    expect(session.process.pid).toBeGreaterThan(0);

    const renamed = await server.ask("PATCH", `/api/sessions/${sessionId}`, { title: "Threes", muted: true });
    expect(renamed.body).toMatchObject({ title: "Threes", muted: true });
    const { body: active } = await server.ask("GET", "/api/sessions/active");
    expect(active.sessions.map((one: { sessionId: string }) => one.sessionId)).toContain(sessionId);
    expect(active.stats.totalSessions).toBe(active.sessions.length);
    expect(active.stats.availableSlots).toBe(active.stats.maxSessions - active.stats.totalSessions);

    const closed = await server.ask("DELETE", `/api/sessions/${sessionId}`);
    expect(closed.body).toEqual({ success: true, sessionId });
    expect((await server.ask("GET", `/api/sessions/${sessionId}`)).body.state).toBe("closed");
    expect(() => process.kill(session.process.pid, 0)).toThrow("ESRCH");
    const late = await chat({ message: "hello?", sessionId });
    expect([late.status, late.body.code]).toEqual([410, "session_closed"]);
  });

  test("S22 S20: the model and mode switch live; a session begun elsewhere is resumed and forked by its id", async () => {
    const { body } = await chat({ message: "Remember the number 77", projectPath: bench.project });
    const { sessionId } = body;
    const changed = await server.ask("PATCH", `/api/sessions/${sessionId}`, {
      model: "claude-haiku-4-5",
      permissionMode: "acceptEdits",
    });
    expect(changed.body).toMatchObject({ model: "claude-haiku-4-5", permissionMode: "acceptEdits" });
    const refused = await server.ask("PATCH", `/api/sessions/${sessionId}`, { model: "no-such-model" });
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    expect((await server.ask("GET", `/api/sessions/${sessionId}`)).body.model).toBe("claude-haiku-4-5");
    const forked = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      resume: sessionId,
      fork: true,
    });
    expect(forked.status).toBe(201);
    const answer = await chat({
      message: "What number did I ask you to remember?",
      sessionId: forked.body.sessionId,
    });
    expect(answer.body.reply.text).toBe("You asked me to remember 77.");
    expect(answer.body.sessionId).not.toBe(sessionId);
    const unknown = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      resume: "00000000-0000-4000-8000-000000000000",
    });
    expect([unknown.status, unknown.body.code]).toEqual([404, "session_not_found"]);
  });

  test("S20: a conversation that the CLI began in a terminal is gone on with by its id", async () => {
    const begun = randomUUID();
    await promisify(execFile)(cliBinary(), ["-p", "Remember the number 31", "--session-id", begun], {
      cwd: bench.project,
      env: benchEnvironment(bench, model.url),
    });
    const resumed = await server.ask("POST", "/api/sessions", { projectPath: bench.project, resume: begun });
    expect([resumed.status, resumed.body.sessionId]).toEqual([201, begun]);
    const answer = await chat({ message: "What number did I ask you to remember?", sessionId: begun });
    expect(answer.body.reply.text).toBe("You asked me to remember 31.");
  });

  test("a model that fails ends the turn with turn.failed, and the session goes on", async () => {
    const failed = await chat({ message: "error: 400", projectPath: bench.project });
    expect(failed.body).toMatchObject({ state: "failed", error: { code: "claude_error" } });
    const next = await chat({ message: "Remember the number 4", sessionId: failed.body.sessionId });
    expect(next.body.reply.text).toBe("I will remember 4.");
  });

  test("S30: the transcript and the output as JSON lines hold both sides", async () => {
    const { body } = await chat({ message: "say: one", projectPath: bench.project });
    await chat({ message: "say: two", sessionId: body.sessionId });
    const { body: page } = await server.ask("GET", `/api/sessions/${body.sessionId}/messages?limit=3`);
    expect(page.messages.map((message: { text: string }) => message.text)).toEqual([
      "two",
      "say: two",
      "one",
    ]);
    const { body: before } = await server.ask(
      "GET",
      `/api/sessions/${body.sessionId}/messages?before=${page.nextBefore}`,
    );
    expect(before.messages.map((message: { text: string }) => message.text)).toEqual(["say: one"]);
    const { body: output } = await server.ask("GET", `/api/sessions/${body.sessionId}/output`);
    const lines = (output as string)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => [line.role, line.content])).toEqual([
      ["user", "say: one"],
      ["assistant", "one"],
      ["user", "say: two"],
      ["assistant", "two"],
    ]);
  });
});
