import { describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

interface Told {
  type: string;
  at: number;
  turnId?: string;
  sessionId: string | null;
  data: Record<string, unknown>;
}

/** Long enough for a slow machine to send three messages in it. */
const limitMs = 9_000;

describe("a usage limit of a login", () => {
  // An API key has no such limits: the CLI looks at these headers only when it is logged in.
  const scene = useScene({
    every: "test",
    apple: true,
    settings: { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "of-the-demo-model", PUSH_GRACE_MS: "0" },
  });

  const say = async (message: string, place: Record<string, unknown>, token?: string, wait = 0) => {
    const headers = wait > 0 ? { prefer: `wait=${wait}` } : undefined;
    return (await scene.server.ask("POST", "/api/chat", { message, ...place }, { token, headers })).body;
  };
  const turnOf = async ({ sessionId, turnId }: { sessionId: string; turnId: string }) =>
    (await scene.server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`)).body;
  const told = async (after = 0, waitSeconds = 0): Promise<{ events: Told[]; cursor: number }> =>
    (await scene.server.ask("GET", `/api/events?after=${after}&limit=200&wait=${waitSeconds}`)).body;
  /** Their turns, when the log says that all have ended. */
  async function ended(turns: Array<{ sessionId: string; turnId: string }>) {
    const open = new Set(turns.map(({ turnId }) => turnId));
    for (let after = 0; open.size > 0; ) {
      const page = await told(after, 5);
      for (const { type, turnId } of page.events)
        if (turnId && /^turn\.(completed|failed)$/.test(type)) open.delete(turnId);
      after = page.cursor;
    }
    return await Promise.all(turns.map(turnOf));
  }
  const kindsPushed = () =>
    scene.apple.requests.map(({ payload }) => (payload as { daylong: { kind: string } }).daylong.kind);

  test("F17 T09: is told once with its reset and once when it is over, holds the queue until then, and what waited goes on by itself", async () => {
    const phone = await scene.server.pair("phone");
    const place = { projectPath: scene.bench.project, deviceToken: "c".repeat(64) };
    const first = await say("Remember the number 7", place, phone.token, 120);
    expect(first.state).toBe("completed");

    const resetsAt = Math.ceil((Date.now() + limitMs) / 1_000) * 1_000;
    scene.model.useUpLimit(resetsAt);
    const met = await ended([await say("say: one", { sessionId: first.sessionId })]);
    expect(met).toMatchObject([{ state: "failed", error: { code: "usage_limit" } }]);
    const waiting = [
      await say("What number did I ask you to remember?", { sessionId: first.sessionId }),
      await say("say: three", { projectPath: scene.bench.project }),
    ];
    expect(waiting.map(({ state }) => state)).toEqual(["queued", "queued"]);
    const health = (await scene.server.ask("GET", "/health")).body;
    expect(health.checks.pool).toMatchObject({
      state: "degraded",
      detail: expect.stringContaining("five hour"),
    });

    const limits = (await told()).events.filter(({ type }) => type === "limit.reached");
    expect(limits.map(({ data }) => data)).toEqual([
      { kind: "five_hour", resetsAt, retryAt: resetsAt, detail: expect.stringContaining("five hour") },
    ]);
    const over = await ended(waiting);
    expect(over.map(({ state }) => state)).toEqual(["completed", "completed"]);
    expect(over[0].reply.text).toBe("You asked me to remember 7.");
    for (const { startedAt } of over) expect(startedAt).toBeGreaterThanOrEqual(resetsAt);
    expect((await scene.server.ask("GET", "/health")).body.checks.pool).toEqual({ state: "ok" });
    const words = (await told()).events.filter(({ type }) => type.startsWith("limit."));
    expect(words.map(({ type }) => type)).toEqual(["limit.reached", "limit.lifted"]);
    expect(words[1]?.data).toEqual({ kind: "five_hour" });
    // Its own word, and the replies before and after it: the turn that met it is part of the incident.
    await eventually(
      "the replies' pushes",
      () => kindsPushed().filter((kind) => kind === "reply").length === 3,
    );
    expect(kindsPushed().filter((kind) => kind !== "reply" && kind !== "sync")).toEqual(["limit", "limit"]);
  });
});
