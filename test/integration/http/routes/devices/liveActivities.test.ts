import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { openLease } from "../../../../../server/domain/sessions/lease.ts";
import type { TurnState } from "../../../../../server/domain/sessions/turn.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const me = "/api/devices/me";
const token = "cd".repeat(32);

function session(): string {
  const sessionId = randomUUID();
  const now = rig.clock.now();
  rig.store.sessions.insert({
    sessionId,
    projectPath: rig.project,
    title: "Tidy up",
    state: "busy",
    model: null,
    permissionMode: "default",
    createdAt: now,
    lastActivityAt: now,
    turnCount: 0,
    lastSeq: 0,
    costUsd: 0,
    lease: openLease(1, now, {
      sessionTimeoutMs: 86_400_000,
      sessionWarningMs: 72_000_000,
      sessionFinalWarningMs: 0,
    }),
    tokens: { input: 0, output: 0 },
    muted: false,
    autoKeepAlive: false,
    options: {},
  });
  return sessionId;
}

function turn(sessionId: string, state: TurnState): string {
  const turnId = randomUUID();
  rig.store.turns.insert({
    turnId,
    sessionId,
    origin: "user",
    deviceId: "local",
    clientMessageId: turnId,
    requestHash: "h",
    message: "Hi",
    attachmentIds: [],
    state: "queued",
    acceptedAt: rig.clock.now(),
  });
  if (state === "running") rig.store.turns.markRunning(turnId, rig.clock.now());
  return turnId;
}

const path = (sessionId: string) => `/api/sessions/${sessionId}/live-activity`;

describe("D16: a device registers for Live Activities", () => {
  test("the token that starts them, alone or with the alerts' one, and null takes it back", async () => {
    const phone = rig.device();
    const patch = (push: unknown) => rig.ask("PATCH", me, { token: phone.token, body: { push } });
    const alone = await patch({ liveActivity: { pushToStartToken: token.toUpperCase() } });
    expect(alone).toMatchObject({ status: 200, body: { push: null } });
    expect(rig.store.activities.start(phone.deviceId)).toEqual({
      deviceId: phone.deviceId,
      token,
      registeredAt: rig.clock.now(),
    });
    const both = await patch({
      provider: "apns",
      token: "ab".repeat(32),
      environment: "sandbox",
      liveActivity: { pushToStartToken: "ef".repeat(32) },
    });
    expect(both.body.push).toMatchObject({ provider: "apns", environment: "sandbox" });
    expect(rig.store.activities.start(phone.deviceId)).toMatchObject({ token: "ef".repeat(32) });
    await patch({ liveActivity: { pushToStartToken: null } });
    expect(rig.store.activities.start(phone.deviceId)).toBeUndefined();
    expect(rig.store.devices.get(phone.deviceId)?.push).not.toBeNull();
  });

  test("a phone that was paired twice is started once", async () => {
    const [first, second] = [rig.device(), rig.device()];
    for (const device of [first, second]) {
      const push = { liveActivity: { pushToStartToken: token } };
      await rig.ask("PATCH", me, { token: device.token, body: { push } });
    }
    expect(rig.store.activities.starts().map(({ deviceId }) => deviceId)).toEqual([second.deviceId]);
  });

  test("no pushes means none to activities, and a revoked device leaves no address behind", async () => {
    const sessionId = session();
    turn(sessionId, "running");
    for (const end of ["PATCH", "DELETE"]) {
      const phone = rig.device();
      const as = { token: phone.token };
      await rig.ask("PATCH", me, { ...as, body: { push: { liveActivity: { pushToStartToken: token } } } });
      await rig.ask("PUT", path(sessionId), { ...as, body: { activityToken: token } });
      await rig.ask(end, me, { ...as, ...(end === "PATCH" ? { body: { push: null } } : {}) });
      expect(rig.store.activities.starts()).toEqual([]);
      expect(rig.store.activities.ofTurn(sessionId, rig.store.turns.inState("running")[0]!.turnId)).toEqual(
        [],
      );
    }
  });
});

describe("D16: a device names its activity of a session", () => {
  test("which shows the running turn, or the next that waits", async () => {
    const phone = rig.device();
    const as = { token: phone.token, body: { activityToken: token } };
    const [busy, waiting] = [session(), session()];
    turn(busy, "queued");
    const running = turn(busy, "running");
    const queued = turn(waiting, "queued");
    expect((await rig.ask("PUT", path(busy), as)).body).toEqual({
      sessionId: busy,
      turnId: running,
      state: "running",
    });
    expect((await rig.ask("PUT", path(waiting), as)).body).toMatchObject({ turnId: queued, state: "queued" });
    expect(rig.store.activities.ofTurn(busy, running)).toEqual([
      { deviceId: phone.deviceId, sessionId: busy, turnId: running, token, registeredAt: rig.clock.now() },
    ]);
    rig.clock.advance(0);
    const removed = await rig.ask("DELETE", path(busy), as);
    expect(removed.body).toEqual({ success: true, sessionId: busy, removed: true });
    expect((await rig.ask("DELETE", path(busy), { token: phone.token })).body).toMatchObject({
      removed: false,
    });
    expect(rig.store.activities.ofTurn(busy, running)).toEqual([]);
    const actions = rig.store.audit.list(undefined, 10).entries.map(({ action }) => action);
    expect(actions.slice(0, 3)).toEqual(["live-activity.remove", "live-activity.put", "live-activity.put"]);
    expect(JSON.stringify([rig.log.lines, rig.store.audit.list(undefined, 100)])).not.toContain(token);
  });

  test("whose last turn has ended is given an end in the outbox", async () => {
    const phone = rig.device();
    const sessionId = session();
    const turnId = turn(sessionId, "running");
    rig.store.transaction(() => {
      rig.store.turns.settle(turnId, { state: "cancelled", endedAt: rig.clock.now() });
      rig.store.events.append({ sessionId, turnId, type: "turn.cancelled", data: { by: "local" } });
    });
    for (const activityToken of [token, token, "ef".repeat(32)]) {
      const answer = await rig.ask("PUT", path(sessionId), { token: phone.token, body: { activityToken } });
      expect(answer.body).toEqual({ sessionId, turnId, state: "cancelled" });
    }
    const deliveries = rig.store.outbox.ofDevice(phone.deviceId, 10);
    expect(deliveries).toMatchObject([{ kind: "activity-end", state: "pending" }]);
  });

  test("is refused plainly: an unknown session, a session without a turn, a token that is none, a scope too small", async () => {
    const phone = rig.device();
    const ask = (method: string, sessionId: string, activityToken: unknown = token, as = phone.token) =>
      rig.ask(method, path(sessionId), { token: as, body: { activityToken } });
    expectProblem(await ask("PUT", randomUUID()), 404, "session_not_found");
    expectProblem(await ask("DELETE", randomUUID()), 404, "session_not_found");
    expectProblem(await ask("PUT", session()), 409, "nothing_running");
    for (const wrong of [undefined, "", "xyz", "ab", 7, "a".repeat(500)]) {
      expectProblem(
        await rig.ask("PUT", path(session()), { token: phone.token, body: { activityToken: wrong } }),
        400,
        "invalid_request",
      );
    }
    expectProblem(await ask("PUT", session(), token, rig.device("read").token), 403, "scope_forbidden");
    for (const liveActivity of [7, { pushToStartToken: "no" }]) {
      const answer = await rig.ask("PATCH", me, { token: phone.token, body: { push: { liveActivity } } });
      expectProblem(answer, 400, "invalid_request");
    }
  });

  test("only its own: another device's token is not touched", async () => {
    const [mine, other] = [rig.device(), rig.device()];
    const sessionId = session();
    const turnId = turn(sessionId, "running");
    await rig.ask("PUT", path(sessionId), { token: mine.token, body: { activityToken: token } });
    await rig.ask("DELETE", path(sessionId), { token: other.token, body: { activityToken: token } });
    expect(rig.store.activities.ofTurn(sessionId, turnId)).toMatchObject([{ deviceId: mine.deviceId }]);
  });
});
