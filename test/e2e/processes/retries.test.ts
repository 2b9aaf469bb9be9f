import { afterEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("an API that nobody answers at, %s", (_mode, settings) => {
  // The port "discard", at which nothing listens.
  const scene = useScene({
    every: "test",
    settings: { ...settings, ANTHROPIC_BASE_URL: "http://127.0.0.1:9" },
  });
  let socket: SocketClient | undefined;
  afterEach(() => socket?.close());

  test("START-1 T14 F24: the first retry is told while the turn goes on, and by the health report after ten", async () => {
    const phone = await scene.server.pair("phone");
    socket = await connect({ url: `${scene.server.url.replace("http", "ws")}/ws`, token: phone.token });
    const { body } = await scene.server.ask("POST", "/api/chat", {
      message: "Hello",
      projectPath: scene.bench.project,
    });
    const retries = () =>
      socket!.frames.filter(({ type, kind }) => type === "activity" && kind === "retrying");
    const first = await eventually("a retry", () => retries()[0]);
    expect(first).toMatchObject({
      sessionId: body.sessionId,
      turnId: body.turnId,
      attempt: 1,
      reason: "no_connection",
      nextAt: expect.any(Number),
    });
    // Told as a retry, not as a failure after ten of them: the turn goes on.
    expect((await scene.server.ask("GET", `/api/sessions/${body.sessionId}`)).body.turn).toMatchObject({
      turnId: body.turnId,
    });
    expect(socket.frames.some(({ event }) => event?.type === "turn.failed")).toBe(false);
    const poolOf = async () => (await scene.server.ask("GET", "/health")).body.checks.pool;
    expect(await poolOf()).toEqual({ state: "ok" });
    const lasting = await eventually("a word in the health report", async () => {
      const pool = await poolOf();
      return pool.state === "degraded" && pool;
    });
    expect(lasting.detail).toMatch(/one session .* there is no connection to the API/);
    expect(retries().map(({ attempt }) => attempt)).toEqual(retries().map((_frame, index) => index + 1));

    await scene.server.ask("POST", "/api/chat/interrupt", { sessionId: body.sessionId });
    await eventually("the word is taken back", async () => (await poolOf()).state === "ok");
  });
});
