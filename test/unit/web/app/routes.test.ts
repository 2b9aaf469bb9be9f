import { expect, test } from "@jest/globals";
import { routeOf } from "../../../../web/src/app/routes.ts";

test("C05: every address of the page leads to its screen", () => {
  expect(routeOf("/", "")).toEqual({ screen: "home" });
  expect(routeOf("/s/ABC-1", "")).toEqual({ screen: "chat", sessionId: "abc-1" });
  expect(routeOf("/monitor", "")).toEqual({ screen: "monitor" });
  expect(routeOf("/settings/", "")).toEqual({ screen: "settings" });
  expect(routeOf("/help", "")).toEqual({ screen: "help" });
});

test("C05: a pairing code is read after the hash, where no log sees it", () => {
  expect(routeOf("/pair", "#code=7K3QW9HX2M")).toEqual({ screen: "pair", code: "7K3QW9HX2M" });
  expect(routeOf("/pair", "")).toEqual({ screen: "pair", code: "" });
});

test("C05: an address that the page does not know is said to be none", () => {
  for (const path of ["/nowhere", "/s/one/two", "/monitor/x"])
    expect(routeOf(path, "")).toEqual({ screen: "nowhere", path });
});
