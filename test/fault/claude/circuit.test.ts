import { beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

interface Told {
  type: string;
  sessionId: string | null;
  turnId?: string;
  data: Record<string, unknown>;
}

describe("a model that refuses every session", () => {
  let log: Told[];
  let cursor: number;

  const scene = useScene({
    every: "test",
    apple: true,
    settings: { MAX_CONCURRENT_SESSIONS: "3", PUSH_GRACE_MS: "0" },
  });
  beforeEach(() => {
    log = [];
    cursor = 0;
  });

  /** Reads on in the log until it has what is looked for. */
  async function toldOf(what: string, isIt: (event: Told) => boolean): Promise<Told> {
    const deadlineMs = 90_000;
    const endAt = Date.now() + deadlineMs;
    for (;;) {
      const found = log.find(isIt);
      if (found) return found;
      if (Date.now() > endAt) throw new Error(`${what}: not within ${deadlineMs} ms.`);
      await readOn(5);
    }
  }
  async function readOn(waitSeconds: number) {
    const { body } = await scene.server.ask(
      "GET",
      `/api/events?after=${cursor}&limit=200&wait=${waitSeconds}`,
    );
    log.push(...body.events);
    cursor = body.cursor;
  }
  const say = async (message: string, place: Record<string, unknown>, token?: string) =>
    (await scene.server.ask("POST", "/api/chat", { message, ...place }, { token })).body;
  const ended = (turnId: string) =>
    toldOf(`the end of ${turnId}`, (event) => event.turnId === turnId && isEnd(event));
  const isEnd = ({ type }: Told) => /^turn\.(completed|failed|interrupted|cancelled)$/.test(type);
  const kindsPushed = () =>
    scene.apple.requests.map(({ payload }) => (payload as { daylong: { kind: string } }).daylong.kind);
  /** What rang the phone but replies, once it has so many of these: they are the last of what it is told. */
  async function pushedBeside(replies: number): Promise<string[]> {
    const isReply = (kind: string) => kind === "reply";
    await eventually("the replies' pushes", () => kindsPushed().filter(isReply).length === replies);
    // The silent one is of what the other device of the test has read.
    return kindsPushed().filter((kind) => !isReply(kind) && kind !== "sync");
  }

  test("F16: 401 to everything is one word and one push, costs the model a few requests, and is over by itself", async () => {
    const phone = await scene.server.pair("phone");
    const place = { projectPath: scene.bench.project, deviceToken: "a".repeat(64) };
    const first = await say("Remember the number 7", place, phone.token);
    await ended(first.turnId);
    scene.model.failEverything(401);
    const before = scene.model.requestCount();
    const refused = [
      await say("say: one", { sessionId: first.sessionId }),
      await say("say: two", { projectPath: scene.bench.project }),
      await say("say: three", { projectPath: scene.bench.project }),
    ];
    for (const { turnId } of refused) {
      expect((await ended(turnId)).data).toMatchObject({ code: "login_required", retryable: true });
    }
    // Two requests a turn: the CLI's first, and the one that shows that its own remedy did not help.
    const crowd = scene.model.requestCount() - before;
    expect(crowd).toBeLessThanOrEqual(6);
    const waiting = [
      await say("What number did I ask you to remember?", { sessionId: first.sessionId }),
      await say("say: four", { projectPath: scene.bench.project }),
      await say("say: five", { projectPath: scene.bench.project }),
      await say("say: six", { projectPath: scene.bench.project }),
    ];
    expect(waiting.map(({ state }) => state)).toEqual(Array(4).fill("queued"));
    const health = (await scene.server.ask("GET", "/health")).body;
    expect(health.status).toBe("degraded");
    expect(health.checks.pool.detail).toContain("claude /login");
    // The first try comes after 15 s, is refused, and leaves the others where they are.
    expect((await ended(waiting[0]!.turnId)).data).toMatchObject({ code: "login_required" });
    const tried = scene.model.requestCount() - before;
    expect(tried).toBeLessThanOrEqual(crowd + 2);
    const rest = waiting.slice(1).map(({ turnId }) => turnId);
    expect(log.filter((event) => rest.includes(event.turnId ?? "") && isEnd(event))).toEqual([]);
    scene.model.failEverything(undefined);
    for (const { turnId } of waiting.slice(1)) expect((await ended(turnId)).type).toBe("turn.completed");
    const again = await say("What number did I ask you to remember?", { sessionId: first.sessionId });
    expect((await ended(again.turnId)).data.text).toBe("You asked me to remember 7.");
    await readOn(0);
    expect(log.filter(({ type }) => type === "login.required")).toHaveLength(1);
    for (const { turnId } of [...refused, ...waiting, again])
      expect(log.filter((event) => event.turnId === turnId && isEnd(event))).toHaveLength(1);
    expect(await pushedBeside(5)).toEqual(["login"]);
    expect((await scene.server.ask("GET", "/health")).body.checks.pool).toEqual({ state: "ok" });
    // Two pauses of the back-off, 45 s, are in it.
  });

  test("F17: 429 to everything holds the queue with one word, and ends with the limit", async () => {
    const phone = await scene.server.pair("phone");
    const place = { projectPath: scene.bench.project, deviceToken: "b".repeat(64) };
    const first = await say("say: hello", place, phone.token);
    await ended(first.turnId);
    scene.model.failEverything(429);
    const met = await say("say: met", { sessionId: first.sessionId });
    const limit = await toldOf("limit.reached", ({ type }) => type === "limit.reached");
    expect(limit).toMatchObject({
      sessionId: first.sessionId,
      data: { kind: "rate_limit", retryAt: expect.any(Number), detail: expect.stringContaining("wait") },
    });
    const asked = scene.model.requestCount();
    const waiting = await say("say: waits", { projectPath: scene.bench.project });
    expect(waiting.state).toBe("queued");
    scene.model.failEverything(undefined);
    // The turn that met the limit is left to the CLI's patience; its answer ends the limit for everybody.
    expect((await ended(met.turnId)).type).toBe("turn.completed");
    expect((await ended(waiting.turnId)).type).toBe("turn.completed");
    // At most the CLI's titles and probes beside the two turns.
    expect(scene.model.requestCount() - asked).toBeLessThanOrEqual(6);
    expect(log.filter(({ type }) => type === "limit.reached")).toHaveLength(1);
    expect(log.filter(({ type }) => type === "limit.lifted")).toHaveLength(1);
    // Reached, and lifted.
    expect(await pushedBeside(3)).toEqual(["limit", "limit"]);
  });
});
