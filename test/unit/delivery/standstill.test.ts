import { expect, test } from "@jest/globals";
import { probeEveryMs, Standstill } from "../../../server/delivery/standstill.ts";
import type { ApnsTarget } from "../../../server/domain/push.ts";

const target = (change: Partial<ApnsTarget> = {}): ApnsTarget => ({
  provider: "apns",
  token: "t",
  environment: "production",
  registeredAt: 1,
  ...change,
});

test("V14 a route that refuses everything is asked by one push a minute, whichever device it is for", () => {
  const standstill = new Standstill();
  expect(standstill.enter(target(), 0)).toBeUndefined();
  expect(standstill.stop(target(), 10)).toBe(10 + probeEveryMs);
  expect(standstill.enter(target({ token: "other" }), 11)).toBe(10 + probeEveryMs);
  expect(standstill.enter(target(), 10 + probeEveryMs)).toBeUndefined();
  // The probe is on its way: nobody else goes before its answer, or a minute.
  expect(standstill.enter(target({ token: "other" }), 10 + probeEveryMs)).toBe(10 + 2 * probeEveryMs);
  standstill.open(target());
  expect(standstill.enter(target({ token: "other" }), 10 + probeEveryMs)).toBeUndefined();
});

test("V14 another environment or another app's topic goes on", () => {
  const standstill = new Standstill();
  standstill.stop(target({ topic: "com.example.other" }), 0);
  standstill.stop(target({ environment: "sandbox" }), 0);
  expect(standstill.enter(target(), 1)).toBeUndefined();
  expect(standstill.enter(target({ environment: "sandbox" }), 1)).toBe(probeEveryMs);
  const keys = { p256dh: "p", auth: "a" };
  const page = (endpoint: string) => ({ provider: "webpush", endpoint, keys, registeredAt: 1 }) as const;
  standstill.stop(page("https://one.example/a"), 0);
  expect(standstill.enter(page("https://one.example/b"), 1)).toBe(probeEveryMs);
  expect(standstill.enter(page("https://two.example/a"), 1)).toBeUndefined();
});
