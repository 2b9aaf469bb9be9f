import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const token = "ab".repeat(32);
const me = "/api/devices/me";

describe("A02: devices", () => {
  test("A02: a device sees and changes itself, by me or by its id, and no other", async () => {
    const phone = rig.device();
    const other = rig.device();
    const as = { token: phone.token };
    const own = await rig.ask("GET", me, as);
    expect(own.body).toEqual({
      deviceId: phone.deviceId,
      name: "Phone",
      platform: "ios",
      scope: "chat",
      createdAt: rig.clock.now(),
      lastSeenAt: rig.clock.now(),
      connected: false,
      ackedCursor: null,
      push: null,
      preferences: { mutedKinds: [] },
    });
    expect((await rig.ask("GET", `/api/devices/${phone.deviceId}`, as)).body).toEqual(own.body);
    for (const [method, path] of [
      ["GET", `/api/devices/${other.deviceId}`],
      ["PATCH", `/api/devices/${other.deviceId}`],
      ["DELETE", `/api/devices/${other.deviceId}`],
      ["GET", `/api/devices/${other.deviceId}/deliveries`],
      ["GET", "/api/devices/unknown"],
    ] as const) {
      const asked = await rig.ask(method, path, {
        ...as,
        ...(method === "PATCH" ? { body: { name: "Mine" } } : {}),
      });
      expectProblem(asked, 403, "scope_forbidden");
    }
  });

  test("A02: admin sees all devices, changes them, and is told of unknown ones", async () => {
    const phone = rig.device();
    const list = await rig.ask("GET", "/api/devices");
    expect((list.body.devices as Array<{ deviceId: string }>).map((device) => device.deviceId)).toEqual([
      "local",
      phone.deviceId,
    ]);
    const renamed = await rig.ask("PATCH", `/api/devices/${phone.deviceId}`, {
      body: { name: "Work phone" },
    });
    expect(renamed.body.name).toBe("Work phone");
    for (const [method, path] of [
      ["GET", "/api/devices/unknown"],
      ["DELETE", "/api/devices/unknown"],
      ["GET", "/api/devices/unknown/deliveries"],
    ] as const) {
      expectProblem(await rig.ask(method, path), 404, "device_not_found");
    }
    expectProblem(await rig.ask("PATCH", "/api/devices/unknown", { body: {} }), 404, "device_not_found");
  });

  test("DOOR-7 A12: what a revoked device had queued and scheduled is cancelled, what runs is interrupted, and all is said", async () => {
    const phone = rig.device();
    const send = async (body: object) =>
      (await rig.ask("POST", "/api/chat", { token: phone.token, body })).body as Record<string, string>;
    const running = await send({ projectPath: rig.project, message: "Work" });
    const process = await rig.host.prompted(running.turnId!);
    const { sessionId } = running;
    const queued = await send({ sessionId, message: "Queued" });
    const later = await send({ sessionId, message: "Later", sendAt: rig.clock.now() + 7_000 });
    const interrupted = new Promise<void>((resolve) => {
      const unsubscribe = rig.store.events.subscribe((events) => {
        if (!events.some(({ type }) => type === "turn.interrupted")) return;
        unsubscribe();
        resolve();
      });
    });
    expect((await rig.ask("DELETE", `/api/devices/${phone.deviceId}`)).status).toBe(200);
    await interrupted;
    const stateOf = async ({ turnId }: Record<string, string>) =>
      (await rig.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`)).body.state;
    expect([await stateOf(running), await stateOf(queued), await stateOf(later)]).toEqual([
      "interrupted",
      "cancelled",
      "cancelled",
    ]);
    rig.clock.advance(10_000);
    expect(process.sent).toHaveLength(1);
    const told = rig.store.events.after(0, 100).find(({ type }) => type === "device.revoked");
    expect(told?.data).toMatchObject({ cancelledTurns: 2, interruptedTurns: 1, restrictedSessions: 0 });
    const { body } = await rig.ask("GET", "/api/audit");
    const actions = (body.entries as Array<{ action: string }>).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["device.revoke", "turn.cancel", "turn.interrupt"]));
  });

  test("A02: a revoked device is out at once, and whoever holds its sockets is told", async () => {
    const phone = rig.device();
    const told: string[] = [];
    const stop = rig.access.onRevoked((deviceId) => told.push(deviceId));
    rig.access.onRevoked(() => {
      throw new Error("a broken listener");
    });
    expect((await rig.ask("DELETE", me, { token: phone.token })).body).toEqual({
      success: true,
      deviceId: phone.deviceId,
    });
    expect(told).toEqual([phone.deviceId]);
    expectProblem(await rig.ask("GET", me, { token: phone.token }), 401, "unauthenticated");
    expect(rig.store.events.after(0, 10).at(-1)).toMatchObject({
      type: "device.revoked",
      data: { deviceId: phone.deviceId, name: "Phone" },
    });
    expect(rig.store.audit.list(undefined, 1).entries).toMatchObject([
      { action: "device.revoke", deviceId: phone.deviceId, target: phone.deviceId },
    ]);
    stop();
    rig.access.revoke(rig.device().deviceId, { deviceId: "local", scope: "admin" });
    expect(told).toHaveLength(1);
  });

  test("A02: the computer's own token cannot be revoked over the network", async () => {
    expectProblem(await rig.ask("DELETE", "/api/devices/local"), 400, "invalid_request");
    expect((await rig.ask("GET", me)).status).toBe(200);
  });

  test("A02: a device is seen at most once a minute", async () => {
    const phone = rig.device();
    const lastSeenAt = () => rig.access.get(phone.deviceId).lastSeenAt;
    const pairedAt = lastSeenAt();
    rig.clock.advance(59_999);
    await rig.ask("GET", me, { token: phone.token });
    expect(lastSeenAt()).toBe(pairedAt);
    rig.clock.advance(1);
    await rig.ask("GET", me, { token: phone.token });
    expect(lastSeenAt()).toBe(pairedAt + 60_000);
  });
});

describe("D12: push targets", () => {
  test("D12: a patch merges: what is absent stays, null removes", async () => {
    const phone = rig.device();
    const patch = async (push: unknown) => rig.ask("PATCH", me, { token: phone.token, body: { push } });
    const encryptionKey = Buffer.alloc(32, 7).toString("base64");
    const registeredAt = rig.clock.now();
    const set = await patch({
      provider: "apns",
      token: token.toUpperCase(),
      environment: "sandbox",
      topic: "app.x",
    });
    expect(set.body.push).toEqual({
      provider: "apns",
      environment: "sandbox",
      registeredAt,
      encrypted: false,
    });
    rig.clock.advance(1000);
    expect((await patch({ encryptionKey })).body.push).toEqual({
      provider: "apns",
      environment: "sandbox",
      registeredAt,
      encrypted: true,
    });
    expect(rig.access.get(phone.deviceId).push).toEqual({
      provider: "apns",
      token,
      environment: "sandbox",
      topic: "app.x",
      registeredAt,
      encryptionKey,
    });
    expect((await patch({ encryptionKey: null, topic: null })).body.push).toMatchObject({ encrypted: false });
    expect(rig.access.get(phone.deviceId).push).not.toHaveProperty("topic");
    expect((await patch(null)).body.push).toBeNull();
    expectProblem(await patch({ encryptionKey }), 409, "push_not_registered");
  });

  test("A08: neither push token nor key is in an answer, the audit or the log", async () => {
    const phone = rig.device();
    const encryptionKey = Buffer.alloc(32, 9).toString("base64");
    const push = { provider: "apns", token, encryptionKey };
    const asked = await rig.ask("PATCH", me, { token: phone.token, body: { push } });
    const kept = asked.text + JSON.stringify([rig.store.audit.list(undefined, 100), rig.log.lines]);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(encryptionKey);
  });

  test("D12: older calls register a token and leave environment and key as they are", async () => {
    const phone = rig.device();
    const as = { token: phone.token };
    const encryptionKey = Buffer.alloc(32, 7).toString("base64");
    const body = { deviceToken: token, platform: "ios", bundleId: "app.x" };
    expect((await rig.ask("POST", "/api/devices/register", { ...as, body })).body).toEqual({
      success: true,
      deviceId: phone.deviceId,
    });
    await rig.ask("PATCH", me, { ...as, body: { push: { environment: "sandbox", encryptionKey } } });
    rig.clock.advance(5000);
    const chat = { message: "Hi", projectPath: rig.project, deviceToken: "cd".repeat(32) };
    expect((await rig.ask("POST", "/api/chat", { ...as, body: chat })).status).toBe(202);
    expect(rig.access.get(phone.deviceId).push).toEqual({
      provider: "apns",
      token: "cd".repeat(32),
      environment: "sandbox",
      topic: "app.x",
      registeredAt: rig.clock.now(),
      encryptionKey,
    });
    for (const deviceToken of ["", "xyz", "ab"]) {
      const wrong = await rig.ask("POST", "/api/devices/register", { ...as, body: { deviceToken } });
      expectProblem(wrong, 400, "invalid_request");
    }
  });

  test("D12: a token belongs to the device that named it last", async () => {
    const before = rig.device();
    const after = rig.device();
    for (const phone of [before, after]) {
      await rig.ask("POST", "/api/devices/register", { token: phone.token, body: { deviceToken: token } });
    }
    expect(rig.access.get(before.deviceId).push).toBeNull();
    expect(rig.access.get(after.deviceId).push).toMatchObject({ token });
  });

  test("D18: a test push says what Apple said, and needs a token to send to", async () => {
    const phone = rig.device();
    const as = { token: phone.token };
    expectProblem(await rig.ask("POST", "/api/devices/test-push", as), 409, "push_not_registered");
    await rig.ask("PATCH", me, { ...as, body: { push: { provider: "apns", token } } });
    expect((await rig.ask("POST", "/api/devices/test-push", as)).body).toEqual({
      outcome: "sent",
      apnsId: rig.push.requests[0]?.deliveryId,
      status: 200,
      latencyMs: 5,
    });
    expect(rig.push.requests).toMatchObject([{ target: { token } }]);
  });

  test("D18: deliveries are listed with their attempts", async () => {
    const phone = rig.device();
    const at = rig.clock.now();
    const deliveryId = "0f0f0f0f-0000-4000-8000-000000000000";
    const cursor = rig.store.events.tip();
    rig.store.outbox.insert({
      deliveryId,
      deviceId: phone.deviceId,
      cursor,
      kind: "reply",
      state: "pending",
      createdAt: at,
      nextAttemptAt: at,
      attemptCount: 0,
    });
    rig.store.outbox.record(
      deliveryId,
      { at, status: 503, reason: "ServiceUnavailable", latencyMs: 9 },
      { state: "pending", nextAttemptAt: at + 2000 },
    );
    const asked = await rig.ask("GET", `${me}/deliveries`, { token: phone.token });
    expect(asked.body).toEqual({
      deliveries: [
        {
          deliveryId,
          cursor,
          kind: "reply",
          state: "pending",
          attempts: [{ at, status: 503, reason: "ServiceUnavailable", latencyMs: 9 }],
          nextAttemptAt: at + 2000,
        },
      ],
    });
  });
});

describe("D19: preferences", () => {
  test("D19: they merge, and quiet hours go with null", async () => {
    const phone = rig.device();
    const patch = async (preferences: unknown) =>
      (await rig.ask("PATCH", me, { token: phone.token, body: { preferences } })).body.preferences;
    const quietHours = { startMinute: 1320, endMinute: 420, timeZone: "Europe/Berlin" };
    expect(await patch({ mutedKinds: ["limit"] })).toEqual({ mutedKinds: ["limit"] });
    expect(await patch({ quietHours })).toEqual({ mutedKinds: ["limit"], quietHours });
    expect(await patch({ mutedKinds: [] })).toEqual({ mutedKinds: [], quietHours });
    expect(await patch({ quietHours: null })).toEqual({ mutedKinds: [] });
    expect(await patch({ mutedKinds: ["activity"] })).toEqual({ mutedKinds: ["activity"] });
  });

  test("D19: a kind that there is none of is refused, and nothing of the patch is kept", async () => {
    const { token } = rig.device();
    const refused = await rig.ask("PATCH", me, {
      token,
      body: { name: "Other", preferences: { mutedKinds: ["reply", "bogus"] } },
    });
    expect([refused.status, refused.body.code]).toEqual([400, "invalid_request"]);
    expect(refused.body.errors).toEqual([
      { path: "preferences.mutedKinds.1", message: expect.stringContaining("reply") },
    ]);
    const kept = (await rig.ask("GET", me, { token })).body;
    expect(kept).toMatchObject({ preferences: { mutedKinds: [] } });
    expect(kept.name).not.toBe("Other");
  });
});
