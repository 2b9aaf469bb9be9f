import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  childrenOf,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

const hoursOf = (seconds: number) => String(seconds / 3_600);

describe("a session that nobody writes to, in a day of seconds, with the real CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      // Parked after 1.2 s; warned at 5 s, over at 8 s: a first turn on a busy machine fits in before.
      SESSION_IDLE_MINUTES: "0.02",
      RESOURCE_SAMPLE_SECONDS: "0.2",
      SESSION_WARNING_HOURS: hoursOf(5),
      SESSION_TIMEOUT_HOURS: hoursOf(8),
      SESSION_FINAL_WARNING_MINUTES: "0",
    });
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const ask = async (message: string, place: Record<string, unknown>) =>
    (await server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer: "wait=120" } })).body;
  const session = async (sessionId: string) => (await server.ask("GET", `/api/sessions/${sessionId}`)).body;
  const typesOf = async (sessionId: string) => {
    const { body } = await server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`);
    return (body.events as Array<{ type: string; data: { reason?: string } }>).map(({ type, data }) =>
      data.reason === undefined ? type : `${type} ${data.reason}`,
    );
  };

  test("S07 S15: its process goes after the idle time; with auto keep-alive its lease goes on by itself, and its next message has the context", async () => {
    const { sessionId } = await ask("Remember the number 42", { projectPath: bench.project });
    await server.ask("PATCH", `/api/sessions/${sessionId}`, { autoKeepAlive: true });
    const other = (await ask("say: left alone", { projectPath: bench.project })).sessionId;
    await eventually("no process is left", () => childrenOf(server.pid).length === 0);
    expect((await session(sessionId)).state).toBe("parked");
    expect(await typesOf(sessionId)).toContain("session.parked idle");
    const requests = model.requestCount();
    await eventually("the other one ends", async () => (await session(other)).state === "expired");
    await eventually("the third term", async () => (await session(sessionId)).lease.term >= 3);
    const types = await typesOf(sessionId);
    expect(types.filter((type) => type === "session.renewed keep-alive").length).toBeGreaterThanOrEqual(2);
    expect(types).not.toContain("session.expiring");
    expect(types).not.toContain("session.expired");
    expect(await typesOf(other)).toEqual(expect.arrayContaining(["session.expiring", "session.expired"]));
    // Kept alive without a word to Claude, and without a process.
    expect([model.requestCount(), childrenOf(server.pid)]).toEqual([requests, []]);
    const answer = await ask("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 42.");
  });
});
