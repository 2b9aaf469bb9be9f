import { expect, test } from "@jest/globals";
import { BadgeSync } from "../../../../server/delivery/outbox/badgeSync.ts";
import type { PushOutcome, PushTarget, SyncRequest } from "../../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryPush } from "../../../support/push/memoryPush.ts";

const minute = 60_000;
const phone: PushTarget = { provider: "apns", token: "t", environment: "production", registeredAt: 1 };
const page: PushTarget = {
  provider: "webpush",
  endpoint: "https://push.example/1",
  keys: { p256dh: "p", auth: "a" },
  registeredAt: 1,
};

class ScriptedSync extends MemoryPush {
  next: Array<() => PushOutcome> = [];
  override async sync(request: SyncRequest): Promise<PushOutcome> {
    const outcome = await super.sync(request);
    return this.next.shift()?.() ?? outcome;
  }
}

function rig(syncedAt?: number) {
  const clock = new ManualClock(100 * minute);
  const push = new ScriptedSync();
  const told = {
    target: phone as PushTarget | null | undefined,
    synced: [] as Array<[id: string, at: number]>,
    looks: 0,
    logged: [] as Array<[string, string, unknown]>,
  };
  const note = (level: string) => (name: string, fields?: Record<string, unknown>) =>
    void told.logged.push([level, name, fields?.reason ?? String(fields?.error)]);
  const store = {
    events: { tip: () => 9 },
    devices: {
      get: () => (told.target === undefined ? undefined : { push: told.target }),
      syncedAt: (id: string) => {
        told.looks += 1;
        return told.synced.findLast(([of]) => of === id)?.[1] ?? syncedAt;
      },
      setSynced: (id: string, at: number) => void told.synced.push([id, at]),
    },
    outbox: { unreadCount: () => 3 },
  } as never;
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  return { clock, push, told, sync: new BadgeSync({ store, push, clock, log }) };
}

test("D20 a device is told two seconds after the first of many readings, once, and the database knows", async () => {
  const { clock, push, told, sync } = rig();
  const startedAt = clock.now();
  for (let count = 0; count < 5; count += 1) {
    sync.request("phone");
    await clock.run(300);
  }
  await clock.run(499);
  expect([push.syncs, told.synced]).toEqual([[], []]);
  await clock.run(1);
  expect(push.syncs).toMatchObject([{ target: phone, unread: 3, cursor: 9 }]);
  expect(push.syncs[0]?.deliveryId).toMatch(/^[0-9a-f-]{36}$/);
  expect(told.synced).toEqual([["phone", startedAt + 2_000]]);
  expect([told.looks, told.logged, clock.armed]).toEqual([1, [], 0]);
});

test("D20 the next one comes twenty minutes after the one before, to the millisecond", async () => {
  const { clock, push, sync } = rig();
  sync.request("phone");
  await clock.run(2_000);
  sync.request("phone");
  await clock.run(20 * minute - 1);
  expect(push.syncs).toHaveLength(1);
  await clock.run(1);
  expect(push.syncs).toHaveLength(2);
  await clock.run(60 * minute);
  sync.request("phone");
  await clock.run(2_000);
  expect(push.syncs).toHaveLength(3);
});

test("D20 a budget that was spent before the restart is spent", async () => {
  const { clock, push, sync } = rig(95 * minute);
  sync.request("phone");
  await clock.run(15 * minute - 1);
  expect(push.syncs).toEqual([]);
  await clock.run(1);
  expect(push.syncs).toHaveLength(1);
});

test("D20 each device has a budget of its own", async () => {
  const { clock, push, sync } = rig();
  sync.request("phone");
  await clock.run(2_000);
  sync.request("tablet");
  await clock.run(2_000);
  expect(push.syncs).toHaveLength(2);
});

test.each([
  ["a browser", page],
  ["a device without a token", null],
  ["a device that was revoked", undefined],
])("D20 %s is sent nothing, and its budget is not spent", async (_name, target) => {
  const { clock, push, told, sync } = rig();
  told.target = target;
  sync.request("device");
  await clock.run(2_000);
  expect([push.syncs, told.synced]).toEqual([[], []]);
  told.target = phone;
  sync.request("device");
  await clock.run(2_000);
  expect(push.syncs).toHaveLength(1);
  expect(told.looks).toBe(2);
});

test("D20 one that is refused or fails is said, and the next one is sent when its time has come", async () => {
  const { clock, push, told, sync } = rig();
  push.next = [
    () => ({ outcome: "retry", reason: "ServiceUnavailable", latencyMs: 1 }),
    () => {
      throw new Error("A bug.");
    },
  ];
  for (let count = 0; count < 3; count += 1) {
    sync.request("phone");
    await clock.run(20 * minute);
  }
  expect(push.syncs).toHaveLength(3);
  expect(told.logged).toEqual([
    ["info", "sync.not_sent", "ServiceUnavailable"],
    ["warn", "sync.not_sent", "Error: A bug."],
  ]);
});

test("a stop takes the armed ones back, and arms none after it", async () => {
  const { clock, push, sync } = rig();
  sync.request("phone");
  sync.request("tablet");
  expect(clock.armed).toBe(2);
  sync.stop();
  expect(clock.armed).toBe(0);
  sync.request("phone");
  sync.request("watch");
  expect(clock.armed).toBe(0);
  await clock.run(60 * minute);
  expect(push.syncs).toEqual([]);
});

test("D20 a silent push that falls due while the computer sleeps goes out within a minute of waking", async () => {
  const { clock, push, sync } = rig(100 * minute);
  sync.request("phone");
  clock.suspend(19 * minute);
  await clock.run(minute - 1);
  expect(push.syncs).toHaveLength(0);
  clock.suspend(60 * minute);
  await clock.run(minute);
  expect(push.syncs).toHaveLength(1);
  expect(clock.armed).toBe(0);
});
