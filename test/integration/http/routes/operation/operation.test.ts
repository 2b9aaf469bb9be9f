import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

describe("O06: health", () => {
  test("O06: anybody may see the state; its parts are for holders of a token", async () => {
    const open = await rig.ask("GET", "/health", { token: null });
    expect(open.status).toBe(200);
    expect(open.body).toEqual({ status: "ok", version: "9.9.9", uptimeMs: 5000 });
    const stranger = await rig.ask("GET", "/health", { token: "C".repeat(43) });
    expect(stranger.body).toEqual(open.body);
    const reader = await rig.ask("GET", "/health", { token: rig.device("read").token });
    expect(reader.body).toEqual({ ...open.body, checks: { database: { state: "ok" } } });
  });

  test("O06: a degraded server answers 200, a failing one 503", async () => {
    const checks = { claude: { state: "failing", detail: "The CLI is missing." } };
    rig.health = { status: "degraded", checks };
    expect((await rig.ask("GET", "/health")).status).toBe(200);
    rig.health = { status: "failing", checks };
    const failing = await rig.ask("GET", "/health");
    expect([failing.status, failing.body]).toEqual([
      503,
      expect.objectContaining({ status: "failing", checks }),
    ]);
    const open = await rig.ask("GET", "/health", { token: null });
    expect([open.status, open.text]).toEqual([503, expect.not.stringContaining("CLI")]);
  });
});

describe("A06: audit", () => {
  test("A06: who did what is listed for the owner, the latest first and page by page", async () => {
    const phone = rig.device();
    await rig.ask("PATCH", "/api/devices/me", { token: phone.token, body: { name: "Renamed" } });
    const first = await rig.ask("GET", "/api/audit?limit=1");
    expect(first.body.entries).toEqual([
      {
        at: rig.clock.now(),
        deviceId: phone.deviceId,
        action: "device.rename",
        target: phone.deviceId,
        detail: "Renamed",
      },
    ]);
    const next = await rig.ask("GET", `/api/audit?before=${first.body.nextBefore}`);
    expect((next.body.entries as Array<{ action: string }>).map((entry) => entry.action)).toEqual([
      "device.pair",
      "pairing-code.create",
      "admin-token.accept",
    ]);
    expect(next.body).not.toHaveProperty("nextBefore");
    expectProblem(await rig.ask("GET", "/api/audit?before=x"), 400, "invalid_request");
  });
});

describe("GET /api/metrics/sessions", () => {
  test("answers any token, and nobody else, with what is now and what was since the start", async () => {
    expectProblem(await rig.ask("GET", "/api/metrics/sessions", { token: null }), 401, "unauthenticated");
    const { status, body } = await rig.ask("GET", "/api/metrics/sessions", {
      token: rig.device("read").token,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      spares: 0,
      starts: { spare: 0, cold: 0, resumed: 0 },
      wakes: 0,
      crashes: 0,
    });
  });
});
