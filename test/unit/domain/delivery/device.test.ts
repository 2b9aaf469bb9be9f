import { expect, test } from "@jest/globals";
import { scopeAllows, scopes } from "../../../../server/domain/delivery/device.ts";

test("A05 a scope allows itself and what is below it, and nothing above", () => {
  expect(scopes).toEqual(["read", "chat", "admin"]);
  const allowed = scopes.map((has) => scopes.filter((needs) => scopeAllows(has, needs)));
  expect(allowed).toEqual([["read"], ["read", "chat"], ["read", "chat", "admin"]]);
});
