import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { ActivityRequest } from "../../../../server/domain/delivery/push.ts";
import { systemClock } from "../../../../server/platform/clock.ts";
import { ApnsSender } from "../../../../server/push/apns/apnsSender.ts";
import { type ApnsStandIn, startApnsStandIn } from "../../../support/push/apnsStandIn.ts";

let folder: string;
let apple: ApnsStandIn;
let sender: ApnsSender;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "daylong-activity-"));
  apple = await startApnsStandIn({ tlsDir: join(folder, "tls") });
  const endpoint = { host: apple.host, port: apple.port };
  sender = new ApnsSender({
    clock: systemClock,
    key: { path: apple.keyPath, keyId: apple.keyId, teamId: apple.teamId },
    topic: apple.topic,
    production: endpoint,
    sandbox: endpoint,
    caPath: apple.caPath,
    dataDir: folder,
    log: { info: () => {} },
  });
});
afterAll(async () => {
  await sender.stop(0);
  await apple.close();
  rmSync(folder, { recursive: true, force: true });
});

function push(event: ActivityRequest["event"], encryptionKey?: string): ActivityRequest {
  const now = Date.now();
  const token = "ab".repeat(80);
  return {
    deliveryId: randomUUID(),
    target: { provider: "apns", token, environment: "production", registeredAt: 1, encryptionKey },
    event,
    content: {
      state: "running",
      tool: "Run x",
      startedAt: now,
      leaseExpiresAt: now + 1_000,
      lastText: "Grüße 👋",
    },
    attributes: { sessionId: randomUUID(), turnId: randomUUID(), title: "api", projectName: "acme" },
    at: now,
    untilAt: now + 600_000,
    expiresAt: now + 600_000,
  };
}

describe("D16: pushes to Live Activities over node-apn", () => {
  for (const key of [undefined, Buffer.alloc(32, 7).toString("base64")]) {
    test.each(["start", "update", "end"] as const)(
      `%s breaks none of Apple's rules, ${key ? "for a device with an encryption key" : "in the clear"}`,
      async (event) => {
        const request = push(event, key);
        const outcome = await sender.activity(request);
        expect(outcome).toMatchObject({ outcome: "sent", status: 200, apnsId: request.deliveryId });
        const { headers, payload, fault } = apple.requests.find(
          ({ apnsId }) => apnsId === request.deliveryId,
        )!;
        expect(fault).toBeUndefined();
        expect(headers).toMatchObject({
          "apns-push-type": "liveactivity",
          "apns-topic": `${apple.topic}.push-type.liveactivity`,
          "apns-priority": event === "update" ? "5" : "10",
        });
        expect(payload).toMatchObject({ aps: { event, "content-state": { state: "running" } } });
      },
    );
  }

  test("a 410 gives the instant since when the address is dead", async () => {
    const timestamp = Date.now();
    apple.script({ status: 410, reason: "Unregistered", timestamp });
    expect(await sender.activity(push("update"))).toMatchObject({
      outcome: "gone",
      status: 410,
      sinceAt: timestamp,
    });
  });

  test("an address of the wrong environment, and a refusal for good, are outcomes and no crash", async () => {
    apple.script({ status: 400, reason: "BadDeviceToken" }, { status: 413, reason: "PayloadTooLarge" });
    expect(await sender.activity(push("start"))).toMatchObject({ outcome: "gone", status: 400 });
    expect(await sender.activity(push("end"))).toMatchObject({ outcome: "dead" });
  });
});
