import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

describe("C06: what the monitor shows", () => {
  test("C06: the lifecycle log has what happened, newest first and page by page, and nothing of what was said", async () => {
    const phone = rig.device();
    rig.store.transaction(() => {
      const data = { kind: "memory", detail: "The pool uses 3 GB." };
      rig.store.events.append({ sessionId: null, type: "resource.warning", data });
      rig.store.events.append({ sessionId: null, type: "notice", data: { text: "A secret." } });
      rig.store.events.append({ sessionId: null, type: "login.required", data: { detail: "Log in." } });
    });
    const first = await rig.ask("GET", "/api/lifecycle?limit=2", { token: phone.token });
    const types = (body: Record<string, unknown>) =>
      (body.events as Array<{ type: string }>).map(({ type }) => type);
    expect(types(first.body)).toEqual(["login.required", "resource.warning"]);
    const next = await rig.ask("GET", `/api/lifecycle?before=${first.body.nextBefore}`, {
      token: phone.token,
    });
    expect(types(next.body)).toEqual(["device.paired"]);
    expect(next.body).not.toHaveProperty("nextBefore");
    expectProblem(await rig.ask("GET", "/api/lifecycle?before=x"), 400, "invalid_request");
  });

  test("D18 C06: the pushes of all devices are listed for the owner, with the device's name and the newest first", async () => {
    const [phone, tablet] = [rig.device(), rig.device()];
    const at = rig.clock.now();
    for (const [index, { deviceId }] of [phone, tablet].entries()) {
      rig.store.outbox.insert({
        deliveryId: `0f0f0f0f-0000-4000-8000-00000000000${index}`,
        deviceId,
        cursor: 1,
        kind: "reply",
        state: "pending",
        createdAt: at + index,
        nextAttemptAt: at,
        attemptCount: 0,
      });
    }
    const attempt = { at, reason: "kind_muted", latencyMs: 0 };
    rig.store.outbox.record("0f0f0f0f-0000-4000-8000-000000000001", attempt, {
      state: "suppressed",
      nextAttemptAt: null,
    });
    const { body } = await rig.ask("GET", "/api/deliveries");
    expect(body.deliveries).toMatchObject([
      { deviceId: tablet.deviceId, createdAt: at + 1, state: "suppressed", attempts: [attempt] },
      { deviceId: phone.deviceId, createdAt: at, state: "pending", attempts: [] },
    ]);
    expect(
      (body.deliveries as Array<{ deviceName: string }>).every(({ deviceName }) => deviceName !== "revoked"),
    ).toBe(true);
    expectProblem(await rig.ask("GET", "/api/deliveries", { token: phone.token }), 403, "scope_forbidden");
  });

  test("C06: the samples of memory and CPU may be seen by any device", async () => {
    const { body } = await rig.ask("GET", "/api/metrics/history", { token: rig.device("read").token });
    expect(body).toEqual({ points: [], sessions: [] });
  });
});
