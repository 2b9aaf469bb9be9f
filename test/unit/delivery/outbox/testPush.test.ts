import { expect, test } from "@jest/globals";
import { sendTestPush } from "../../../../server/delivery/outbox/testPush.ts";
import type { Device } from "../../../../server/domain/delivery/device.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryPush } from "../../../support/push/memoryPush.ts";

const device = {
  deviceId: "phone",
  name: "Phone",
  push: { provider: "apns", token: "t", environment: "production", registeredAt: 1 },
} as Device;

function rig() {
  const clock = new ManualClock();
  const push = new MemoryPush();
  const store = { events: { tip: () => 9 }, outbox: { unreadCount: () => 3 } } as never;
  return { clock, push, parts: { store, push, clock } };
}

test("D18 a test push says what it is, with the true badge and the tip, and belongs to no session", async () => {
  const { clock, push, parts } = rig();
  const report = await sendTestPush(device, parts);
  expect(push.requests).toEqual([
    {
      deliveryId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      target: device.push,
      content: {
        kind: "reply",
        cursor: 9,
        sessionId: "",
        title: "Daylong",
        badge: 3,
        body: "This is a test. Pushes reach this device.",
      },
      at: clock.now(),
    },
  ]);
  expect(report).toEqual({
    outcome: "sent",
    apnsId: push.requests[0]?.deliveryId,
    status: 200,
    reason: undefined,
    latencyMs: 5,
  });
});

test("D18 Apple's own id of a push that was sent is told, and ours of one that was not", async () => {
  const { push, parts } = rig();
  push.answerNext(
    { outcome: "sent", apnsId: "apple-1", status: 200, latencyMs: 2 },
    { outcome: "retry", reason: "timeout", latencyMs: 10_000 },
  );
  expect(await sendTestPush(device, parts)).toMatchObject({ outcome: "sent", apnsId: "apple-1" });
  expect(await sendTestPush(device, parts)).toEqual({
    outcome: "retry",
    apnsId: push.requests[1]?.deliveryId,
    status: undefined,
    reason: "timeout",
    latencyMs: 10_000,
  });
});

test("D18 a device without a token is named in the refusal, and nothing is sent", async () => {
  const { push, parts } = rig();
  await expect(sendTestPush({ ...device, push: null }, parts)).rejects.toMatchObject({
    code: "push_not_registered",
    message: expect.stringContaining("Phone"),
  });
  expect(push.requests).toEqual([]);
});
