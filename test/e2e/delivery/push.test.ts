import { describe, expect, test } from "@jest/globals";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

const waitMs = 60_000;
const tokenOf = (digit: string) => digit.repeat(64);

describe("pushes over the real APNs protocol", () => {
  const scene = useScene({ every: "file", apple: true, settings: { PUSH_GRACE_MS: "3000" } });

  const pushesTo = (token: string) => scene.apple.requests.filter((request) => request.token === token);
  const pushOf = (token: string, kind: string) =>
    scene.apple.waitForRequest(
      (request) => request.token === token && JSON.stringify(request.payload).includes(`"kind":"${kind}"`),
      waitMs,
    );
  const say = async (
    message: string,
    token: string,
    more: Record<string, unknown> = { projectPath: scene.bench.project },
  ) =>
    (
      await scene.server.ask(
        "POST",
        "/api/chat",
        { message, ...more },
        { token, headers: { prefer: "wait=120" } },
      )
    ).body;

  test("D09 D10 D14: a device without a socket gets one valid push that leads to the full text", async () => {
    const phone = await scene.server.pair("away");
    const body = await say("long: 9000", phone.token, {
      projectPath: scene.bench.project,
      deviceToken: tokenOf("a"),
    });
    const { headers, payload } = await pushOf(tokenOf("a"), "reply");
    expect(headers).toMatchObject({
      "apns-topic": scene.apple.topic,
      "apns-push-type": "alert",
      "apns-priority": "10",
      "apns-collapse-id": `turn-${body.turnId}`,
    });
    const said = payload as { aps: Record<string, unknown>; daylong: Record<string, unknown> };
    expect(Buffer.byteLength(JSON.stringify(payload))).toBeLessThanOrEqual(4_096);
    expect(said.aps).toMatchObject({
      "thread-id": body.sessionId,
      category: "REPLY",
      "mutable-content": 1,
      badge: 1,
    });
    expect(said.daylong).toMatchObject({
      v: 1,
      kind: "reply",
      sessionId: body.sessionId,
      turnId: body.turnId,
      truncated: true,
    });
    const { body: message } = await scene.server.ask(
      "GET",
      `/api/messages/${said.daylong.messageId}`,
      undefined,
      {
        token: phone.token,
      },
    );
    expect(message.text).toBe(body.reply.text);

    const { body: log } = await scene.server.ask("GET", `/api/devices/${phone.deviceId}/deliveries`);
    expect(log.deliveries).toHaveLength(1);
    await eventually("the delivery is sent", async () => {
      const { body: now } = await scene.server.ask("GET", `/api/devices/${phone.deviceId}/deliveries`);
      return now.deliveries[0].state === "sent" && now.deliveries[0].attempts[0].status === 200;
    });
    // The phone comes back and says that it holds everything.
    await scene.server.ask(
      "POST",
      "/api/events/ack",
      { cursor: said.daylong.cursor },
      { token: phone.token },
    );
    const { body: acked } = await scene.server.ask("GET", `/api/devices/${phone.deviceId}/deliveries`);
    expect(acked.deliveries[0].state).toBe("acked");
  });

  test("D03 D13: a device that acks over its socket gets no push; one that is connected but silent gets it after the grace", async () => {
    const watching = await scene.server.pair("watching");
    const silent = await scene.server.pair("silent");
    for (const [device, digit] of [
      [watching, "b"],
      [silent, "c"],
    ] as const) {
      await scene.server.ask(
        "PATCH",
        "/api/devices/me",
        { push: { provider: "apns", token: tokenOf(digit), environment: "production" } },
        { token: device.token },
      );
    }
    const url = `${scene.server.url.replace("http", "ws")}/ws`;
    const [acking, mute] = [
      await connect({ url, token: watching.token }),
      await connect({ url, token: silent.token }),
    ];
    // Acked when it comes, well within the grace, and not when the answer to the request is there.
    const acked = acking
      .waitFor((frame) => frame.event?.type === "turn.completed", waitMs)
      .then(({ event }) => acking.send({ type: "ack", cursor: event!.cursor }));
    await say("say: hello", watching.token);
    await acked;
    await pushOf(tokenOf("c"), "reply");
    expect(pushesTo(tokenOf("b"))).toEqual([]);
    const { body: log } = await scene.server.ask("GET", `/api/devices/${watching.deviceId}/deliveries`);
    expect(log.deliveries.map((delivery: { state: string }) => delivery.state)).toEqual(["acked"]);
    await Promise.all([acking.close(), mute.close()]);
  });

  test("D09: a permission, a failure and a test push reach the phone as their kinds", async () => {
    const phone = await scene.server.pair("asked");
    const asked = scene.server.ask(
      "POST",
      "/api/chat",
      { message: "run: touch pushed.txt", projectPath: scene.bench.project, deviceToken: tokenOf("d") },
      { token: phone.token, headers: { prefer: "wait=120" } },
    );
    const permission = await pushOf(tokenOf("d"), "permission");
    const { aps, daylong } = permission.payload as {
      aps: Record<string, unknown>;
      daylong: Record<string, unknown>;
    };
    expect(aps).toMatchObject({ category: "PERMISSION", "interruption-level": "time-sensitive" });
    expect(permission.headers["apns-collapse-id"]).toBe(`perm-${daylong.permissionId}`);
    await scene.server.ask(
      "POST",
      `/api/permissions/${daylong.permissionId}`,
      { decision: "deny" },
      { token: phone.token },
    );
    await asked;
    await say("error: 400", phone.token);
    const failed = await pushOf(tokenOf("d"), "failed");
    expect(failed.headers["apns-priority"]).toBe("10");
    const test = await scene.server.ask("POST", "/api/devices/test-push", {}, { token: phone.token });
    expect(test.body).toMatchObject({ outcome: "sent", status: 200, apnsId: expect.any(String) });
  });

  test("D11 V10: a push that could not be sent is sent after a restart, with the same apns-id", async () => {
    const phone = await scene.server.pair("patient");
    scene.apple.answerWith((request) =>
      request.token === tokenOf("e") ? { status: 503, reason: "ServiceUnavailable" } : undefined,
    );
    await say("say: later", phone.token, { projectPath: scene.bench.project, deviceToken: tokenOf("e") });
    const first = await pushOf(tokenOf("e"), "reply");
    await scene.server.kill("SIGKILL");
    scene.apple.answerWith(undefined);
    scene.server = await startServer(scene.environment);
    await eventually("the push is accepted", async () =>
      pushesTo(tokenOf("e")).some((request) => request.status === 200),
    );
    const ids = new Set(pushesTo(tokenOf("e")).map((request) => request.apnsId));
    expect([...ids]).toEqual([first.apnsId]);
  });

  test("A08: no token, key or reply is in the log", () => {
    const log = scene.server.lines.join("\n");
    expect(log).not.toContain(tokenOf("e"));
    expect(log).not.toContain(scene.server.adminToken);
    expect(log).not.toContain("ünïcödé");
  });
});
