import { describe, expect, test } from "@jest/globals";
import { WebPushSender } from "../../../../../server/push/webPush/webPushSender.ts";
import { makeBrowserKeys } from "../../../../support/push/webPushRules.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const me = "/api/devices/me";
const { p256dh, auth } = makeBrowserKeys();
const keys = { p256dh, auth: auth.toString("base64url") };
const endpoint = "https://updates.push.services.mozilla.com/wpush/v2/gAAAA";

const subscribe = (token: string, subscription: unknown, more: object = {}) =>
  rig.ask("PATCH", me, { token, body: { push: { provider: "webpush", subscription, ...more } } });

describe("D17: a browser registers for pushes", () => {
  test("with the server's key and its subscription, as the browser writes it", async () => {
    const page = rig.device();
    const { body } = await rig.ask("GET", "/api/push/vapid-key", { token: page.token });
    expect(body).toEqual({ publicKey: rig.webPush.publicKey });
    const registeredAt = rig.clock.now();
    const patched = await subscribe(page.token, { endpoint, expirationTime: null, keys });
    expect(patched.status).toBe(200);
    expect(patched.body.push).toEqual({ provider: "webpush", registeredAt, encrypted: true });
    expect(rig.store.devices.get(page.deviceId)?.push).toEqual({
      provider: "webpush",
      endpoint,
      keys,
      registeredAt,
    });
    expect(rig.store.audit.list(undefined, 1).entries).toMatchObject([
      { action: "push.register", detail: "webpush updates.push.services.mozilla.com" },
    ]);
    expect(JSON.stringify(rig.log.lines)).not.toContain("gAAAA");
  });

  test("again at each visit: the registration is renewed, the audit log is not filled", async () => {
    const page = rig.device();
    await subscribe(page.token, { endpoint, keys });
    const entries = rig.store.audit.list(undefined, 100).entries.length;
    rig.clock.advance(60_000);
    const again = await subscribe(page.token, { endpoint, keys });
    expect(again.body.push).toMatchObject({ registeredAt: rig.clock.now() });
    expect(rig.store.audit.list(undefined, 100).entries).toHaveLength(entries);
  });

  test("and one browser that was paired twice is rung once", async () => {
    const [first, second] = [rig.device(), rig.device()];
    await subscribe(first.token, { endpoint, keys });
    await subscribe(second.token, { endpoint, keys });
    expect(rig.store.devices.get(first.deviceId)?.push).toBeNull();
    expect(rig.store.devices.get(second.deviceId)?.push).toMatchObject({ endpoint });
  });

  test("a device changes its provider, and null removes any", async () => {
    const page = rig.device();
    await rig.ask("PATCH", me, {
      token: page.token,
      body: { push: { provider: "apns", token: "ab".repeat(32) } },
    });
    expect((await subscribe(page.token, { endpoint, keys })).body.push).toMatchObject({
      provider: "webpush",
    });
    const back = await rig.ask("PATCH", me, {
      token: page.token,
      body: { push: { provider: "apns", token: "ab".repeat(32) } },
    });
    expect(back.body.push).toMatchObject({ provider: "apns", environment: "production", encrypted: false });
    await subscribe(page.token, { endpoint, keys });
    const removed = await rig.ask("PATCH", me, { token: page.token, body: { push: null } });
    expect(removed.body.push).toBeNull();
  });
});

describe("D17 A08: what a hostile page may send", () => {
  const bad: Array<[string, unknown, string]> = [
    ["no subscription", undefined, "push.subscription"],
    ["a text", "x", "push.subscription"],
    ["no keys", { endpoint }, "push.subscription.keys"],
    ["http", { endpoint: "http://push.example.org/x", keys }, "push.subscription.endpoint"],
    ["a file", { endpoint: "file:///etc/passwd", keys }, "push.subscription.endpoint"],
    ["this computer", { endpoint: "https://127.0.0.1:3000/api/x", keys }, "push.subscription.endpoint"],
    [
      "the cloud's metadata",
      { endpoint: "https://169.254.169.254/latest", keys },
      "push.subscription.endpoint",
    ],
    ["a name of the LAN", { endpoint: "https://nas/x", keys }, "push.subscription.endpoint"],
    ["a password", { endpoint: "https://a:b@push.example.org/x", keys }, "push.subscription.endpoint"],
    ["a line break", { endpoint: "https://push.example.org/\r\nx", keys }, "push.subscription.endpoint"],
    [
      "an endless endpoint",
      { endpoint: `${endpoint}${"A".repeat(2_100)}`, keys },
      "push.subscription.endpoint",
    ],
    [
      "a point off the curve",
      { endpoint, keys: { ...keys, p256dh: Buffer.alloc(65, 4).toString("base64url") } },
      "push.subscription.keys.p256dh",
    ],
    ["a short point", { endpoint, keys: { ...keys, p256dh: "BAAA" } }, "push.subscription.keys.p256dh"],
    ["a short secret", { endpoint, keys: { ...keys, auth: "AAAA" } }, "push.subscription.keys.auth"],
  ];
  test.each(bad)(
    "%s: 400 that names the field, and nothing is registered",
    async (_name, subscription, path) => {
      const page = rig.device();
      const answer = await subscribe(page.token, subscription);
      expectProblem(answer, 400, "invalid_request");
      expect(answer.body.errors?.map((fault) => fault.path)).toContain(path);
      expect(rig.store.devices.get(page.deviceId)?.push).toBeNull();
    },
  );

  test("fields of the other provider are refused, not ignored: nobody is to believe in a key that is not used", async () => {
    const page = rig.device();
    const encryptionKey = Buffer.alloc(32, 1).toString("base64");
    const answer = await subscribe(page.token, { endpoint, keys }, { encryptionKey, token: "ab".repeat(32) });
    expectProblem(answer, 400, "invalid_request");
    expect(answer.body.errors?.map((fault) => fault.path)).toEqual(["push.token", "push.encryptionKey"]);
    const mixed = await rig.ask("PATCH", me, {
      token: page.token,
      body: { push: { provider: "apns", token: "ab".repeat(32), subscription: { endpoint, keys } } },
    });
    expectProblem(mixed, 400, "invalid_request");
  });

  test("reading devices only, nothing can be registered; the key may be read", async () => {
    const reader = rig.device("read");
    expectProblem(await subscribe(reader.token, { endpoint, keys }), 403, "scope_forbidden");
    expect((await rig.ask("GET", "/api/push/vapid-key", { token: reader.token })).status).toBe(200);
    expectProblem(await rig.ask("GET", "/api/push/vapid-key", { token: null }), 401, "unauthenticated");
  });
});

describe("D17: Web Push that is not set up", () => {
  const off = useRig();
  test("is said when somebody asks for the key or registers", async () => {
    Object.defineProperty(off.webPush, "publicKey", { value: undefined });
    const page = off.device();
    expectProblem(await off.ask("GET", "/api/push/vapid-key", { token: page.token }), 409, "push_disabled");
    const answer = await off.ask("PATCH", me, {
      token: page.token,
      body: { push: { provider: "webpush", subscription: { endpoint, keys } } },
    });
    expectProblem(answer, 409, "push_disabled");
    expect(
      new WebPushSender({
        clock: off.clock,
        pageUrl: () => "https://daylong.example",
        dataDir: off.folder,
        log: off.log,
      }).publicKey,
    ).toBeUndefined();
  });
});
