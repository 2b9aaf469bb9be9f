import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";

const waitMs = 60_000;
const hoursOf = (seconds: number) => String(seconds / 3_600);

describe("a whole lease life of seconds, with the real CLI", () => {
  // Long enough for a first turn on a busy machine, short enough to wait for.
  const settings = {
    SESSION_TIMEOUT_HOURS: hoursOf(7),
    SESSION_WARNING_HOURS: hoursOf(3.5),
    SESSION_FINAL_WARNING_MINUTES: String(1.5 / 60),
  };
  const scene = useScene({ every: "file", apple: true, settings });
  let socket: SocketClient;

  beforeAll(async () => {
    const phone = await scene.server.pair("phone");
    socket = await connect({ url: `${scene.server.url.replace("http", "ws")}/ws`, token: phone.token });
  });
  afterAll(() => socket.close());

  const say = async (message: string, place: Record<string, unknown>) =>
    (await scene.server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer: "wait=120" } }))
      .body;
  const eventsOf = (sessionId: string, type: string) =>
    socket.events.filter((event) => event.sessionId === sessionId && event.type === type);
  const comes = (sessionId: string, type: string, nth = 1) =>
    socket.waitFor(() => eventsOf(sessionId, type).length >= nth, waitMs, `${type} number ${nth}`);

  test("S03 S04 S05 S06: warned once and once more, kept alive, recapped on a fork, expired, and revived with its context", async () => {
    const { sessionId } = await say("Remember the number 42", { projectPath: scene.bench.project });
    const session = async () => (await scene.server.ask("GET", `/api/sessions/${sessionId}`)).body;
    await comes(sessionId, "session.expiring");
    const [warning] = eventsOf(sessionId, "session.expiring");
    expect(warning?.data).toMatchObject({ final: false, expiresAt: (await session()).lease.expiresAt });

    // Keep-alive opens the next term without a word to Claude.
    const requestsBefore = scene.model.requestCount();
    const kept = await scene.server.ask("POST", "/api/sessions/keep-alive", { sessionId });
    expect(kept.body).toMatchObject({ success: true, sessionId, extended: true });
    expect(kept.body.expiresAt).toBeGreaterThan((warning!.data as { expiresAt: number }).expiresAt);
    expect((await session()).lease).toMatchObject({ term: 2 });
    expect((await session()).lease.warnedAt).toBeUndefined();
    expect(scene.model.requestCount()).toBe(requestsBefore);

    const { pid } = (await session()).process;
    // A recap answers and leaves the conversation as it was.
    const recap = await scene.server.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "recap" });
    expect(recap.body.recap).toMatchObject({
      text: expect.stringContaining("you wrote 1 message"),
      turnCount: 1,
      cached: false,
    });
    const again = await scene.server.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "recap" });
    expect(again.body.recap).toMatchObject({ text: recap.body.recap.text, cached: true });

    // Left alone, the second term warns once, warns a last time, and ends; the process goes.
    await comes(sessionId, "session.expired");
    const { term, expiresAt } = (await session()).lease;
    const warnings = eventsOf(sessionId, "session.expiring").map(
      (event) => event.data as { final: boolean; expiresAt: number },
    );
    expect(
      warnings.filter((warning) => warning.expiresAt === expiresAt).map((warning) => warning.final),
    ).toEqual([false, true]);
    expect(eventsOf(sessionId, "session.expired")).toHaveLength(1);
    expect((await session()).state).toBe("expired");
    await eventually("the process is gone", () => !isAlive(pid));

    const revived = await say("What number did I ask you to remember?", { sessionId });
    expect(revived.reply.text).toBe("You asked me to remember 42.");
    // On a busy machine such a short term may end, and the next begin, before this is read.
    expect((await session()).lease.term).toBeGreaterThan(term);
    const renewals = eventsOf(sessionId, "session.renewed").map(({ data }) => data);
    expect(renewals).toContainEqual(expect.objectContaining({ reason: "revived", term: term + 1 }));
  });

  test("S05: keep-alive brings an expired session back by itself", async () => {
    const { sessionId } = await say("Remember the number 9", { projectPath: scene.bench.project });
    await comes(sessionId, "session.expired");
    const kept = await scene.server.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "extend" });
    expect(kept.status).toBe(200);
    await comes(sessionId, "session.woken", 2);
    const answer = await say("What number did I ask you to remember?", { sessionId });
    expect(answer.reply.text).toBe("You asked me to remember 9.");
  });

  test("D09 D14: a phone that is away is told that a session is about to expire, and that it has", async () => {
    const away = await scene.server.pair("away");
    const token = "f".repeat(64);
    const push = { provider: "apns", token, environment: "production" };
    await scene.server.ask("PATCH", "/api/devices/me", { push }, { token: away.token });
    const { sessionId } = await say("Remember the number 1", { projectPath: scene.bench.project });
    const pushOf = async (kind: string) => {
      const request = await scene.apple.waitForRequest(
        (one) =>
          one.token === token &&
          JSON.stringify(one.payload).includes(`"kind":"${kind}","cursor"`) &&
          JSON.stringify(one.payload).includes(sessionId),
        waitMs,
      );
      return {
        headers: request.headers,
        payload: request.payload as { aps: Record<string, unknown>; daylong: Record<string, unknown> },
      };
    };
    const expiring = await pushOf("expiring");
    expect(expiring.payload.aps).toMatchObject({
      category: "EXPIRING",
      "interruption-level": "time-sensitive",
    });
    expect(expiring.headers["apns-collapse-id"]).toBe(`lease-${sessionId}`);
    const { expiresAt } = expiring.payload.daylong as { expiresAt: number };
    expect(Math.abs(Number(expiring.headers["apns-expiration"]) * 1_000 - expiresAt)).toBeLessThanOrEqual(
      1_000,
    );
    const expired = await pushOf("expired");
    expect(expired.headers["apns-collapse-id"]).toBe(`expired-${sessionId}`);
    expect(expired.payload.aps).toMatchObject({ category: "SESSION", "thread-id": sessionId });
  });

  test("a recap of a session in which nothing was said is refused", async () => {
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    const recap = await scene.server.ask("POST", "/api/sessions/keep-alive", {
      sessionId: body.sessionId,
      action: "recap",
    });
    expect([recap.status, recap.body.code]).toEqual([409, "nothing_to_recap"]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
