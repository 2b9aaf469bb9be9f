import { describe, expect, test } from "@jest/globals";
import { DeliveryAttempts } from "../../../../server/delivery/outbox/deliveryAttempts.ts";
import { OutcomeRecorder } from "../../../../server/delivery/outbox/outcomeRecorder.ts";
import {
  type NoPush,
  type PreparedPush,
  pendingAt,
  settled,
} from "../../../../server/delivery/outbox/preparedPush.ts";
import type {
  Delivery,
  DeliveryAttempt,
  DeliveryState,
} from "../../../../server/domain/delivery/delivery.ts";
import type { PushOutcome, PushTarget } from "../../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { held } from "../../../support/push/memoryPush.ts";

const phone: PushTarget = { provider: "apns", token: "t", environment: "production", registeredAt: 1 };
const page = (name: string): PushTarget => ({
  provider: "webpush",
  endpoint: `https://push.example/${name}`,
  keys: { p256dh: "p", auth: "a" },
  registeredAt: 1,
});
const accepted: PushOutcome = { outcome: "sent", apnsId: "a", status: 200, latencyMs: 7 };
const refused: PushOutcome = { outcome: "config", status: 403, reason: "InvalidProviderToken", latencyMs: 1 };
const unregistered: PushOutcome = { outcome: "gone", status: 410, reason: "Unregistered", latencyMs: 3 };

type Booking = [id: string, DeliveryAttempt | undefined, state: DeliveryState, nextAttemptAt: number | null];

function rig() {
  const clock = new ManualClock();
  const rows = new Map<string, Delivery>();
  const booked: Booking[] = [];
  const logged: Array<[level: string, name: string, fields: Record<string, unknown> | undefined]> = [];
  const note = (level: string) => (name: string, fields?: Record<string, unknown>) =>
    void logged.push([level, name, fields]);
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const recorder = new OutcomeRecorder({
    log,
    store: {
      transaction: (work) => work(),
      outbox: {
        record: (id, attempt, next) => void booked.push([id, attempt, next.state, next.nextAttemptAt]),
        claim: () => [],
        hold: () => {},
      },
    },
  });
  const prepared: string[] = [];
  const errands: { next: PreparedPush | NoPush } = { next: { next: settled("suppressed") } };
  const owed: Array<() => void> = [];
  const disk = { owes: false };
  const prepare = (room: string) => ({
    prepare: ({ deliveryId }: Delivery) => {
      prepared.push(`${room} ${deliveryId}`);
      return errands.next;
    },
  });
  const attempts = new DeliveryAttempts({
    store: {
      whenDurable: (tell) => (disk.owes ? void owed.push(tell) : tell()),
      outbox: { get: (id) => rows.get(id), unreadCount: () => 0, unreadCounts: () => new Map() },
      events: { after: () => [] },
      sessions: { get: () => undefined },
      devices: { get: () => undefined, many: () => [] },
    },
    alerts: prepare("alert"),
    activities: prepare("activity"),
    clock,
    log,
    recorder,
    random: () => 0.5,
  });
  const aDelivery = (deliveryId: string): Delivery => ({
    deliveryId,
    deviceId: "phone",
    cursor: 1,
    kind: "reply",
    state: "pending",
    createdAt: clock.now(),
    nextAttemptAt: clock.now(),
    attemptCount: 0,
  });
  const make = async (deliveryId: string) => {
    const [holdUntil] = await Promise.all(attempts.make([rows.get(deliveryId) ?? aDelivery(deliveryId)]));
    recorder.write();
    return holdUntil;
  };
  const claimedAs = (row: Delivery) => Promise.all(attempts.make([row], [row]));
  const add = (deliveryId: string, change: Partial<Delivery> = {}): Delivery => {
    const delivery = { ...aDelivery(deliveryId), ...change };
    rows.set(deliveryId, delivery);
    return delivery;
  };
  const sends: PushTarget[] = [];
  const pushOf = (
    answer: PushOutcome | (() => Promise<PushOutcome>),
    change: Partial<PreparedPush> = {},
  ): PreparedPush => {
    const target = change.target ?? phone;
    return {
      target,
      send: async () => {
        sends.push(target);
        return typeof answer === "function" ? answer() : answer;
      },
      sent: () => settled("sent"),
      gone: () => ({ next: settled("gone") }),
      ...change,
    };
  };
  /** Makes an attempt with this answer, and gives what it booked and for how long the lane is held. */
  const attempt = async (
    answer: PushOutcome | (() => Promise<PushOutcome>),
    change: Partial<PreparedPush> = {},
    row: Partial<Delivery> = {},
  ) => {
    booked.length = 0;
    add("d", row);
    errands.next = pushOf(answer, change);
    const holdUntilAt = await make("d");
    return { booked: [...booked], holdUntilAt };
  };
  const releaseClaim = (delivery: Delivery & { claimedAt: number }) => {
    attempts.releaseClaim(delivery);
    recorder.write();
  };
  return {
    releaseClaim,
    clock,
    rows,
    booked,
    logged,
    make,
    claimedAs,
    errands,
    pushOf,
    prepared,
    owed,
    disk,
    add,
    sends,
    attempt,
  };
}

describe("before a push is sent", () => {
  test("its row as it was claimed is good while the disk owes nothing, and read again when it did", async () => {
    const { claimedAs, errands, pushOf, owed, disk, add, rows, sends } = rig();
    errands.next = pushOf(accepted);
    const row = add("d");
    rows.clear();
    await claimedAs(row);
    expect(sends).toHaveLength(1);
    disk.owes = true;
    const late = claimedAs(row);
    add("d", { state: "acked" });
    for (const tell of owed) tell();
    await late;
    expect(sends).toHaveLength(1);
  });

  test("V2 its event is to be durable, and what was settled by then is not sent", async () => {
    const { make, errands, pushOf, owed, disk, add, rows, sends, booked } = rig();
    disk.owes = true;
    errands.next = pushOf(accepted);
    add("d");
    const attempt = make("d");
    const late = make("acked");
    expect(owed).toHaveLength(2);
    expect(sends).toEqual([]);
    add("acked", { state: "acked" });
    for (const tell of owed) tell();
    await Promise.all([attempt, late]);
    expect(sends).toHaveLength(1);
    expect(booked.map(([id]) => id)).toEqual(["d"]);
    rows.clear();
    disk.owes = false;
    expect(await make("d")).toBeUndefined();
    expect(sends).toHaveLength(1);
  });

  test("alerts and Live Activities are prepared each by their own", async () => {
    const { make, add, prepared } = rig();
    add("a");
    add("b", { kind: "activity-start" });
    add("c", { kind: "activity-end" });
    for (const id of ["a", "b", "c"]) await make(id);
    expect(prepared).toEqual(["alert a", "activity b", "activity c"]);
  });

  test("what is not to be sent is settled, with an entry in its log only when there is a reason", async () => {
    const { make, add, booked, errands, clock } = rig();
    add("d");
    errands.next = { next: settled("suppressed") };
    expect(await make("d")).toBeUndefined();
    errands.next = { next: settled("dead"), reason: "expired" };
    expect(await make("d")).toBeUndefined();
    expect(booked).toEqual([
      ["d", undefined, "suppressed", null],
      ["d", { at: clock.now(), reason: "expired", latencyMs: 0 }, "dead", null],
    ]);
  });
});

describe("what came of a push", () => {
  test("that was accepted is booked at the instant it was sent, not at that of the answer", async () => {
    const { attempt, clock } = rig();
    const sentAt = clock.now();
    const late = async () => {
      clock.jump(400);
      return accepted;
    };
    expect(await attempt(late)).toEqual({
      booked: [["d", { at: sentAt, status: 200, reason: undefined, latencyMs: 7 }, "sent", null]],
      holdUntilAt: undefined,
    });
  });

  test("that is to be retried waits longer each time, and holds its device back for half a minute at most", async () => {
    const { attempt, clock } = rig();
    const busy: PushOutcome = { outcome: "retry", status: 503, reason: "ServiceUnavailable", latencyMs: 1 };
    const now = clock.now();
    const first = await attempt(busy);
    expect(first.booked).toEqual([
      ["d", { at: now, status: 503, reason: "ServiceUnavailable", latencyMs: 1 }, "pending", now + 2_000],
    ]);
    expect(first.holdUntilAt).toBe(now + 2_000);
    const later = await attempt(busy, {}, { attemptCount: 6 });
    expect(later.booked[0]?.[3]).toBe(now + 128_000);
    expect(later.holdUntilAt).toBe(now + 30_000);
  });

  test("that Apple wants back at a certain instant holds its device back until then", async () => {
    const { attempt, clock } = rig();
    const notBeforeAt = clock.now() + 90_000;
    const { booked, holdUntilAt } = await attempt({
      outcome: "retry",
      notBeforeAt,
      reason: "r",
      latencyMs: 1,
    });
    expect([booked[0]?.[3], holdUntilAt]).toEqual([notBeforeAt, notBeforeAt]);
  });

  test("that may go again at once goes at once, and waits from the third time on", async () => {
    const { attempt, clock } = rig();
    const again: PushOutcome = { outcome: "retry", notBeforeAt: clock.now(), reason: "goaway", latencyMs: 1 };
    for (const [attemptCount, delayMs] of [
      [0, 0],
      [1, 0],
      [2, 8_000],
    ] as const) {
      const { booked, holdUntilAt } = await attempt(again, {}, { attemptCount });
      expect([booked[0]?.[3], holdUntilAt]).toEqual([clock.now() + delayMs, clock.now() + delayMs]);
    }
  });

  test("that can never be taken is a dead letter, and said", async () => {
    const { attempt, logged } = rig();
    const { booked, holdUntilAt } = await attempt({
      outcome: "dead",
      status: 413,
      reason: "TooLarge",
      latencyMs: 1,
    });
    expect(booked.map(([, , state]) => state)).toEqual(["dead"]);
    expect(holdUntilAt).toBeUndefined();
    expect(logged).toEqual([
      ["error", "push.dead_letter", { deliveryId: "d", deviceId: "phone", reason: "TooLarge", status: 413 }],
    ]);
  });

  test("whose sender throws is to be retried, and the fault is said", async () => {
    const { attempt, logged, clock } = rig();
    const broken = new Error("A bug.");
    const { booked } = await attempt(() => Promise.reject(broken));
    const entry = { at: clock.now(), status: undefined, reason: "sender_failed", latencyMs: 0 };
    expect(booked).toEqual([["d", entry, "pending", clock.now() + 2_000]]);
    expect(logged).toEqual([["error", "push.sender_failed", { deliveryId: "d", error: broken }]]);
    expect(clock.armed).toBe(0);
  });

  test("whose sender hangs is to be retried after a minute, and a late answer changes nothing", async () => {
    const { attempt, clock } = rig();
    const sentAt = clock.now();
    const answer = held<PushOutcome>();
    const made = attempt(() => answer.promise);
    await clock.run(59_999);
    let isOver = false;
    void made.then(() => {
      isOver = true;
    });
    await clock.settle();
    expect(isOver).toBe(false);
    await clock.run(1);
    const { booked, holdUntilAt } = await made;
    const entry = { at: sentAt, status: undefined, reason: "sender_hangs", latencyMs: 60_000 };
    expect(booked).toEqual([["d", entry, "pending", sentAt + 62_000]]);
    expect(holdUntilAt).toBe(sentAt + 62_000);
    answer.resolve(accepted);
    await clock.settle();
    expect(booked).toHaveLength(1);
  });
});

describe("an address that is refused", () => {
  test("has the after that its kind gives it, by the outcome and the number of the attempt", async () => {
    const { attempt, clock } = rig();
    const asked: unknown[] = [];
    const until = clock.now() + 12_000;
    const gone: PreparedPush["gone"] = (outcome, number) => {
      asked.push(outcome, number);
      return { next: pendingAt(until), holdUntilAt: until };
    };
    const { booked, holdUntilAt } = await attempt(unregistered, { gone }, { attemptCount: 4 });
    expect(asked).toEqual([unregistered, 5]);
    expect(booked).toEqual([
      ["d", { at: clock.now(), status: 410, reason: "Unregistered", latencyMs: 3 }, "pending", until],
    ]);
    expect(holdUntilAt).toBe(until);
  });

  test("may be tried in another way at once: two attempts, and the second one's after counts", async () => {
    const { attempt, pushOf, sends, clock } = rig();
    const other: PushTarget = { ...phone, environment: "sandbox" };
    const numbers: number[] = [];
    const fallback = pushOf(unregistered, {
      target: other,
      gone: (_outcome, number) => {
        numbers.push(number);
        return { next: settled("gone") };
      },
    });
    const { booked } = await attempt(unregistered, { gone: () => ({ fallback }) });
    expect(sends).toEqual([phone, other]);
    expect(numbers).toEqual([2]);
    expect(booked.map(([, , state, at]) => [state, at])).toEqual([
      ["pending", clock.now()],
      ["gone", null],
    ]);
  });
});

describe("V14 a fault of our own configuration", () => {
  test("stops the route: what else goes over it waits without being sent, and without an entry", async () => {
    const { attempt, clock, sends } = rig();
    const now = clock.now();
    const first = await attempt(refused);
    expect(first.booked).toEqual([
      ["d", { at: now, status: 403, reason: "InvalidProviderToken", latencyMs: 1 }, "pending", now + 60_000],
    ]);
    expect(first.holdUntilAt).toBe(now + 60_000);
    clock.jump(1_000);
    const second = await attempt(accepted, {}, { deviceId: "tablet" });
    expect(second).toEqual({ booked: [["d", undefined, "pending", now + 60_000]], holdUntilAt: undefined });
    expect(sends).toHaveLength(1);
    clock.jump(59_000);
    expect((await attempt(accepted, {}, { deviceId: "tablet" })).booked[0]?.[2]).toBe("sent");
  });

  test("is said once until a push gets through, and anew when it is another one", async () => {
    const { attempt, clock, logged } = rig();
    const said = () => logged.splice(0).map(([level, name, fields]) => [level, name, fields?.reason]);
    const next = async (outcome: PushOutcome) => {
      clock.jump(60_000);
      await attempt(outcome);
      return said();
    };
    expect(await next(refused)).toEqual([["error", "push.misconfigured", "InvalidProviderToken"]]);
    expect(await next(refused)).toEqual([]);
    expect(await next({ ...refused, reason: "TopicDisallowed" })).toEqual([
      ["error", "push.misconfigured", "TopicDisallowed"],
    ]);
    expect(await next(accepted)).toEqual([]);
    expect(await next({ ...refused, reason: "TopicDisallowed" })).toHaveLength(1);
  });

  test.each([
    ["gone", unregistered],
    ["dead", { outcome: "dead", status: 413, reason: "PayloadTooLarge", latencyMs: 1 }],
    ["accepted", accepted],
  ] as Array<[string, PushOutcome]>)(
    "is over when the probe is %s: the route is open for all",
    async (_name, outcome) => {
      const { attempt, clock, sends } = rig();
      await attempt(refused);
      clock.jump(60_000);
      await attempt(outcome, {}, { deviceId: "tablet" });
      await attempt(accepted, {}, { deviceId: "watch" });
      expect(sends).toHaveLength(3);
    },
  );

  test("that is busy is no proof that it is mended: the others wait on", async () => {
    const { attempt, clock, sends } = rig();
    await attempt(refused);
    clock.jump(60_000);
    await attempt({ outcome: "retry", reason: "r", latencyMs: 1 }, {}, { deviceId: "tablet" });
    await attempt(accepted, {}, { deviceId: "watch" });
    expect(sends).toHaveLength(2);
  });

  test("that cannot tell about this address leaves the route alone", async () => {
    const { attempt, logged } = rig();
    const misconfigured = () => ({ next: settled("gone" as const) });
    const { booked, holdUntilAt } = await attempt(refused, { misconfigured });
    expect(booked.map(([, , state]) => state)).toEqual(["gone"]);
    expect([holdUntilAt, logged]).toEqual([undefined, []]);
    expect((await attempt(accepted)).booked[0]?.[2]).toBe("sent");
  });
});

describe("D17 V14 a browser that its push service refuses", () => {
  const at = (name: string) => [{ target: page(name) }, { deviceId: name }] as const;

  test("is asked again later and later, its other news after a minute, and no other browser waits", async () => {
    const { attempt, clock, logged } = rig();
    const now = clock.now();
    const first = await attempt(refused, ...at("a"));
    expect(first.booked[0]?.slice(2)).toEqual(["pending", now + 60_000]);
    expect(first.holdUntilAt).toBe(now + 60_000);
    expect(logged).toEqual([
      ["warn", "push.device_refused", { deviceId: "a", reason: "InvalidProviderToken", status: 403 }],
    ]);
    const [pushOf, row] = at("a");
    const tenth = await attempt(refused, pushOf, { ...row, attemptCount: 9 });
    expect(tenth.booked[0]?.[3]).toBe(now + 900_000);
    expect(tenth.holdUntilAt).toBe(now + 60_000);
    expect((await attempt(accepted, ...at("b"))).booked[0]?.[2]).toBe("sent");
  });

  test("is no exception when three are refused and none gets through: then it is us", async () => {
    const { attempt, clock, logged } = rig();
    for (const name of ["a", "b", "c"]) await attempt(refused, ...at(name));
    expect(logged.map(([, name]) => name)).toEqual([
      ...["push.device_refused", "push.device_refused", "push.misconfigured"],
    ]);
    const { booked } = await attempt(accepted, ...at("d"));
    expect(booked).toEqual([["d", undefined, "pending", clock.now() + 60_000]]);
  });

  test("before it was asked (no status) is our fault at once", async () => {
    const { attempt, logged } = rig();
    await attempt({ ...refused, status: undefined }, ...at("a"));
    expect(logged.map(([, name]) => name)).toEqual(["push.misconfigured"]);
  });
});

test("a delivery that a run before had in hand is given back at once, and from the third time on after a pause", () => {
  const { releaseClaim, add, booked, clock } = rig();
  const claimedAt = clock.now() - 5_000;
  for (const attemptCount of [0, 1, 2]) releaseClaim({ ...add("d", { attemptCount }), claimedAt });
  const entry = { at: claimedAt, reason: "server_stopped", latencyMs: 0 };
  expect(booked).toEqual([
    ["d", entry, "pending", clock.now()],
    ["d", entry, "pending", clock.now()],
    ["d", entry, "pending", clock.now() + 8_000],
  ]);
});
