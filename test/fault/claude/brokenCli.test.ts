import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { connect } from "../../support/server/socketClient.ts";

describe("a CLI that breaks its own protocol", () => {
  let bench: Bench;
  let server: DaylongServer;

  beforeEach(async () => {
    bench = makeBench();
    server = await startServer({
      ...benchEnvironment(bench, "http://127.0.0.1:9"),
      CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"),
      PREWARMED_PROCESSES: "0",
    });
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    bench.remove();
  });

  const ask = (message: string, sessionId?: string) =>
    server.ask(
      "POST",
      "/api/chat",
      { message, ...(sessionId ? { sessionId } : { projectPath: bench.project }) },
      { headers: { prefer: "wait=120" } },
    );
  const chat = async (message: string, sessionId?: string) => (await ask(message, sessionId)).body;

  test("F7: one that takes no input any more is replaced; the turn it could not take fails once", async () => {
    const { sessionId } = await chat("close-input");
    expect(await chat("Hello?", sessionId)).toMatchObject({
      state: "failed",
      error: { code: "process_crashed" },
    });
    expect((await chat("And now?", sessionId)).reply.text).toBe("You said: And now?");
  });

  test("F19: a reply of 8 MB in one line, cut in the middle of characters, arrives exactly", async () => {
    const answer = await chat("big 8");
    const text = "ü€😀-".repeat((8 * 1_048_576) / 10);
    expect(answer.reply.text.length).toBe(text.length);
    expect(answer.reply.text === text).toBe(true);
  });

  test("F19: an end in the middle of a line fails the turn cleanly, and the next message is answered", async () => {
    const answer = await chat("half-line");
    expect(answer).toMatchObject({ state: "failed", error: { code: "process_crashed" } });
    expect((await chat("Again", answer.sessionId)).reply.text).toBe("You said: Again");
  });

  test("F19: messages that lack what they must have are passed over, and the turn goes on", async () => {
    expect((await chat("no-shape")).reply.text).toBe("Still here.");
  });

  test("F5: the result of a background task in the middle of a turn is not its reply", async () => {
    expect((await chat("task-first")).reply.text).toBe("The real reply.");
  });

  test("F6: what it says after its turn is told to the phone in a turn of its own, and disturbs none", async () => {
    const phone = await server.pair("phone");
    const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token: phone.token });
    const answer = await chat("later 300 The build is through.");
    expect(answer.reply.text).toBe("Soon.");
    const told = await socket.waitFor(
      (frame) =>
        frame.event?.type === "message" &&
        (frame.event.data as { text: string }).text === "The build is through.",
    );
    expect(told.event).toMatchObject({ sessionId: answer.sessionId });
    const ended = await socket.waitFor(
      ({ event }) => event?.type === "turn.completed" && event.turnId === told.event?.turnId,
    );
    expect(ended.event?.data).toMatchObject({ text: "The build is through.", origin: "task" });
    expect(ended.event?.turnId).not.toBe(answer.turnId);
    expect((await server.ask("GET", `/api/sessions/${answer.sessionId}`)).body.state).toBe("idle");
    const page = (await server.ask("GET", `/api/sessions/${answer.sessionId}/messages`)).body;
    expect(JSON.stringify(page)).toContain("The build is through.");
    expect((await chat("And now?", answer.sessionId)).reply.text).toBe("You said: And now?");
    await socket.close();
  });

  test("F18: one that dies in every turn is quarantined at the fifth, refused with the time, and said in /health", async () => {
    const { sessionId } = await chat("die");
    for (let round = 2; round <= 5; round += 1)
      expect(await chat("die", sessionId)).toMatchObject({
        state: "failed",
        error: { code: "process_crashed" },
      });
    const refused = await ask("Hello", sessionId);
    expect([refused.status, refused.body.code]).toEqual([503, "session_quarantined"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(50);
    const { body } = await server.ask("GET", "/health");
    expect(body.checks.pool).toMatchObject({ state: "degraded", detail: "Quarantined sessions: 1." });
    // Another session is not touched by it.
    expect((await chat("Hello")).reply.text).toBe("You said: Hello");
  });
});
