import { expect, test } from "@jest/globals";
import { durablePush } from "../../../../server/delivery/outbox/durablePush.ts";
import type { PushOutcome, PushRequest } from "../../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryPush } from "../../../support/push/memoryPush.ts";

const request = {
  deliveryId: "delivery-1",
  target: { provider: "apns", token: "token-1", environment: "production", registeredAt: 0 },
} as PushRequest;

test("V2 a push that was given up while the disk did not answer does not ring when it does", async () => {
  const clock = new ManualClock();
  const push = new MemoryPush();
  const owed: Array<() => void> = [];
  const confirmed = durablePush(push, { whenDurable: (tell) => void owed.push(tell) }, clock);
  const outcomes: PushOutcome[] = [];
  void confirmed.send(request).then((outcome) => outcomes.push(outcome));
  await clock.run(29_999);
  expect(outcomes).toEqual([]);
  await clock.run(1);
  expect(outcomes).toMatchObject([{ outcome: "retry", reason: "disk_owes" }]);
  void confirmed.send(request).then((outcome) => outcomes.push(outcome));
  for (const tell of owed.splice(0)) tell();
  await clock.run(60_000);
  expect(push.requests).toHaveLength(1);
  expect(outcomes).toMatchObject([{ outcome: "retry" }, { outcome: "sent" }]);
});
