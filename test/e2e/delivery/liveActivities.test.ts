import { beforeAll, describe, expect, test } from "@jest/globals";
import type { RecordedRequest } from "../../support/push/apnsStandIn.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const waitMs = 60_000;
const [startToken, activityToken] = ["5a".repeat(40), "ac".repeat(40)];

interface ActivityPush {
  event: string;
  "content-state": Record<string, unknown>;
  attributes?: Record<string, unknown>;
}
const apsOf = (request: RecordedRequest) => (request.payload as { aps: ActivityPush }).aps;

describe("Live Activities over the real APNs protocol, with the real CLI", () => {
  const scene = useScene({ every: "file", apple: true, settings: { PUSH_GRACE_MS: "300" } });
  let phone: { token: string; deviceId: string };

  beforeAll(async () => {
    phone = await scene.server.pair("phone");
    await ask("PATCH", "/api/devices/me", { push: { liveActivity: { pushToStartToken: startToken } } });
  });

  const ask = (method: string, path: string, body?: unknown) =>
    scene.server.ask(method, path, body, { token: phone.token });
  const pushOf = (token: string, event: string, sessionId?: string) =>
    scene.apple.waitForRequest(
      (request) =>
        request.token === token &&
        apsOf(request).event === event &&
        (sessionId === undefined || apsOf(request).attributes?.sessionId === sessionId),
      waitMs,
    );
  /** A turn that lasts until its permission is answered, and its activity started from afar. */
  async function watchedTurn(
    file: string,
  ): Promise<{ sessionId: string; turnId: string; start: RecordedRequest }> {
    const { body } = await ask("POST", "/api/chat", {
      message: `run: touch ${file}`,
      projectPath: scene.bench.project,
    });
    const start = await pushOf(startToken, "start", body.sessionId);
    await eventually("Claude asks", async () => (await ask("GET", "/api/permissions")).body.permissions[0]);
    return { sessionId: body.sessionId, turnId: body.turnId, start };
  }
  const faults = () => scene.apple.requests.map(({ fault }) => fault).filter(Boolean);

  test("D16: a turn starts its activity, updates it, and ends it", async () => {
    const { sessionId, turnId, start } = await watchedTurn("a.txt");
    expect(start.headers).toMatchObject({ "apns-push-type": "liveactivity", "apns-priority": "10" });
    expect(apsOf(start).attributes).toMatchObject({ sessionId, turnId, projectName: "hello" });

    const named = await ask("PUT", `/api/sessions/${sessionId}/live-activity`, { activityToken });
    expect(named.body).toMatchObject({ sessionId, turnId });
    const update = await pushOf(activityToken, "update");
    expect(update.headers["apns-priority"]).toBe("5");
    expect(apsOf(update)["content-state"]).toMatchObject({
      state: "waiting",
      startedAt: expect.any(Number),
      leaseExpiresAt: expect.any(Number),
    });

    const { permissionId } = (await ask("GET", "/api/permissions")).body.permissions[0];
    await ask("POST", `/api/permissions/${permissionId}`, { decision: "deny" });
    const end = await pushOf(activityToken, "end");
    expect(end.headers["apns-priority"]).toBe("10");
    expect(apsOf(end)["content-state"]).toMatchObject({ state: "completed", lastText: expect.any(String) });
    const log = await eventually("the end is booked", async () => {
      const { deliveries } = (await ask("GET", "/api/devices/me/deliveries")).body;
      return deliveries.every(({ state }: { state: string }) => state === "sent") && deliveries;
    });
    expect(log.map(({ kind }: { kind: string }) => kind)).toEqual(["activity-end", "activity-start"]);
    expect(faults()).toEqual([]);
  });

  test("D16 V10: a server killed in the turn ends the activity when it is back, and an end is sent until it is taken", async () => {
    const { sessionId } = await watchedTurn("b.txt");
    const token = "bd".repeat(40);
    await ask("PUT", `/api/sessions/${sessionId}/live-activity`, { activityToken: token });
    await pushOf(token, "update");
    await scene.server.kill("SIGKILL");
    let refused = 0;
    scene.apple.answerWith((request) => {
      if (request.token !== token || refused > 0) return undefined;
      refused += 1;
      return { status: 503, reason: "ServiceUnavailable" };
    });
    scene.server = await startServer(scene.environment);
    const taken = await scene.apple.waitForRequest(
      (request) => request.token === token && apsOf(request).event === "end" && request.status === 200,
      waitMs,
    );
    // The CLI may have written its last words before it died with the server: then they are the reply.
    const { state } = apsOf(taken)["content-state"];
    expect(["interrupted", "completed"]).toContain(state);
    const ends = scene.apple.requests.filter(
      (request) => request.token === token && apsOf(request).event === "end",
    );
    expect(new Set(ends.map(({ apnsId }) => apnsId)).size).toBe(1);
    expect(ends.length).toBeGreaterThan(1);
    expect(faults()).toEqual([]);
  });

  test("A08: no address of an activity is in the log", () => {
    const log = scene.server.lines.join("\n");
    for (const token of [startToken, activityToken]) expect(log).not.toContain(token);
  });
});
