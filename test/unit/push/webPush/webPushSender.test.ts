import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "../../../../server/platform/clock.ts";
import { WebPushSender, type WebPushSenderParts } from "../../../../server/push/webPush/webPushSender.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "daylong-webpush-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));
const make = (parts: Partial<WebPushSenderParts> = {}) =>
  new WebPushSender({
    clock: systemClock,
    pageUrl: () => "https://daylong.example",
    log: { info: () => {} },
    dataDir,
    ...parts,
  });

describe("D17 A08: an endpoint", () => {
  const notHttps = "must be an https address";
  const withSecret = "must not hold a user name or password";
  const notPublic = "must be an address of the public Internet";
  test.each([
    ["http://push.example.org/x", notHttps],
    ["push.example.org", notHttps],
    ["", notHttps],
    ["https://user@push.example.org/x", withSecret],
    ["https://:secret@push.example.org/x", withSecret],
    ["https://printer/x", notPublic],
    ["https://printer.lan/x", notPublic],
    ["https://box.home.arpa/x", notPublic],
    ["https://app.localhost/x", notPublic],
    ["https://nas.local./x", notPublic],
    ["https://db.internal/x", notPublic],
    ["https://[fd00::1]/x", notPublic],
    ["https://192.0.2.7/x", notPublic],
    ["https://push.example.org/x", undefined],
    ["https://push.example.org./x", undefined],
    ["https://internal.example.org/x", undefined],
    ["https://notlocal/x.local", notPublic],
    ["https://8.8.8.8/x", undefined],
    ["https://[2607:f8b0::1]/x", undefined],
  ])("%s is refused with: %s", (endpoint, refusal) => expect(make().refusal(endpoint)).toBe(refusal));

  test("of one's own network is refused for its scheme and its secrets alone, where it is allowed", () => {
    const sender = make({ allowPrivateEndpoints: true });
    expect(sender.refusal("https://printer.lan/x")).toBeUndefined();
    expect(sender.refusal("http://printer.lan/x")).toBe(notHttps);
    expect(sender.refusal("https://user@printer.lan/x")).toBe(withSecret);
  });
});

describe("D17: Web Push", () => {
  const request = {
    deliveryId: "d1",
    target: {
      provider: "webpush" as const,
      endpoint: "https://push.example.org/x",
      keys: { p256dh: "", auth: "" },
      registeredAt: 1,
    },
    content: { kind: "reply" as const, cursor: 1, sessionId: "s", title: "t", body: "b", badge: 1 },
    at: 1,
  };

  test("without a contact is off, and makes no keys", async () => {
    const sender = make();
    expect([sender.publicKey, sender.health()]).toEqual([
      undefined,
      { state: "disabled", detail: "vapid_subject_not_set" },
    ]);
    expect(await sender.send(request)).toEqual({
      outcome: "config",
      reason: "webpush_not_configured",
      latencyMs: 0,
    });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test("whose authorities cannot be read fails, and makes no keys", async () => {
    const sender = make({ subject: "mailto:a@b.example", caPath: join(dataDir, "gone.pem") });
    expect([sender.publicKey, sender.health()]).toEqual([
      undefined,
      { state: "failing", detail: "webpush_ca_unreadable" },
    ]);
    expect(await sender.send(request)).toMatchObject({ outcome: "config", reason: "webpush_ca_unreadable" });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test("has no silent push, and says so for each", async () => {
    const told: unknown[] = [];
    const sender = make({
      subject: "mailto:a@b.example",
      log: { info: (name, fields) => void told.push([name, fields]) },
    });
    expect(await sender.sync({ deliveryId: "d1", target: request.target, badge: 0, at: 1 } as never)).toEqual(
      {
        outcome: "dead",
        reason: "no_silent_web_push",
        latencyMs: 0,
      },
    );
    expect(told).toEqual([["webpush.sync_not_possible", { deliveryId: "d1" }]]);
    expect(sender.health()).toEqual({ state: "ok" });
  });

  test("seals nothing with keys that are none: the push is dead, and the server is well", async () => {
    const sender = make({ subject: "mailto:a@b.example" });
    expect(await sender.send(request)).toEqual({
      outcome: "dead",
      reason: "payload_not_built",
      latencyMs: 0,
    });
    expect(sender.health()).toEqual({ state: "ok" });
  });
});
