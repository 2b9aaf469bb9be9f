import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import type { ActivityRequest, ApnsTarget, PushContent } from "../../../../server/domain/delivery/push.ts";
import { pushKinds } from "../../../../server/domain/delivery/pushRules.ts";
import { buildActivityPush } from "../../../../server/push/apns/activityPayload.ts";
import { buildApnsPush, buildSyncPush } from "../../../../server/push/apns/apnsPayload.ts";
import { decryptPush } from "../../../../server/push/encryption.ts";
import {
  alertPushSchema,
  liveActivityPushSchema,
  pushPayloadSchemas,
  sealedPushSchema,
  syncPushSchema,
} from "../../../../server/wire/delivery/pushPayloads.ts";

const fixturePath = "ios-client-spec/fixtures/pushes.json";
const topic = "dev.daylong.ios";
const at = Date.UTC(2026, 0, 1, 12);
const key = Buffer.alloc(32, 7).toString("base64");
const target: ApnsTarget = {
  provider: "apns",
  token: "ab".repeat(32),
  environment: "production",
  registeredAt: 1,
};
const deliveryId = "55555555-5555-4555-8555-555555555555";

const content = (kind: PushContent["kind"]): PushContent => ({
  kind,
  cursor: 42,
  sessionId: "11111111-1111-4111-8111-111111111111",
  turnId: "22222222-2222-4222-8222-222222222222",
  ...(kind === "reply" && { messageId: "44444444-4444-4444-8444-444444444444" }),
  ...(["permission", "question", "plan", "form"].includes(kind) && {
    permissionId: "33333333-3333-4333-8333-333333333333",
    expiresAt: at + 3_600_000,
  }),
  title: "api-server",
  subtitle: "Tidy the tests",
  body: "Done: 12 tests “pass” now. ✅",
  badge: 3,
});

const alerts = pushKinds.map((kind) => ({
  name: kind,
  payload: JSON.parse(buildApnsPush({ deliveryId, target, content: content(kind), at }, topic).payload),
}));
const cut = {
  name: "permission, cut",
  payload: JSON.parse(
    buildApnsPush(
      { deliveryId, target, content: { ...content("permission"), body: "rm -r dist ".repeat(600) }, at },
      topic,
    ).payload,
  ),
};
const sealed = JSON.parse(
  buildApnsPush(
    { deliveryId, target: { ...target, encryptionKey: key }, content: content("reply"), at },
    topic,
    () => Buffer.alloc(12, 9),
  ).payload,
);
const sync = JSON.parse(buildSyncPush({ deliveryId, target, unread: 0, cursor: 43 }, topic).payload);
const activity = (event: ActivityRequest["event"], encryptionKey?: string) => ({
  name: `${event}${encryptionKey === undefined ? "" : ", for a device with a key"}`,
  payload: JSON.parse(
    buildActivityPush(
      {
        deliveryId,
        target: { ...target, encryptionKey },
        event,
        content: {
          state: "running",
          tool: "Bash: npm test",
          startedAt: at - 60_000,
          leaseExpiresAt: at + 3_600_000,
          lastText: "Hm.",
        },
        attributes: {
          sessionId: "11111111-1111-4111-8111-111111111111",
          turnId: "22222222-2222-4222-8222-222222222222",
          title: "Tidy the tests",
          projectName: "api-server",
        },
        at,
        untilAt: at + 600_000,
        expiresAt: at + 1_200_000,
      },
      topic,
    ).payload,
  ),
});
const activities = (["start", "update", "end"] as const).flatMap((event) => [
  activity(event),
  activity(event, key),
]);

describe("D01 D16 I01: the schemas of what Apple delivers", () => {
  // Parsing leaves out what a schema does not name: what comes out equals what went in only when every field is named.
  test.each([...alerts, cut])(
    "an alert of the kind $name has the schema's fields and no other",
    ({ payload }) => {
      expect(alertPushSchema.parse(payload)).toEqual(payload);
    },
  );

  test("a sealed alert shows a subject only when it is opened", () => {
    expect(alertPushSchema.parse(sealed)).toEqual(sealed);
    const opened = JSON.parse(decryptPush(sealed.daylong.enc, key));
    expect(sealedPushSchema.parse(opened)).toEqual(opened);
  });

  test("the push of a read state", () => {
    expect(syncPushSchema.parse(sync)).toEqual(sync);
  });

  test.each(activities)("a push to a Live Activity: $name", ({ payload }) => {
    expect(liveActivityPushSchema.parse(payload)).toEqual(payload);
  });

  test("every schema has a name under which clients find it", () => {
    expect(Object.values(pushPayloadSchemas).map((schema) => schema.meta()?.id)).toEqual([
      "AlertPush",
      "SealedPush",
      "SyncPush",
      "LiveActivityPush",
    ]);
  });
});

test("I02: the fixtures of pushes are what the server builds today", () => {
  const made = { key, alerts: [...alerts, cut], sealed, sync, activities };
  if (process.env.DAYLONG_WRITE_FIXTURES === "1")
    writeFileSync(fixturePath, `${JSON.stringify(made, null, 2)}\n`);
  expect(existsSync(fixturePath)).toBe(true);
  expect(JSON.parse(readFileSync(fixturePath, "utf8"))).toEqual(JSON.parse(JSON.stringify(made)));
});
