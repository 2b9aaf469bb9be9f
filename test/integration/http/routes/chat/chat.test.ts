import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../../server/domain/errors.ts";
import { type Asked, expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

const send = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  rig.ask("POST", "/api/chat", { body, headers });
const untilWaiting = (count: number): Promise<void> => rig.pool.whenWaiting(count);
/** The turn that was accepted first. */
const firstTurn = () => rig.store.events.after(0, 100).find(({ type }) => type === "turn.accepted")!.turnId!;
const hello = () => ({ message: "Hello", projectPath: rig.project });

describe("S01: messages", () => {
  test("S01: a first message makes a session in the project and is kept", async () => {
    const asked = await send({ ...hello(), clientMessageId: "m1" }, { "x-request-id": "r1" });
    expect(asked.status).toBe(202);
    expect(asked.body).toEqual({
      success: true,
      sessionId: expect.any(String),
      turnId: firstTurn(),
      clientMessageId: "m1",
      requestId: "r1",
      state: "running",
      queuePosition: 0,
      duplicate: false,
      deliveryMethod: [],
      expiresAt: rig.clock.now() + 24 * 3_600_000,
    });
    expect(rig.pool.session(String(asked.body.sessionId)).projectPath).toBe(rig.project);
  });

  test("S01: the answer says how news will reach the device: by its live connection, by its pushes", async () => {
    const { deviceId, token } = rig.device();
    const push = { provider: "apns", token: "a".repeat(64) };
    await rig.ask("PATCH", "/api/devices/me", { token, body: { push } });
    const end = rig.parts.beginPoll(deviceId);
    const asked = await rig.ask("POST", "/api/chat", { token, body: hello() });
    end();
    expect(asked.body.deliveryMethod).toEqual(["websocket", "apns"]);
  });

  test("S24: a message for a busy session is queued, and can be looked at and cancelled", async () => {
    const { sessionId } = (await send(hello())).body;
    const queued = await send({ message: "And then", sessionId });
    expect(queued.body).toMatchObject({ state: "queued", queuePosition: 1, sessionId });
    const path = `/api/sessions/${sessionId}/turns/${queued.body.turnId}`;
    expect((await rig.ask("GET", path)).body).toMatchObject({ state: "queued", queuePosition: 1, sessionId });
    expect((await rig.ask("DELETE", path)).body).toMatchObject({ state: "cancelled" });
    // The same again is no error.
    expect((await rig.ask("DELETE", path)).body).toMatchObject({ state: "cancelled" });
    await rig.host.prompted(firstTurn());
    const running = `/api/sessions/${sessionId}/turns/${firstTurn()}`;
    expectProblem(await rig.ask("DELETE", running), 409, "turn_not_cancellable");
  });

  test("D04: a repeat gives the first turn again, and the same id with another body is a conflict", async () => {
    const body = { ...hello(), clientMessageId: "once" };
    const first = await send(body);
    const again = await send(body);
    expect(again.body).toMatchObject({
      duplicate: true,
      turnId: first.body.turnId,
      sessionId: first.body.sessionId,
    });
    // The same directory, spelled in another way, is the same message.
    expect((await send({ ...body, projectPath: `${rig.project}/../alpha/` })).body.duplicate).toBe(true);
    expectProblem(await send({ ...body, message: "Other" }), 409, "idempotency_conflict");
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
  });

  test("S35: a scheduled message is kept with its instant", async () => {
    const sendAt = rig.clock.now() + 60_000;
    const asked = await send({ ...hello(), sendAt });
    expect(asked.body.state).toBe("queued");
    const turn = await rig.ask("GET", `/api/sessions/${asked.body.sessionId}/turns/${asked.body.turnId}`);
    expect(turn.body).toMatchObject({ state: "queued", sendAt });
  });

  test("S01: a message needs a session or a project, and a text", async () => {
    const neither = await send({ message: "Hello" });
    expectProblem(neither, 400, "invalid_request");
    expect(neither.body.errors?.map((fault) => fault.path)).toEqual(["projectPath"]);
    expectProblem(await send({ message: "", projectPath: rig.project }), 400, "invalid_request");
    expectProblem(await send({ ...hello(), sessionId: "no-uuid" }), 400, "invalid_request");
    const unknown = { message: "Hello", sessionId: "00000000-0000-4000-8000-000000000000" };
    expectProblem(await send(unknown), 404, "session_not_found");
  });

  test("A05: a project outside the roots, hidden or missing is refused before the pool hears of it", async () => {
    const at = (projectPath: string) => send({ message: "Hello", projectPath });
    expectProblem(await at("/etc"), 403, "project_forbidden");
    expectProblem(await at(`${rig.root}/../`), 403, "project_forbidden");
    expectProblem(await at(`${rig.root}/.git`), 403, "project_forbidden");
    expectProblem(await at(`${rig.root}/missing`), 404, "project_not_found");
    expectProblem(await at("alpha"), 400, "invalid_request");
    expectProblem(await at("/\u0000"), 400, "invalid_request");
    expect(rig.pool.calls).toEqual([]);
    expect((await at("/etc/secret-name")).text).not.toContain("secret-name");
  });

  test("A04: a message is measured in bytes of UTF-8", async () => {
    const most = 256 * 1024;
    expect((await send({ ...hello(), message: "x".repeat(most) })).status).toBe(202);
    expectProblem(await send({ ...hello(), message: "x".repeat(most + 1) }), 413, "message_too_large");
    expectProblem(await send({ ...hello(), message: "é".repeat(most / 2 + 1) }), 413, "message_too_large");
  });

  test("S24: the pool's refusals are answered with their code and the pause", async () => {
    rig.pool.refusal = new DaylongError("pool_full", "Full.", { retryAfterMs: 2500 });
    const full = await send(hello());
    expectProblem(full, 503, "pool_full");
    expect(full.headers.get("retry-after")).toBe("3");
    expect(full.body.retryAfterMs).toBe(2500);
    const bypass = await send({ ...hello(), permissionMode: "bypassPermissions" });
    expectProblem(bypass, 403, "permission_mode_forbidden");
    const { sessionId } = (await send(hello())).body;
    await rig.ask("DELETE", `/api/sessions/${sessionId}`);
    expectProblem(await send({ message: "Still there?", sessionId }), 410, "session_closed");
  });
});

test("REPORT-16: sendAt in seconds is refused with its unit, and nothing runs", async () => {
  const asked = await send({ ...hello(), sendAt: Math.floor((rig.clock.now() + 60_000) / 1_000) });
  expectProblem(asked, 400, "invalid_request");
  expect(asked.body.errors).toEqual([
    { path: "sendAt", message: expect.stringContaining("milliseconds since the Unix epoch") },
  ]);
  expect(rig.pool.calls).toEqual([]);
});

describe("C01: waiting for the reply", () => {
  const wait = (seconds: number, body = hello()): Promise<Asked> => send(body, { prefer: `wait=${seconds}` });

  test("C01: Prefer: wait answers with the reply when the turn ends in time", async () => {
    const asking = wait(30);
    await untilWaiting(1);
    const reply = await rig.pool.complete(firstTurn(), { text: "Forty-two." });
    const asked = await asking;
    expect(asked.status).toBe(200);
    expect(asked.headers.get("preference-applied")).toBe("wait=30");
    expect(asked.body).toMatchObject({ success: true, state: "completed", reply, queuePosition: 0 });
  });

  test("C01: a turn that failed in time is answered 200 with its error", async () => {
    const asking = wait(30);
    await untilWaiting(1);
    await rig.pool.fail(firstTurn(), "It broke.");
    const asked = await asking;
    expect(asked.status).toBe(200);
    expect(asked.body).toMatchObject({
      state: "failed",
      error: { code: "claude_error", detail: "It broke." },
    });
    expect(asked.body).not.toHaveProperty("reply");
  });

  test("C01: a turn that takes longer is answered 202, and so is one at all after five minutes", async () => {
    const asking = wait(1000);
    await untilWaiting(1);
    rig.clock.advance(299_999);
    expect(rig.pool.waiting).toBe(1);
    rig.clock.advance(1);
    const asked = await asking;
    expect(asked.status).toBe(202);
    expect(asked.headers.get("preference-applied")).toBe("wait=300");
    expect(asked.body).toMatchObject({ state: "running" });
  });

  test("REPORT-20: a wait through a proxy is answered 202 before the proxy gives it up", async () => {
    const asking = send(hello(), { prefer: "wait=120", "x-forwarded-for": "203.0.113.7" });
    await untilWaiting(1);
    rig.clock.advance(49_999);
    expect(rig.pool.waiting).toBe(1);
    rig.clock.advance(1);
    const asked = await asking;
    expect([asked.status, asked.headers.get("preference-applied")]).toEqual([202, "wait=50"]);
    expect(asked.body).toMatchObject({ success: true, state: "running" });
  });

  test("C01: the wait ends when the client goes away, and the turn goes on", async () => {
    const client = new AbortController();
    const options = { body: hello(), headers: { prefer: "wait=300" }, signal: client.signal };
    const asking = rig.ask("POST", "/api/chat", options);
    await untilWaiting(1);
    client.abort();
    await expect(asking).rejects.toThrow();
    await untilWaiting(0);
    expect(rig.store.turns.inState("running")).toHaveLength(1);
  });

  test("A02: the wait of a device that is revoked ends with 401, and without the reply", async () => {
    const phone = rig.device();
    const options = { body: hello(), headers: { prefer: "wait=300" }, token: phone.token };
    const asking = rig.ask("POST", "/api/chat", options);
    await untilWaiting(1);
    const process = await rig.host.prompted(firstTurn());
    process.message("For the owner alone.");
    rig.access.revoke(phone.deviceId, { deviceId: "local", scope: "admin" });
    const asked = await asking;
    expectProblem(asked, 401, "unauthenticated");
    expect(asked.text).not.toContain("alone");
    expect(rig.pool.waiting).toBe(0);
  });

  test("S01: half a character in a message is mended, and in its id it is refused", async () => {
    await send({ ...hello(), message: "Hi \ud83d", clientMessageId: "m" });
    expect(rig.pool.calls.at(-1)).toMatchObject({ request: { message: "Hi \ufffd" } });
    // The client that mends by itself, when it sends again, means the same message.
    expect((await send({ ...hello(), message: "Hi \ufffd", clientMessageId: "m" })).body.duplicate).toBe(
      true,
    );
    const refused = await send({ ...hello(), clientMessageId: "m\ud83d" });
    expectProblem(refused, 400, "invalid_request");
    expect(refused.body.errors?.map((fault) => fault.path)).toEqual(["clientMessageId"]);
  });

  test("O12: the wait ends when the server stops", async () => {
    const asking = wait(300);
    await untilWaiting(1);
    rig.stopping.abort();
    expect((await asking).status).toBe(202);
  });
});

describe("S23: interrupting", () => {
  test("S23: the running turn is interrupted; with none running that is said", async () => {
    const { sessionId, turnId } = (await send(hello())).body;
    const interrupt = () => rig.ask("POST", "/api/chat/interrupt", { body: { sessionId } });
    expect((await interrupt()).body).toEqual({ interrupted: true, turnId });
    expectProblem(await interrupt(), 409, "nothing_running");
    expectProblem(await rig.ask("POST", "/api/chat/interrupt", { body: {} }), 400, "invalid_request");
  });
});

describe("D10: turns and messages", () => {
  test("D10: a finished turn carries its reply, and a message its whole text", async () => {
    const { sessionId, turnId } = (await send({ ...hello(), clientMessageId: "c" })).body;
    const text = "Ünïcode 🎈 ".repeat(5000);
    const reply = await rig.pool.complete(String(turnId), { text });
    const turn = await rig.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`);
    const at = rig.clock.now();
    expect(turn.body).toMatchObject({ turnId, sessionId, clientMessageId: "c", state: "completed", reply });
    expect(turn.body).toMatchObject({ acceptedAt: at, startedAt: at, endedAt: at });
    const message = await rig.ask("GET", `/api/messages/${reply.messageId}`);
    expect(message.body).toMatchObject({
      messageId: reply.messageId,
      sessionId,
      turnId,
      text,
      createdAt: at,
    });
    expectProblem(await rig.ask("GET", "/api/messages/unknown"), 404, "message_not_found");
  });

  test("D10: a turn is found in its own session only", async () => {
    const one = (await send(hello())).body;
    const two = (await send(hello())).body;
    const path = (sessionId: unknown, turnId: unknown) => `/api/sessions/${sessionId}/turns/${turnId}`;
    expectProblem(await rig.ask("GET", path(one.sessionId, two.turnId)), 404, "turn_not_found");
    expectProblem(await rig.ask("DELETE", path(one.sessionId, two.turnId)), 404, "turn_not_found");
    expectProblem(await rig.ask("GET", path("unknown", two.turnId)), 404, "session_not_found");
    expect(rig.pool.calls.some((call) => call.name === "cancelTurn")).toBe(false);
  });
});
