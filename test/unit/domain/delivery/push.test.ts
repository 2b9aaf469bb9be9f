import { expect, test } from "@jest/globals";
import { type ApnsTarget, routeOf } from "../../../../server/domain/delivery/push.ts";

const phone: ApnsTarget = { provider: "apns", token: "t", environment: "production", registeredAt: 1 };

test("V14 pushes of one environment and topic, or of one push service, share a route", () => {
  const keys = { p256dh: "p", auth: "a" };
  const page = (endpoint: string) => routeOf({ provider: "webpush", endpoint, keys, registeredAt: 1 });
  expect(routeOf({ ...phone, token: "other", registeredAt: 2 })).toBe(routeOf(phone));
  expect(page("https://one.example/a")).toBe(page("https://one.example/b"));
  const routes = [
    routeOf(phone),
    routeOf({ ...phone, environment: "sandbox" }),
    routeOf({ ...phone, topic: "com.example" }),
    page("https://one.example/a"),
    page("https://two.example/a"),
    page("https://one.example:8443/a"),
  ];
  expect(new Set(routes).size).toBe(routes.length);
});
