import { describe, expect, test } from "@jest/globals";
import { massSize, probeEveryMs, Standstill } from "../../../server/delivery/standstill.ts";
import type { ApnsTarget, PushTarget } from "../../../server/domain/delivery/push.ts";

const target = (change: Partial<ApnsTarget> = {}): ApnsTarget => ({
  provider: "apns",
  token: "t",
  environment: "production",
  registeredAt: 1,
  ...change,
});

test("V14 a route that refuses everything is asked by one push a minute, whichever device it is for", () => {
  const standstill = new Standstill();
  expect(standstill.enter("d", target(), 0)).toBeUndefined();
  expect(standstill.stop(target(), 10)).toBe(10 + probeEveryMs);
  expect(standstill.enter("d", target({ token: "other" }), 11)).toBe(10 + probeEveryMs);
  expect(standstill.enter("d", target(), 10 + probeEveryMs)).toBeUndefined();
  // The probe is on its way: nobody else goes before its answer, or a minute.
  expect(standstill.enter("d", target({ token: "other" }), 10 + probeEveryMs)).toBe(10 + 2 * probeEveryMs);
  standstill.open(target());
  expect(standstill.enter("d", target({ token: "other" }), 10 + probeEveryMs)).toBeUndefined();
});

test("V14 another environment or another app's topic goes on", () => {
  const standstill = new Standstill();
  standstill.stop(target({ topic: "com.example.other" }), 0);
  standstill.stop(target({ environment: "sandbox" }), 0);
  expect(standstill.enter("d", target(), 1)).toBeUndefined();
  expect(standstill.enter("d", target({ environment: "sandbox" }), 1)).toBe(probeEveryMs);
  const keys = { p256dh: "p", auth: "a" };
  const page = (endpoint: string) => ({ provider: "webpush", endpoint, keys, registeredAt: 1 }) as const;
  standstill.stop(page("https://one.example/a"), 0);
  expect(standstill.enter("d", page("https://one.example/b"), 1)).toBe(probeEveryMs);
  expect(standstill.enter("d", page("https://two.example/a"), 1)).toBeUndefined();
});

describe("D17 V14 a push service for browsers that refuses", () => {
  const page = (name: string): PushTarget => ({
    provider: "webpush",
    endpoint: `https://push.example/${name}`,
    keys: { p256dh: "p", auth: "a" },
    registeredAt: 1,
  });
  const foreign = Array.from({ length: massSize }, (_, index) => `foreign${index}`);
  const enter = (standstill: Standstill, name: string, now: number) =>
    standstill.enter(name, page(name), now);
  const refuse = (standstill: Standstill, names: readonly string[], now: number) =>
    names.map((name) => standstill.refuse(name, page(name), now)).at(-1);

  test("one device, however often, is left open to the others", () => {
    const standstill = new Standstill();
    for (let count = 0; count < 10; count += 1)
      expect(refuse(standstill, ["foreign"], count)).toBeUndefined();
    expect(enter(standstill, "good", 10)).toBeUndefined();
  });

  test("several devices stands still, until one gets through; from then on they count no more", () => {
    const standstill = new Standstill();
    expect(refuse(standstill, foreign.slice(1), 0)).toBeUndefined();
    standstill.pass("good", page("good"));
    expect(refuse(standstill, foreign, 0)).toBeUndefined();
    expect(enter(standstill, "good", 0)).toBeUndefined();
    const others = foreign.map((name) => `other ${name}`);
    expect(refuse(standstill, others, 0)).toBe(probeEveryMs);
    expect(enter(standstill, "good", 1)).toBe(probeEveryMs);
    standstill.pass("good", page("good"));
    expect(refuse(standstill, [...foreign, ...others], 2)).toBeUndefined();
  });

  test("is asked again by a device that was not refused, or else by each in turn", () => {
    const standstill = new Standstill();
    refuse(standstill, foreign, 0);
    const [first, second] = foreign as [string, string];
    expect(enter(standstill, first, probeEveryMs)).toBe(2 * probeEveryMs);
    expect(enter(standstill, first, 2 * probeEveryMs)).toBeUndefined();
    expect(refuse(standstill, [first], 2 * probeEveryMs)).toBe(3 * probeEveryMs);
    expect(enter(standstill, first, 4 * probeEveryMs)).toBe(5 * probeEveryMs);
    expect(enter(standstill, second, 4 * probeEveryMs)).toBeUndefined();
    expect(refuse(standstill, [second], 4 * probeEveryMs)).toBe(5 * probeEveryMs);
    expect(enter(standstill, "good", 5 * probeEveryMs)).toBeUndefined();
  });
});
