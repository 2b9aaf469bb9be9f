import { describe, expect, test } from "@jest/globals";
import { childrenOf, eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe("the rollback: USE_INTERACTIVE_SESSIONS=false", () => {
  const scene = useScene({
    every: "file",
    settings: { USE_INTERACTIVE_SESSIONS: "false", PREWARMED_PROCESSES: "1" },
  });

  test("S18: each message has a process of its own that resumes the conversation, and an idle session has none", async () => {
    const chat = (body: Record<string, unknown>) =>
      scene.server.ask("POST", "/api/chat", body, { headers: { prefer: "wait=120" } });
    const parked = (sessionId: string) =>
      eventually(
        "the session is parked",
        async () => (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body.state === "parked",
      );
    const first = await chat({ message: "Remember the number 42", projectPath: scene.bench.project });
    expect(first.body.reply.text).toBe("I will remember 42.");
    const { sessionId } = first.body;
    await parked(sessionId);
    expect(childrenOf(scene.server.pid)).toEqual([]);
    const second = await chat({ message: "What number did I ask you to remember?", sessionId });
    expect(second.body.reply.text).toBe("You asked me to remember 42.");
    await parked(sessionId);
    expect(childrenOf(scene.server.pid)).toEqual([]);
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`);
    const woken = (body.events as Array<{ type: string; data: { pid: number; resumed: boolean } }>)
      .filter((event) => event.type === "session.woken")
      .map((event) => event.data);
    expect(woken.map((data) => data.resumed)).toEqual([false, true]);
    expect(woken[0]?.pid).not.toBe(woken[1]?.pid);
    const { body: metrics } = await scene.server.ask("GET", "/api/metrics/sessions");
    expect(metrics).toMatchObject({
      spares: 0,
      starts: { spare: 0, cold: 1, resumed: 1 },
      parks: { idle: 2 },
    });
  });
});
