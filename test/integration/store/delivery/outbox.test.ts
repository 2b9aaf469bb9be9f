import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Delivery } from "../../../../server/domain/delivery/delivery.ts";
import { aDelivery, aDevice, useBench } from "../fixture.ts";

const bench = useBench();
const insert = (cursor: number, delivery: Partial<Delivery> = {}, deviceId = "phone"): Delivery => {
  const whole = aDelivery(deviceId, cursor, delivery);
  bench.store.outbox.insert(whole);
  return whole;
};
const stateOf = (delivery: Delivery): string | undefined =>
  bench.store.outbox.get(delivery.deliveryId)?.state;

beforeEach(() => {
  bench.store.devices.insert(aDevice({ deviceId: "phone" }), "hash-phone");
  bench.store.devices.insert(aDevice({ deviceId: "tablet" }), "hash-tablet");
});

describe("the outbox", () => {
  test("gives what is pending and due, oldest first, and says when the next is", () => {
    const { outbox } = bench.store;
    expect(outbox.nextDueAfter(0)).toBeUndefined();
    const second = insert(2, { nextAttemptAt: 10 });
    const first = insert(1, { nextAttemptAt: 20 });
    const third = insert(2, { nextAttemptAt: 20 }, "tablet");
    insert(3, { nextAttemptAt: 21 });
    insert(4, { nextAttemptAt: null });
    insert(5, { nextAttemptAt: 1, state: "sent" });
    expect(outbox.due(20, 10, 20)).toEqual([first, second, third]);
    expect(outbox.due(20, 1, 20)).toEqual([first]);
    expect(outbox.due(9, 10, 20)).toEqual([]);
    expect([0, 10, 20, 21].map((at) => outbox.nextDueAfter(at))).toEqual([10, 20, 21, undefined]);
  });

  test("gives of each device only so many, and holds back one device's without touching another's", () => {
    for (let cursor = 1; cursor <= 5; cursor += 1) insert(cursor, { nextAttemptAt: cursor });
    const theirs = insert(6, { nextAttemptAt: 6 }, "tablet");
    const places = () => bench.store.outbox.due(20, 10, 2).map(({ deviceId, cursor }) => [deviceId, cursor]);
    expect(places()).toEqual([
      ["phone", 1],
      ["phone", 2],
      ["tablet", 6],
    ]);
    bench.store.outbox.hold("phone", 4);
    expect(bench.store.outbox.ofDevice("phone", 9).map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([
      5, 4, 4, 4, 4,
    ]);
    expect(bench.store.outbox.get(theirs.deliveryId)).toEqual(theirs);
  });

  test("has one delivery an event and device", () => {
    insert(1);
    insert(1, {}, "tablet");
    expect(() => insert(1)).toThrow(expect.objectContaining({ code: "SQLITE_CONSTRAINT_UNIQUE" }));
  });

  test("books attempts and the state after each, and keeps them over a restart", () => {
    const older = insert(1);
    const delivery = insert(2);
    const first = { at: 5, status: 503, reason: "ServiceUnavailable", latencyMs: 12.6 };
    bench.store.outbox.record(delivery.deliveryId, first, { state: "pending", nextAttemptAt: 99 });
    expect(bench.store.outbox.get(delivery.deliveryId)).toEqual({
      ...delivery,
      nextAttemptAt: 99,
      attemptCount: 1,
    });
    bench.store.outbox.record(
      delivery.deliveryId,
      { at: 99, latencyMs: 3 },
      { state: "sent", nextAttemptAt: null },
    );
    bench.store.outbox.record(older.deliveryId, undefined, { state: "suppressed", nextAttemptAt: null });
    bench.reopen();
    expect(bench.store.outbox.ofDevice("phone", 10)).toEqual([
      {
        ...delivery,
        state: "sent",
        nextAttemptAt: null,
        attemptCount: 2,
        attempts: [
          { ...first, latencyMs: 13 },
          { at: 99, latencyMs: 3 },
        ],
      },
      { ...older, state: "suppressed", nextAttemptAt: null, attempts: [] },
    ]);
    expect(bench.store.outbox.ofDevice("phone", 1)).toHaveLength(1);
  });

  test("knows over a restart what was claimed, until it is booked, acked or settled", () => {
    const [booked, acked, held, untouched] = [insert(1), insert(2, {}, "tablet"), insert(3), insert(4)];
    const ids = [booked, acked, held].map(({ deliveryId }) => deliveryId);
    bench.store.outbox.claim(ids, 77);
    bench.store.outbox.record(booked.deliveryId, undefined, { state: "pending", nextAttemptAt: 99 });
    bench.store.outbox.ackUpTo("tablet", 0, 2);
    bench.reopen();
    expect(bench.store.outbox.claimed()).toEqual([{ ...held, claimedAt: 77 }]);
    expect(bench.store.outbox.due(1_000_000_000_000_000, 10, 20)).toContainEqual(untouched);
  });

  test("an ack settles what is pending or sent up to its cursor, of that device", () => {
    const pending = insert(1);
    const sent = insert(2, { state: "sent", nextAttemptAt: null });
    const dead = insert(3, { state: "dead", nextAttemptAt: null });
    const later = insert(4);
    const theirs = insert(1, {}, "tablet");
    bench.store.outbox.ackUpTo("phone", 0, 3);
    expect([pending, sent, dead, later, theirs].map(stateOf)).toEqual([
      "acked",
      "acked",
      "dead",
      "pending",
      "pending",
    ]);
    expect(bench.store.outbox.get(pending.deliveryId)?.nextAttemptAt).toBeNull();
  });

  test("an ack looks at nothing up to the cursor that the device held before", () => {
    const before = insert(2, { state: "sent", nextAttemptAt: null });
    const next = insert(3, { state: "sent", nextAttemptAt: null });
    bench.store.outbox.ackUpTo("phone", 2, 3);
    expect([before, next].map(stateOf)).toEqual(["sent", "acked"]);
  });

  test("an outcome that comes after the ack is booked but does not reopen the delivery", () => {
    const delivery = insert(1);
    bench.store.outbox.ackUpTo("phone", 0, 1);
    bench.store.outbox.record(
      delivery.deliveryId,
      { at: 5, latencyMs: 1 },
      { state: "pending", nextAttemptAt: 9 },
    );
    expect(bench.store.outbox.get(delivery.deliveryId)).toMatchObject({
      state: "acked",
      nextAttemptAt: null,
      attemptCount: 1,
    });
    const sent = insert(2, { state: "sent", nextAttemptAt: null });
    bench.store.outbox.record(sent.deliveryId, undefined, { state: "acked", nextAttemptAt: null });
    expect(stateOf(sent)).toBe("acked");
  });

  test("finds what is due, and what an ack settles, by an index", () => {
    const plan = (sql: string): string =>
      bench.connection
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map((row) => row.detail)
        .join("; ");
    expect(
      plan(
        "SELECT * FROM deliveries WHERE state = 'pending' AND next_attempt_at IS NOT NULL AND next_attempt_at <= 5",
      ),
    ).toMatch(/USING INDEX deliveries_due \(next_attempt_at>\? AND next_attempt_at<\?\)|deliveries_due/);
    expect(
      plan(
        "UPDATE deliveries SET state = 'acked' WHERE device_id = 'd' AND cursor > 3 AND cursor <= 5 AND state IN ('pending', 'sent')",
      ),
    ).toMatch(/\(device_id=\? AND cursor>\? AND cursor<\?\)/);
    expect(
      plan(
        `UPDATE deliveries SET next_attempt_at = 9 WHERE device_id = 'd' AND cursor > coalesce((SELECT acked_cursor FROM devices
           WHERE device_id = 'd'), 0) AND +state = 'pending' AND next_attempt_at < 9`,
      ),
    ).toMatch(/SEARCH deliveries USING INDEX \w+ \(device_id=\? AND cursor>\?\)/);
    for (const found of ["state = 'sent' AND cursor IN (SELECT cursor FROM unread)", "cursor <= 5"])
      expect(plan(`SELECT rowid FROM deliveries WHERE ${found}`)).toMatch(
        /^SEARCH deliveries USING .*INDEX deliveries_of_event/,
      );
    expect(
      plan(
        `SELECT count(*) FROM deliveries d CROSS JOIN unread u ON u.cursor = d.cursor
         WHERE d.device_id = 'd' AND d.cursor >= (SELECT min(cursor) FROM unread) AND d.kind <> 'a'`,
      ),
    ).toMatch(
      /SEARCH d USING [A-Z ]+ \w+ \(device_id=\? AND cursor>\?\); .*SEARCH u USING INTEGER PRIMARY KEY/,
    );
  });

  test("claims only what is pending, and knows the claimed in the order of the log", () => {
    const { outbox } = bench.store;
    const [later, earlier] = [insert(7), insert(3)];
    const theirs = insert(3, {}, "tablet");
    const sent = insert(2, { state: "sent", nextAttemptAt: null });
    const claimed = outbox.claim(
      [later, theirs, sent, earlier].map(({ deliveryId }) => deliveryId),
      77,
    );
    expect(new Set(claimed)).toEqual(new Set([later, theirs, earlier]));
    expect(outbox.claim(["none"], 77)).toEqual([]);
    expect(outbox.claimed().map(({ deliveryId, claimedAt }) => [deliveryId, claimedAt])).toEqual([
      [earlier.deliveryId, 77],
      [theirs.deliveryId, 77],
      [later.deliveryId, 77],
    ]);
    outbox.claim([later.deliveryId], 99);
    expect(outbox.claimed().map(({ claimedAt }) => claimedAt)).toEqual([77, 77, 99]);
    outbox.record(later.deliveryId, undefined, { state: "sent", nextAttemptAt: null });
    outbox.ackUpTo("phone", 0, 3);
    expect(outbox.claimed()).toHaveLength(1);
  });

  test("V10 what was sent is reopened by nothing that comes late but by a reopening", () => {
    const { outbox } = bench.store;
    const end = insert(1, { kind: "activity-end", state: "sent", nextAttemptAt: null });
    const theirs = insert(1, { kind: "activity-end", state: "sent", nextAttemptAt: null }, "tablet");
    outbox.record(end.deliveryId, undefined, { state: "pending", nextAttemptAt: 9 });
    outbox.record(end.deliveryId, undefined, { state: "gone", nextAttemptAt: null });
    expect(stateOf(end)).toBe("sent");
    expect(outbox.reopen("phone", 2, "activity-end", 50)).toBe(false);
    expect(outbox.reopen("phone", 1, "activity-start", 50)).toBe(false);
    expect(outbox.reopen("watch", 1, "activity-end", 50)).toBe(false);
    expect(outbox.reopen("phone", 1, "activity-end", 50)).toBe(true);
    expect(outbox.get(end.deliveryId)).toEqual({ ...end, state: "pending", nextAttemptAt: 50 });
    expect(stateOf(theirs)).toBe("sent");
  });

  test("an ack that came while the push was on its way stands, and the attempt is counted and kept all the same", () => {
    const delivery = insert(1);
    bench.store.outbox.ackUpTo("phone", 0, 1);
    const attempt = { at: 5, status: 200, latencyMs: 3 };
    bench.store.outbox.record(delivery.deliveryId, attempt, { state: "sent", nextAttemptAt: null });
    const [row] = bench.store.outbox.ofDevice("phone", 1);
    expect(row).toMatchObject({ state: "acked", nextAttemptAt: null, attemptCount: 1, attempts: [attempt] });
  });

  test.each(["acked", "suppressed", "gone", "dead"] as const)(
    "what is %s stays so, whatever is booked",
    (state) => {
      const delivery = insert(1, { state, nextAttemptAt: null });
      for (const next of ["pending", "sent", "acked", "dead"] as const) {
        bench.store.outbox.record(delivery.deliveryId, undefined, { state: next, nextAttemptAt: 9 });
      }
      expect(bench.store.outbox.get(delivery.deliveryId)).toEqual(delivery);
    },
  );

  test("a Live Activity is settled by no ack, and counted by no badge", () => {
    const { outbox } = bench.store;
    const activities = [
      insert(1, { kind: "activity-start" }),
      insert(2, { kind: "activity-end", state: "sent", nextAttemptAt: null }),
    ];
    outbox.ackUpTo("phone", 0, 3);
    expect(activities.map(stateOf)).toEqual(["pending", "sent"]);
    expect(outbox.unreadCount("phone")).toBe(0);
  });

  test("holding a device back leaves what it holds already to be settled when it is taken", () => {
    const { outbox, devices } = bench.store;
    const [held, open] = [insert(1, { nextAttemptAt: 10 }), insert(2, { nextAttemptAt: 10 })];
    devices.ack("phone", 1);
    outbox.hold("phone", 50);
    expect([held, open].map(({ deliveryId }) => outbox.get(deliveryId)?.nextAttemptAt)).toEqual([10, 50]);
  });

  test("holding a device back moves what falls due before, and nothing that is over or never due", () => {
    const { outbox } = bench.store;
    const due = insert(1, { nextAttemptAt: 10 });
    const same = insert(2, { nextAttemptAt: 50 });
    const sent = insert(3, { nextAttemptAt: 10, state: "sent" });
    const never = insert(4, { nextAttemptAt: null });
    outbox.hold("phone", 50);
    expect([due, same, sent, never].map(({ deliveryId }) => outbox.get(deliveryId)?.nextAttemptAt)).toEqual([
      50,
      50,
      10,
      null,
    ]);
    expect(outbox.due(49, 10, 10)).toEqual([]);
    expect(outbox.due(50, 10, 10)).toHaveLength(2);
  });

  test("an attempt on a delivery that is not there is no error and leaves nothing", () => {
    const { outbox } = bench.store;
    outbox.record("none", { at: 1, latencyMs: 1 }, { state: "sent", nextAttemptAt: null });
    expect(bench.connection.prepare("SELECT count(*) FROM attempts").pluck().get()).toBe(0);
  });
});
