import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";

const terminal = /^turn\.(completed|failed|interrupted|cancelled)$/;

describe("a model whose answers come badly", () => {
  // 6 s without a sign of life are a stall: a busy machine's first answer comes well before that.
  const scene = useScene({
    every: "file",
    settings: { TURN_STALL_MINUTES: "0.1", HEALTH_INTERVAL_SECONDS: "0.2" },
  });

  const chat = async (message: string, place: Record<string, string>) =>
    (await scene.server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer: "wait=120" } }))
      .body;
  const endsOf = async (sessionId: string, turnId: string) => {
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`);
    const events = body.events as Array<{
      type: string;
      turnId?: string;
      data: { code?: string; text?: string };
    }>;
    return events.filter((event) => event.turnId === turnId && terminal.test(event.type));
  };

  test("F1: a stream that breaks off in the middle ends its turn once, and the session goes on with its context", async () => {
    const { sessionId } = await chat("Remember the number 42", { projectPath: scene.bench.project });
    const cut = await chat("cut", { sessionId });
    const ends = await endsOf(sessionId, cut.turnId);
    // The CLI tries again for minutes by itself, with growing pauses: the stall is what bounds it.
    expect(ends).toMatchObject([{ type: "turn.failed", data: { code: "stalled" } }]);
    const next = await chat("What number did I ask you to remember?", { sessionId });
    expect(next.reply.text).toBe("You asked me to remember 42.");
  });

  test("F1: a stream that is slow, but comes, is no stall", async () => {
    const slow = await chat("slow: 8", { projectPath: scene.bench.project });
    expect(slow.state).toBe("completed");
    expect(await endsOf(slow.sessionId, slow.turnId)).toMatchObject([{ type: "turn.completed" }]);
  });
});
