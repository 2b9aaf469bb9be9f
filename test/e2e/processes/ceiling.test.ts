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

describe("the ceiling of CLI processes", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      MAX_CONCURRENT_SESSIONS: "2",
      PREWARMED_PROCESSES: "1",
      RESOURCE_SAMPLE_SECONDS: "0.2",
    });
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  test("S09 S16 S06 S32: with sessions, a spare, recaps and one-shot prompts all at once there are never more than the cap, the spares and one fork", async () => {
    const say = async (message: string, place: Record<string, unknown>) => {
      const { body } = await server.ask(
        "POST",
        "/api/chat",
        { message, ...place },
        { headers: { prefer: "wait=120" } },
      );
      expect(body.state).toBe("completed");
      return body.sessionId as string;
    };
    const recap = async (sessionId: string) => {
      const asked = { sessionId, action: "recap" };
      expect((await server.ask("POST", "/api/sessions/keep-alive", asked)).status).toBe(200);
    };
    const askOnce = async () => {
      const { status } = await server.ask("POST", "/api/ask", {
        projectPath: bench.project,
        prompt: "say: once",
      });
      expect(status).toBe(200);
    };
    const seen: number[] = [];
    const watch = setInterval(() => seen.push(childrenOf(server.pid).length), 10);
    const spareReady = (nth: number) =>
      eventually(
        "a spare",
        () => server.lines.filter((line) => line.includes('"spare.ready"')).length >= nth,
      );
    try {
      await spareReady(1);
      const fresh = () => say("say: hello", { projectPath: bench.project });
      // The first claims the spare, and another one comes up; the second has tools of its own and leaves it be.
      const sessions = [await fresh()];
      await spareReady(2);
      const made = await server.ask("POST", "/api/sessions", {
        projectPath: bench.project,
        allowedTools: ["Read"],
      });
      sessions.push(await say("say: hello", { sessionId: made.body.sessionId }));
      // The house is full. Recaps of both at once: one fork comes on top, and no second one.
      const recaps = Promise.all(sessions.map(recap));
      await eventually("a fork beside them", () => Math.max(...seen) >= 4);
      // And others that push the two out of their places, with prompts of which nothing is kept among them.
      await Promise.all([recaps, fresh(), askOnce(), fresh(), askOnce(), fresh()]);
      await Promise.all(
        sessions.map((sessionId) => say("say: again", { sessionId }).then(() => recap(sessionId))),
      );
    } finally {
      clearInterval(watch);
    }
    const most = Math.max(...seen);
    expect(most).toBeLessThanOrEqual(2 + 1 + 1);
    // Two sessions, a spare and a fork were there at once, or the ceiling was not tried.
    expect(most).toBe(4);
    expect(seen.length).toBeGreaterThan(50);
  });
});
