import { expect, test } from "@jest/globals";
import { durablePush } from "../../../../server/delivery/outbox/durablePush.ts";
import type {
  ActivityRequest,
  ApnsTarget,
  PushOutcome,
  PushRequest,
  SyncRequest,
} from "../../../../server/domain/delivery/push.ts";
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
  expect(outcomes).toEqual([{ outcome: "retry", reason: "disk_owes", latencyMs: 30_000 }]);
  void confirmed.send(request).then((outcome) => outcomes.push(outcome));
  for (const tell of owed.splice(0)) tell();
  await clock.run(60_000);
  expect(push.requests).toHaveLength(1);
  expect(outcomes).toMatchObject([{ outcome: "retry" }, { outcome: "sent" }]);
});

test("V2 every kind of push waits for the disk, and goes as it is when the disk has confirmed", async () => {
  const clock = new ManualClock();
  const push = new MemoryPush();
  const owed: Array<() => void> = [];
  const confirmed = durablePush(push, { whenDurable: (tell) => void owed.push(tell) }, clock);
  const { target } = request as PushRequest<ApnsTarget>;
  const sync: SyncRequest = { deliveryId: "delivery-2", target, unread: 1, cursor: 2 };
  const activity = { deliveryId: "delivery-3", target } as ActivityRequest;
  const made = [confirmed.send(request), confirmed.sync(sync), confirmed.activity(activity)];
  await clock.settle();
  expect([push.requests, push.syncs, push.activities]).toEqual([[], [], []]);
  for (const tell of owed) tell();
  expect((await Promise.all(made)).map(({ outcome }) => outcome)).toEqual(["sent", "sent", "sent"]);
  expect([push.requests, push.syncs, push.activities]).toEqual([[request], [sync], [activity]]);
  expect(clock.armed).toBe(0);
});

test("a sender that throws is heard, and its health and its stop are the sender's own", async () => {
  const clock = new ManualClock();
  const push = new MemoryPush().answerNext(() => {
    throw new Error("A bug.");
  });
  const confirmed = durablePush(push, { whenDurable: (tell) => tell() }, clock);
  await expect(confirmed.send(request)).rejects.toThrow("A bug.");
  expect(clock.armed).toBe(0);
  expect(confirmed.health("apns")).toEqual({ state: "ok" });
  await confirmed.stop(5);
  expect(push.stopped).toBe(true);
});
