import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { PushRequest, WebPushTarget } from "../../../../server/domain/delivery/push.ts";
import { pushKinds } from "../../../../server/domain/delivery/pushRules.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { WebPushSender, type WebPushSenderParts } from "../../../../server/push/webPush/webPushSender.ts";
import {
  type BrowserSubscription,
  startWebPushStandIn,
  type WebPushStandIn,
} from "../../../support/push/webPushStandIn.ts";

const hour = 3_600_000;

let folder: string;
let dataDir: string;
let service: WebPushStandIn;
let offsetMs: number;
let told: Array<{ name: string; fields: Record<string, unknown> }>;
const senders: WebPushSender[] = [];
const clock = { now: () => Date.now() + offsetMs, monotonic: () => systemClock.monotonic() };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-webpush-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  offsetMs = 0;
  told = [];
  dataDir = join(folder, randomUUID());
  mkdirSync(dataDir);
  service = await startWebPushStandIn({ tlsDir: join(folder, "tls"), clock });
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop(0)));
  await service.close();
});

function makeSender(parts: Partial<WebPushSenderParts> = {}): WebPushSender {
  const sender = new WebPushSender({
    clock,
    subject: "mailto:owner@example.org",
    pageUrl: () => "https://daylong.example",
    dataDir,
    caPath: service.caPath,
    allowPrivateEndpoints: true,
    log: { info: (name, fields = {}) => void told.push({ name, fields }) },
    ...parts,
  });
  senders.push(sender);
  return sender;
}

const subscribe = (sender: WebPushSender) => service.subscribe(sender.publicKey!);

function pushTo(
  { endpoint, keys }: Pick<BrowserSubscription, "endpoint" | "keys">,
  content: Partial<PushRequest["content"]> = {},
): PushRequest<WebPushTarget> {
  return {
    deliveryId: randomUUID(),
    target: { provider: "webpush", endpoint, keys, registeredAt: 1 },
    content: {
      kind: "reply",
      cursor: 7,
      sessionId: randomUUID(),
      turnId: randomUUID(),
      title: "api",
      body: "Grüße 👋",
      badge: 1,
      ...content,
    },
    at: clock.now(),
  };
}

describe("D17: a push that the push service accepts", () => {
  test.each(pushKinds)(
    "a push of kind %s is signed, encrypted for this browser, and breaks no rule",
    async (kind) => {
      const sender = makeSender();
      const push = pushTo(subscribe(sender), {
        kind,
        permissionId: randomUUID(),
        expiresAt: clock.now() + 2 * hour,
      });
      const outcome = await sender.send(push);
      expect(outcome).toMatchObject({ outcome: "sent", status: 201, apnsId: push.deliveryId });
      const [request] = service.requests;
      expect(request).toMatchObject({
        fault: undefined,
        status: 201,
        headers: { "content-encoding": "aes128gcm" },
      });
      expect(Number(request!.headers.ttl)).toBeGreaterThan(3_600);
      expect(request!.payload).toMatchObject({
        web_push: 8030,
        notification: { title: "api", body: expect.stringContaining("Grüße 👋") },
        daylong: { v: 1, kind, deliveryId: push.deliveryId },
      });
      expect(request!.claims).toMatchObject({ aud: service.origin, sub: "mailto:owner@example.org" });
      expect(sender.health()).toEqual({ state: "ok" });
    },
  );

  test("V15: the longest text is cut to what every push service takes", async () => {
    const sender = makeSender();
    const outcome = await sender.send(pushTo(subscribe(sender), { body: "👋".repeat(100_000) }));
    expect(outcome.outcome).toBe("sent");
    expect(service.requests[0]).toMatchObject({
      fault: undefined,
      payload: { daylong: { truncated: true } },
    });
    expect(service.requests[0]!.bodyBytes).toBeLessThanOrEqual(4_096);
    expect(service.requests[0]!.bodyBytes).toBeGreaterThan(4_080);
  });

  test("the signature is used for hours, never longer than it holds, and each push service has its own", async () => {
    const sender = makeSender();
    const subscription = subscribe(sender);
    const signatures = new Set<string>();
    // In the past, because the library measures a signature's end by the system's clock.
    for (const hours of [-25, -24, -20, -18, -13, 0]) {
      offsetMs = hours * hour;
      expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "sent" });
      signatures.add(service.requests.at(-1)!.headers.authorization!);
    }
    // The stand-in's clock is the same: each was valid, and none for more than 24 hours.
    expect(service.requests.every(({ fault }) => fault === undefined)).toBe(true);
    expect(signatures.size).toBe(3);
  });
});

describe("D17 A08: the server's keys", () => {
  test("are made once, kept with 0600, and the same after a restart", () => {
    const first = makeSender();
    const path = join(dataDir, "vapid-keys.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(Buffer.from(first.publicKey!, "base64url")).toHaveLength(65);
    chmodSync(path, 0o644);
    expect(makeSender().publicKey).toBe(first.publicKey);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("are never made anew over a damaged file, and the file's text is not told", async () => {
    const path = join(dataDir, "vapid-keys.json");
    const { publicKey } = makeSender();
    const privateKey = (JSON.parse(readFileSync(path, "utf8")) as { privateKey: string }).privateKey;
    const other = Buffer.alloc(32, 7).toString("base64url");
    for (const text of [
      `{"privateKey":${privateKey}`,
      JSON.stringify({ v: 1, publicKey, privateKey: other }),
      "{}",
    ]) {
      writeFileSync(path, text);
      const sender = makeSender();
      expect(sender.publicKey).toBeUndefined();
      expect(sender.health()).toEqual({ state: "failing", detail: "vapid_keys_unusable" });
      expect(await sender.send(pushTo(service.subscribe(publicKey!)))).toMatchObject({ outcome: "config" });
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    expect(JSON.stringify(told)).not.toContain(privateKey.slice(0, 8));
  });

  test("without a contact Web Push is off: no key, no file, no push", async () => {
    const sender = makeSender({ subject: undefined });
    expect(sender.publicKey).toBeUndefined();
    expect(sender.health()).toEqual({ state: "disabled", detail: "vapid_subject_not_set" });
    expect(await sender.send(pushTo(service.subscribe("x")))).toMatchObject({ outcome: "config" });
    expect(() => statSync(join(dataDir, "vapid-keys.json"))).toThrow();
    expect(service.requests).toEqual([]);
  });

  test("a subscription to another server's keys is refused, and that shows in health until a push gets through", async () => {
    const sender = makeSender();
    const outcome = await sender.send(pushTo(service.subscribe("A".repeat(87))));
    expect(outcome).toMatchObject({ outcome: "config", status: 403 });
    expect(service.requests[0]).toMatchObject({ fault: "another vapid key" });
    expect(sender.health()).toMatchObject({ state: "failing" });
    await sender.send(pushTo(subscribe(sender)));
    expect(sender.health()).toEqual({ state: "ok" });
  });
});

describe("D17: what goes wrong", () => {
  test("a push sealed for another browser's keys does not open", async () => {
    const sender = makeSender();
    const [mine, other] = [subscribe(sender), subscribe(sender)];
    const outcome = await sender.send(pushTo({ endpoint: mine.endpoint, keys: other.keys }));
    expect(outcome).toMatchObject({ outcome: "dead", status: 400 });
    expect(service.requests[0]).toMatchObject({ fault: "does not open", payload: undefined });
  });

  test("a changed secret alone is enough for it not to open", async () => {
    const sender = makeSender();
    const { endpoint, keys } = subscribe(sender);
    await sender.send(pushTo({ endpoint, keys: { ...keys, auth: Buffer.alloc(16).toString("base64url") } }));
    expect(service.requests[0]).toMatchObject({ fault: "does not open" });
  });

  test.each([404, 410] as const)("a subscription that is over is told as gone (%d)", async (status) => {
    const sender = makeSender();
    const subscription = subscribe(sender);
    service.end(subscription.id, status);
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "gone", status });
  });

  test("429 and 503 name the instant to come back, in seconds or as a date", async () => {
    const sender = makeSender();
    const subscription = subscribe(sender);
    service.script(
      { status: 429, retryAfter: 120 },
      { status: 503, retryAfter: new Date(clock.now() + 60_000).toUTCString() },
    );
    const first = await sender.send(pushTo(subscription));
    expect(first).toMatchObject({ outcome: "retry", status: 429 });
    expect((first as { notBeforeAt: number }).notBeforeAt - clock.now()).toBeGreaterThan(60_000);
    const second = await sender.send(pushTo(subscription));
    expect((second as { notBeforeAt: number }).notBeforeAt - clock.now()).toBeGreaterThan(50_000);
  });

  test("413 is a dead letter, and the reason is taken only when it is a plain word", async () => {
    const sender = makeSender();
    const subscription = subscribe(sender);
    service.script(
      { status: 413, body: JSON.stringify({ reason: "PayloadTooLarge" }) },
      { status: 400, body: JSON.stringify({ reason: "<script>\u001b[31m" }) },
    );
    expect(await sender.send(pushTo(subscription))).toMatchObject({
      outcome: "dead",
      reason: "PayloadTooLarge",
    });
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "dead", reason: "HTTP 400" });
  });

  test("a redirect is not followed", async () => {
    const sender = makeSender();
    service.script({ status: 307, location: `${service.origin}/push/elsewhere` });
    expect(await sender.send(pushTo(subscribe(sender)))).toMatchObject({ outcome: "dead", status: 307 });
    expect(service.requests).toHaveLength(1);
  });

  test("silence, a reset and an answer without end are ended by us, and tried again", async () => {
    const sender = makeSender({ requestTimeoutMs: 2_000 });
    const subscription = subscribe(sender);
    service.script("silence", "reset", "flood");
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "retry", reason: "timeout" });
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "retry", reason: "reset" });
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "retry", status: 500 });
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "sent" });
  });

  test("a certificate that is not trusted is no push service, and shows in health", async () => {
    const sender = makeSender({ caPath: undefined });
    expect(await sender.send(pushTo(subscribe(sender)))).toMatchObject({
      outcome: "retry",
      reason: "untrusted",
    });
    expect(sender.health()).toEqual({ state: "failing", detail: "untrusted" });
    expect(service.requests).toEqual([]);
  });

  test("keys that are none are a dead letter, not a crash", async () => {
    const sender = makeSender();
    const { endpoint } = subscribe(sender);
    const keys = { p256dh: Buffer.alloc(65, 4).toString("base64url"), auth: "AAAAAAAAAAAAAAAAAAAAAA" };
    expect(await sender.send(pushTo({ endpoint, keys }))).toMatchObject({ outcome: "dead" });
  });

  test("a stop ends what is in flight after its grace, and takes nothing more", async () => {
    const sender = makeSender();
    const subscription = subscribe(sender);
    service.script("silence");
    const pending = sender.send(pushTo(subscription));
    await service.waitForRequest(() => true, 30_000);
    await sender.stop(10);
    expect(await pending).toMatchObject({ outcome: "retry" });
    expect(await sender.send(pushTo(subscription))).toMatchObject({ outcome: "retry", reason: "stopping" });
  });
});

describe("D17 A08: the server is nobody's way into this network", () => {
  const refused = [
    "http://push.example.org/x",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f.0.0.1/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://10.0.0.8/x",
    "https://192.168.1.1:8443/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://localhost./x",
    "https://nas/x",
    "https://printer.local/x",
    "https://api.internal/x",
    "https://user:secret@push.example.org/x",
    "not a url",
  ];
  test.each(refused)("%s is refused when it is registered, and when it is sent to", async (endpoint) => {
    const sender = makeSender({ allowPrivateEndpoints: false });
    expect(sender.refusal(endpoint)).toMatch(/^must /);
    const { keys } = subscribe(sender);
    expect(await sender.send(pushTo({ endpoint, keys }))).toMatchObject({
      outcome: "dead",
      reason: "endpoint_refused",
    });
  });

  test.each([
    "https://fcm.googleapis.com/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "https://web.push.apple.com/abc",
    "https://[2607:f8b0:4005::200e]:8443/x",
  ])("%s may be registered", (endpoint) =>
    expect(makeSender({ allowPrivateEndpoints: false }).refusal(endpoint)).toBeUndefined(),
  );

  test("a public name that leads here is not connected to", async () => {
    let connections = 0;
    const trap = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.1", resolve));
    const sender = makeSender({ allowPrivateEndpoints: false });
    // What a name under somebody else's control would resolve to; the refusal of the name itself is taken out of the way.
    Object.defineProperty(sender, "refusal", { value: () => undefined });
    const endpoint = `https://localhost:${(trap.address() as AddressInfo).port}/push`;
    const { keys } = subscribe(sender);
    expect(await sender.send(pushTo({ endpoint, keys }))).toMatchObject({
      outcome: "retry",
      reason: "private",
    });
    expect(connections).toBe(0);
    await new Promise((resolve) => trap.close(resolve));
  });
});

test("A08: neither endpoint nor key nor text is told to the log", async () => {
  const sender = makeSender();
  const subscription = subscribe(sender);
  service.script({ status: 500 }, { status: 410 }, "reset");
  for (let sent = 0; sent < 3; sent += 1) await sender.send(pushTo(subscription));
  const log = JSON.stringify(told);
  expect(told.map(({ name }) => name)).toEqual(["webpush.not_sent", "webpush.not_sent", "webpush.not_sent"]);
  for (const secret of [subscription.id, subscription.keys.auth, subscription.keys.p256dh, "Grüße"]) {
    expect(log).not.toContain(secret);
  }
});
