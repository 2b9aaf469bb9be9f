import { describe, expect, test } from "@jest/globals";
import type { ActivityRequest } from "../../../../server/domain/delivery/push.ts";
import { buildActivityPush } from "../../../../server/push/apns/activityPayload.ts";
import { maxPayloadBytes } from "../../../../server/push/apns/apnsPayload.ts";
import { Chance } from "../../../support/chance.ts";
import { findActivityFault } from "../../../support/push/apnsRules.ts";

const at = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
const atSeconds = Math.floor(at / 1000);
const minute = 60_000;
const sessionId = "11111111-1111-4111-8111-111111111111";
const turnId = "22222222-2222-4222-8222-222222222222";

function request(change: Partial<ActivityRequest> = {}): ActivityRequest {
  return {
    deliveryId: "55555555-5555-4555-8555-555555555555",
    target: { provider: "apns", token: "ab", environment: "production", registeredAt: 1 },
    event: "update",
    content: {
      state: "running",
      tool: "Run npm test",
      startedAt: at - minute,
      leaseExpiresAt: at + 3_600_000,
      lastText: "Hm.",
    },
    attributes: { sessionId, turnId, title: "Tidy up", projectName: "acme" },
    at,
    untilAt: at + 10 * minute,
    expiresAt: at + 20 * minute,
    ...change,
  };
}
const build = (change: Partial<ActivityRequest> = {}) => {
  const { headers, payload } = buildActivityPush(request(change), "dev.daylong.ios");
  return { headers, payload, aps: (JSON.parse(payload) as { aps: Record<string, unknown> }).aps };
};

describe("D16: a push to a Live Activity", () => {
  test("an update has priority 5, the activity's topic, and the state as docs/api.md names it", () => {
    const { headers, aps } = build();
    expect(headers).toEqual({
      "apns-id": "55555555-5555-4555-8555-555555555555",
      "apns-topic": "dev.daylong.ios.push-type.liveactivity",
      "apns-push-type": "liveactivity",
      "apns-priority": "5",
      "apns-expiration": String(atSeconds + 1_200),
    });
    expect(aps).toEqual({
      timestamp: atSeconds,
      event: "update",
      "content-state": {
        state: "running",
        tool: "Run npm test",
        startedAt: at - minute,
        leaseExpiresAt: at + 3_600_000,
        lastText: "Hm.",
      },
      "stale-date": atSeconds + 600,
    });
  });

  test("a start has priority 10, says what it starts, and rings nobody", () => {
    const { headers, aps } = build({ event: "start" });
    expect(headers["apns-priority"]).toBe("10");
    expect(aps).toMatchObject({
      event: "start",
      "attributes-type": "DaylongActivityAttributes",
      attributes: { sessionId, turnId, title: "Tidy up", projectName: "acme" },
      alert: { title: "Tidy up", body: "Claude is working." },
      "input-push-token": 1,
    });
    expect(aps).not.toHaveProperty("sound");
  });

  test("an end has priority 10, leaves the screen in time, and is younger than the update of the same second", () => {
    const { headers, aps } = build({ event: "end" });
    expect(headers["apns-priority"]).toBe("10");
    expect(aps).toMatchObject({ event: "end", "dismissal-date": atSeconds + 600 });
    expect(aps).not.toHaveProperty("stale-date");
    expect(aps.timestamp).toBeGreaterThan(build().aps.timestamp as number);
  });

  test("the device's own topic is the one that is extended", () => {
    const { target } = request();
    const { headers } = build({ target: { ...target, topic: "dev.daylong.beta" } });
    expect(headers["apns-topic"]).toBe("dev.daylong.beta.push-type.liveactivity");
  });

  test("D15: for a device with an encryption key nothing of the conversation is in it", () => {
    const { target } = request();
    const encryptionKey = Buffer.alloc(32, 7).toString("base64");
    for (const event of ["start", "update", "end"] as const) {
      const { payload, aps } = build({ event, target: { ...target, encryptionKey } });
      expect(Object.keys(aps["content-state"] as object)).toEqual(["state", "startedAt", "leaseExpiresAt"]);
      for (const word of ["Tidy up", "acme", "npm", "Hm."]) expect(payload).not.toContain(word);
    }
  });

  test("the stand-in's rules take what is built, and nothing that ActivityKit would ignore", () => {
    for (const event of ["start", "update", "end"] as const)
      expect(findActivityFault(build({ event }).aps)).toBeUndefined();
    const broken: Array<[string, ActivityRequest["event"], Record<string, unknown>]> = [
      ["event", "update", { event: "stop" }],
      ["timestamp", "update", { timestamp: at }],
      ["content-state", "end", { "content-state": "x" }],
      ["stale-date", "update", { "stale-date": at }],
      ["dismissal-date without an end", "update", { "dismissal-date": atSeconds }],
      ["badge", "update", { badge: 1 }],
      ["attributes", "update", { attributes: {} }],
      ["attributes-type", "start", { "attributes-type": undefined }],
      ["alert", "start", { alert: { title: "x" } }],
    ];
    for (const [fault, event, change] of broken) {
      expect(findActivityFault({ ...build({ event }).aps, ...change })).toBe(fault);
    }
  });

  test("V15: whatever the texts, the payload is at most 4,096 bytes and well-formed", () => {
    const chance = new Chance(16);
    const alphabet = ["a", "ß", "€", "👋", "\u0000", '"', "\\", "\n", "\ud800", "한"];
    const text = () => Array.from({ length: chance.between(0, 3_000) }, () => chance.pick(alphabet)).join("");
    for (let round = 0; round < 300; round += 1) {
      const { payload } = build({
        event: chance.pick(["start", "update", "end"] as const)!,
        content: { ...request().content, tool: text(), lastText: text() },
        attributes: { sessionId, turnId, title: text(), projectName: text() },
      });
      expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(maxPayloadBytes);
      expect(payload.isWellFormed() && !/\\ud[89a-f]/.test(payload)).toBe(true);
    }
  });
});
