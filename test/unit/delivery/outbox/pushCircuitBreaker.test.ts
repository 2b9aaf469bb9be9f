import { describe, expect, test } from "@jest/globals";
import {
  massSize,
  PushCircuitBreaker,
  probeEveryMs,
} from "../../../../server/delivery/outbox/pushCircuitBreaker.ts";
import type { ApnsTarget, PushTarget } from "../../../../server/domain/delivery/push.ts";

const target = (change: Partial<ApnsTarget> = {}): ApnsTarget => ({
  provider: "apns",
  token: "t",
  environment: "production",
  registeredAt: 1,
  ...change,
});

test("V14 a route that refuses everything is asked by one push a minute, whichever device it is for", () => {
  const pushCircuitBreaker = new PushCircuitBreaker();
  expect(pushCircuitBreaker.admit("d", target(), 0)).toBeUndefined();
  expect(pushCircuitBreaker.trip(target(), 10)).toBe(10 + probeEveryMs);
  expect(pushCircuitBreaker.admit("d", target({ token: "other" }), 11)).toBe(10 + probeEveryMs);
  expect(pushCircuitBreaker.admit("d", target(), 10 + probeEveryMs)).toBeUndefined();
  // The probe is on its way: nobody else goes before its answer, or a minute.
  expect(pushCircuitBreaker.admit("d", target({ token: "other" }), 10 + probeEveryMs)).toBe(
    10 + 2 * probeEveryMs,
  );
  pushCircuitBreaker.close(target());
  expect(pushCircuitBreaker.admit("d", target({ token: "other" }), 10 + probeEveryMs)).toBeUndefined();
});

test("V14 a probe goes once a minute, and three devices are the mass that proves a fault of ours", () => {
  expect([probeEveryMs, massSize]).toEqual([60_000, 3]);
});

test("V14 nothing is known of a route before it refuses, and what passes or opens it makes no difference", () => {
  const pushCircuitBreaker = new PushCircuitBreaker();
  pushCircuitBreaker.close(target());
  pushCircuitBreaker.noteSuccess("d", target());
  expect(pushCircuitBreaker.admit("d", target(), 0)).toBeUndefined();
  expect(pushCircuitBreaker.admit("d", target(), 0)).toBeUndefined();
});

test("V14 another environment or another app's topic goes on", () => {
  const pushCircuitBreaker = new PushCircuitBreaker();
  pushCircuitBreaker.trip(target({ topic: "com.example.other" }), 0);
  pushCircuitBreaker.trip(target({ environment: "sandbox" }), 0);
  expect(pushCircuitBreaker.admit("d", target(), 1)).toBeUndefined();
  expect(pushCircuitBreaker.admit("d", target({ environment: "sandbox" }), 1)).toBe(probeEveryMs);
  const keys = { p256dh: "p", auth: "a" };
  const page = (endpoint: string) => ({ provider: "webpush", endpoint, keys, registeredAt: 1 }) as const;
  pushCircuitBreaker.trip(page("https://one.example/a"), 0);
  expect(pushCircuitBreaker.admit("d", page("https://one.example/b"), 1)).toBe(probeEveryMs);
  expect(pushCircuitBreaker.admit("d", page("https://two.example/a"), 1)).toBeUndefined();
});

describe("D17 V14 a push service for browsers that refuses", () => {
  const page = (name: string): PushTarget => ({
    provider: "webpush",
    endpoint: `https://push.example/${name}`,
    keys: { p256dh: "p", auth: "a" },
    registeredAt: 1,
  });
  const foreign = Array.from({ length: massSize }, (_, index) => `foreign${index}`);
  const enter = (pushCircuitBreaker: PushCircuitBreaker, name: string, now: number) =>
    pushCircuitBreaker.admit(name, page(name), now);
  const refuse = (pushCircuitBreaker: PushCircuitBreaker, names: readonly string[], now: number) =>
    names.map((name) => pushCircuitBreaker.noteDeviceRefused(name, page(name), now)).at(-1);

  test("one device, however often, is left open to the others", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    for (let count = 0; count < 10; count += 1)
      expect(refuse(pushCircuitBreaker, ["foreign"], count)).toBeUndefined();
    expect(enter(pushCircuitBreaker, "good", 10)).toBeUndefined();
  });

  test("several devices stands still, until one gets through; from then on they count no more", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    expect(refuse(pushCircuitBreaker, foreign.slice(1), 0)).toBeUndefined();
    pushCircuitBreaker.noteSuccess("good", page("good"));
    expect(refuse(pushCircuitBreaker, foreign, 0)).toBeUndefined();
    expect(enter(pushCircuitBreaker, "good", 0)).toBeUndefined();
    const others = foreign.map((name) => `other ${name}`);
    expect(refuse(pushCircuitBreaker, others, 0)).toBe(probeEveryMs);
    expect(enter(pushCircuitBreaker, "good", 1)).toBe(probeEveryMs);
    pushCircuitBreaker.noteSuccess("good", page("good"));
    expect(refuse(pushCircuitBreaker, [...foreign, ...others], 2)).toBeUndefined();
  });

  test("who was refused and then gets through is as good as the others", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    const [first, second, third] = foreign as [string, string, string];
    refuse(pushCircuitBreaker, [first, second], 0);
    pushCircuitBreaker.noteSuccess("good", page("good"));
    pushCircuitBreaker.noteSuccess(first, page(first));
    // Only the second one is still known to be at fault: two new ones are no mass, a third is.
    expect(refuse(pushCircuitBreaker, [second, first, third], 0)).toBeUndefined();
    expect(refuse(pushCircuitBreaker, ["fourth"], 5)).toBe(5 + probeEveryMs);
    pushCircuitBreaker.noteSuccess(second, page(second));
    for (const name of [first, third, "fourth"]) pushCircuitBreaker.noteSuccess(name, page(name));
    expect(refuse(pushCircuitBreaker, ["a", "b"], 0)).toBeUndefined();
    expect(refuse(pushCircuitBreaker, ["c"], 0)).toBe(probeEveryMs);
  });

  test("who was at fault before the stop waits for the others' probe, too", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    refuse(pushCircuitBreaker, ["old"], 0);
    pushCircuitBreaker.noteSuccess("good", page("good"));
    refuse(pushCircuitBreaker, foreign, 0);
    expect(enter(pushCircuitBreaker, "old", probeEveryMs)).toBe(2 * probeEveryMs);
    expect(enter(pushCircuitBreaker, "good", probeEveryMs)).toBeUndefined();
  });

  test("a stopped route that refuses one more stays stopped from then on, however few they were", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    pushCircuitBreaker.trip(page("x"), 0);
    expect(pushCircuitBreaker.noteDeviceRefused("good", page("good"), probeEveryMs)).toBe(2 * probeEveryMs);
    pushCircuitBreaker.close(page("x"));
    expect(pushCircuitBreaker.noteDeviceRefused("good", page("good"), probeEveryMs)).toBeUndefined();
  });

  test("is asked again by a device that was not refused, or else by each in turn", () => {
    const pushCircuitBreaker = new PushCircuitBreaker();
    refuse(pushCircuitBreaker, foreign, 0);
    const [first, second] = foreign as [string, string];
    expect(enter(pushCircuitBreaker, first, probeEveryMs)).toBe(2 * probeEveryMs);
    expect(enter(pushCircuitBreaker, first, 2 * probeEveryMs)).toBeUndefined();
    expect(refuse(pushCircuitBreaker, [first], 2 * probeEveryMs)).toBe(3 * probeEveryMs);
    expect(enter(pushCircuitBreaker, first, 4 * probeEveryMs)).toBe(5 * probeEveryMs);
    expect(enter(pushCircuitBreaker, second, 4 * probeEveryMs)).toBeUndefined();
    expect(refuse(pushCircuitBreaker, [second], 4 * probeEveryMs)).toBe(5 * probeEveryMs);
    expect(enter(pushCircuitBreaker, "good", 5 * probeEveryMs)).toBeUndefined();
  });
});
