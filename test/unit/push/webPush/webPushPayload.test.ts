import { describe, expect, test } from "@jest/globals";
import type { PushContent, PushRequest, WebPushTarget } from "../../../../server/domain/delivery/push.ts";
import { type PushKind, pushKinds } from "../../../../server/domain/delivery/pushRules.ts";
import { buildWebPush, maxPlaintextBytes } from "../../../../server/push/webPush/webPushPayload.ts";
import { Chance } from "../../../support/chance.ts";

const at = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const ids = {
  sessionId: "11111111-1111-4111-8111-111111111111",
  turnId: "22222222-2222-4222-8222-222222222222",
  permissionId: "33333333-3333-4333-8333-333333333333",
  messageId: "44444444-4444-4444-8444-444444444444",
};
const request = (content: Partial<PushContent>): PushRequest<WebPushTarget> => ({
  deliveryId: "55555555-5555-4555-8555-555555555555",
  target: {
    provider: "webpush",
    endpoint: "https://push.example/x",
    keys: { p256dh: "", auth: "" },
    registeredAt: 1,
  },
  content: { kind: "reply", cursor: 42, title: "api", body: "Done.", badge: 3, ...ids, ...content },
  at,
});

const pageUrl = "https://daylong.example";

describe("D17 D21: a push for a browser", () => {
  const table: Array<[PushKind, string, string, number]> = [
    ["reply", `turn-${ids.turnId}`, "high", 23],
    ["failed", `turn-${ids.turnId}`, "high", 23],
    ["permission", `perm-${ids.permissionId}`, "high", 1],
    ["question", `perm-${ids.permissionId}`, "high", 1],
    ["plan", `perm-${ids.permissionId}`, "high", 1],
    ["form", `perm-${ids.permissionId}`, "high", 1],
    ["expiring", `lease-${ids.sessionId}`, "high", 1],
    ["expired", `expired-${ids.sessionId}`, "normal", 23],
    ["crashed", `crashed-${ids.sessionId}`, "normal", 23],
    ["notice", "notice-42", "high", 23],
    ["limit", `limit-${ids.sessionId}`, "normal", 23],
    ["login", `login-${ids.sessionId}`, "normal", 23],
    ["resource", `resource-${ids.sessionId}`, "normal", 23],
    ["task", `task-${ids.sessionId}`, "normal", 23],
  ];
  test("every kind is in the table", () => expect(table.map(([kind]) => kind)).toEqual([...pushKinds]));

  test.each(table)(
    "kind %s has the tag %s, urgency %s, and lives %d more hours",
    (kind, tag, urgency, hours) => {
      const push = buildWebPush(request({ kind, expiresAt: at + 2 * hour }), at + hour, pageUrl);
      expect(push).toMatchObject({ urgency, ttlSeconds: hours * 3_600, truncated: false });
      expect(push.topic).toMatch(/^[A-Za-z0-9_-]{32}$/);
      expect(JSON.parse(push.plaintext)).toMatchObject({
        web_push: 8030,
        notification: {
          title: "api",
          body: "Done.",
          navigate: `https://daylong.example/s/${ids.sessionId}`,
          tag,
          silent: false,
          app_badge: 3,
        },
        daylong: { v: 1, kind, cursor: 42, deliveryId: "55555555-5555-4555-8555-555555555555", ...ids },
      });
    },
  );

  test("the topic is the subject's, tells nothing of it, and differs between subjects", () => {
    const [first, again, other] = [
      buildWebPush(request({}), at, pageUrl),
      buildWebPush(request({ body: "Another try.", cursor: 43 }), at + 1, pageUrl),
      buildWebPush(request({ turnId: "99999999-9999-4999-8999-999999999999" }), at, pageUrl),
    ];
    expect(first.topic).toBe(again.topic);
    expect(first.topic).not.toBe(other.topic);
    expect(ids.turnId).not.toContain(first.topic.slice(0, 8));
  });

  test("what came too late is for now or never, not for a negative time", () => {
    expect(buildWebPush(request({}), at + 25 * hour, pageUrl).ttlSeconds).toBe(0);
  });

  test("V15: whatever the text, it fits once encrypted, is whole or says that it is not, and is well-formed", () => {
    const chance = new Chance(2026);
    const alphabet = ["a", "ß", "€", "👋", "\u0000", '"', "\\", "\n", "\ud800", "한"];
    for (let round = 0; round < 400; round += 1) {
      const length = chance.between(0, 6_000);
      const body = Array.from({ length }, () => chance.pick(alphabet)).join("");
      const push = buildWebPush(request({ body, title: body, subtitle: body }), at, pageUrl);
      expect(Buffer.byteLength(push.plaintext)).toBeLessThanOrEqual(maxPlaintextBytes);
      const { notification } = JSON.parse(push.plaintext) as {
        notification: { title: string; body: string };
      };
      expect(notification.body.isWellFormed()).toBe(true);
      const mended = body.toWellFormed();
      // The subtitle, cut as the title is, stands in the first line.
      expect(notification.body.startsWith(`${notification.title}\n`)).toBe(true);
      const said = notification.body.slice(notification.title.length + 1);
      if (push.truncated) expect(mended.startsWith(said)).toBe(true);
      else expect(said).toBe(mended);
    }
  });
});
