import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  type BrowserSubscription,
  type RecordedWebPush,
  startWebPushStandIn,
  type WebPushStandIn,
} from "../../support/push/webPushStandIn.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const waitMs = 60_000;

describe("pushes to a browser over the real Web Push protocol", () => {
  const settings: Record<string, string> = {
    VAPID_SUBJECT: "mailto:owner@example.org",
    WEB_PUSH_ALLOW_PRIVATE: "true",
    PUSH_GRACE_MS: "300",
  };
  let service: WebPushStandIn;
  let tlsDir: string;

  // Before the scene's own, because the server is told whom to trust.
  beforeAll(async () => {
    tlsDir = mkdtempSync(join(tmpdir(), "daylong-tls-"));
    service = await startWebPushStandIn({ tlsDir });
    settings.WEB_PUSH_CA_PATH = service.caPath;
  });
  const scene = useScene({ every: "file", settings });
  afterAll(async () => {
    await service.close();
    rmSync(tlsDir, { recursive: true });
  });

  /** What the page does: asks for the key, subscribes with it, registers the subscription. */
  async function subscribe(
    name: string,
  ): Promise<{ token: string; deviceId: string; browser: BrowserSubscription }> {
    const { token, deviceId } = await scene.server.pair(name);
    const { body } = await scene.server.ask("GET", "/api/push/vapid-key", undefined, { token });
    const browser = service.subscribe(body.publicKey);
    const { id: _id, ...subscription } = browser;
    const push = { provider: "webpush", subscription };
    const patched = await scene.server.ask("PATCH", "/api/devices/me", { push }, { token });
    expect(patched.body.push).toMatchObject({ provider: "webpush", encrypted: true });
    return { token, deviceId, browser };
  }
  const say = async (message: string, token: string) =>
    (
      await scene.server.ask(
        "POST",
        "/api/chat",
        { message, projectPath: scene.bench.project },
        { token, headers: { prefer: "wait=120" } },
      )
    ).body;
  const pushTo = (browser: BrowserSubscription, fits: (request: RecordedWebPush) => boolean = () => true) =>
    service.waitForRequest((request) => request.subscriptionId === browser.id && fits(request), waitMs);
  const log = async (token: string) =>
    (await scene.server.ask("GET", "/api/devices/me/deliveries", undefined, { token })).body.deliveries;

  test("D17 D21 D09 D10: a reply and a permission reach the browser, encrypted, and lead to the full text", async () => {
    const { token, browser } = await subscribe("browser");
    const body = await say("long: 9000", token);
    expect(body.deliveryMethod).toEqual(["webpush"]);
    const reply = await pushTo(browser);
    expect(reply).toMatchObject({ fault: undefined, status: 201, headers: { urgency: "high" } });
    expect(reply.payload.daylong).toMatchObject({ kind: "reply", turnId: body.turnId, truncated: true });
    const message = await scene.server.ask(
      "GET",
      `/api/messages/${reply.payload.daylong.messageId}`,
      undefined,
      {
        token,
      },
    );
    expect(message.body.text).toBe(body.reply.text);

    const asked = say("run: touch pushed.txt", token);
    const permission = await pushTo(browser, ({ payload }) => payload?.daylong.kind === "permission");
    // Declarative: a browser that knows the form needs no service worker to show it and to open the session.
    expect(permission.payload).toMatchObject({
      web_push: 8030,
      notification: {
        navigate: `${scene.server.url}/s/${permission.payload.daylong.sessionId}`,
        silent: false,
        app_badge: 2,
      },
    });
    expect(Number(permission.headers.ttl)).toBeLessThanOrEqual(3_600);
    await scene.server.ask(
      "POST",
      `/api/permissions/${permission.payload.daylong.permissionId}`,
      { decision: "deny" },
      { token },
    );
    await asked;
    const test = await scene.server.ask("POST", "/api/devices/test-push", {}, { token });
    expect(test.body).toMatchObject({ outcome: "sent", status: 201 });
    expect((await scene.server.ask("GET", "/health")).body.checks.webPush).toEqual({ state: "ok" });
  });

  test("D17 D11: a refused push is sent after a SIGKILL, as the same delivery, signed with the same key", async () => {
    const { token, browser } = await subscribe("patient");
    service.answerWith(({ subscriptionId }) => (subscriptionId === browser.id ? { status: 503 } : undefined));
    await say("say: zebrafinch", token);
    const first = await pushTo(browser);
    await eventually("the attempt is booked", async () => (await log(token))[0].attempts.length === 1);
    await scene.server.kill("SIGKILL");
    service.answerWith(undefined);
    scene.server = await startServer(scene.environment);
    const accepted = await pushTo(browser, ({ status }) => status === 201);
    expect(accepted.payload.daylong.deliveryId).toBe(first.payload.daylong.deliveryId);
    expect(accepted.headers.topic).toBe(first.headers.topic);
    const [delivery] = await eventually("the delivery is booked", async () => {
      const deliveries = await log(token);
      return deliveries[0].state === "sent" && deliveries;
    });
    expect(delivery.attempts.map(({ status }: { status: number }) => status)).toEqual([503, 201]);
    expect(statSync(join(scene.bench.dataDir, "vapid-keys.json")).mode & 0o777).toBe(0o600);
  });

  test("D17 V14: 429 is tried again when the push service says, not before", async () => {
    const { token, browser } = await subscribe("throttled");
    let asked = false;
    service.answerWith(({ subscriptionId }) => {
      if (subscriptionId !== browser.id || asked) return undefined;
      asked = true;
      return { status: 429, retryAfter: 3 };
    });
    await say("say: slower", token);
    const first = await pushTo(browser, ({ status }) => status === 429);
    const second = await pushTo(browser, ({ status }) => status === 201);
    expect(second.at - first.at).toBeGreaterThanOrEqual(2_990);
  });

  test("A08: no endpoint, key or reply is in the log", () => {
    const text = scene.server.lines.join("\n");
    expect(text).not.toContain("/push/");
    expect(text).not.toContain("p256dh");
    expect(text).not.toContain("zebrafinch");
  });
});
