import { expect, test } from "@jest/globals";
import { bearerToken, openTokenFailures } from "../../../server/access/bearerToken.ts";
import { ManualClock } from "../../support/manualClock.ts";

test("A04: a bearer token is read as RFC 6750 writes it; another form is a wrong token, another scheme none", () => {
  for (const [header, token] of [
    ["Bearer abc-._~+/XYZ09==", "abc-._~+/XYZ09=="],
    ["bearer abc", "abc"],
    ["BEARER    abc  ", "abc"],
    ["Bearer", ""],
    ["Bearer ", ""],
    ["Bearerabc", undefined],
    ["Bearer a=b", ""],
    ["Bearer a,b", ""],
    ["abc", undefined],
    ["Bearer abc, Basic def", ""],
    ["Bearer ab!c", ""],
    ["Bearer abc def", ""],
    [" Bearer abc", undefined],
    ['Bearer "abc"', ""],
    ["Basic abc", undefined],
    ["", undefined],
    [undefined, undefined],
  ]) {
    expect([header, bearerToken(header)]).toEqual([header, token]);
  }
});

test("A04: an address is refused after 60 failures in a minute, and another one is not", () => {
  const clock = new ManualClock();
  const failures = openTokenFailures(clock);
  for (let index = 0; index < 59; index += 1) failures.count("a");
  expect(failures.isFull("a")).toBe(false);
  failures.count("a");
  expect([failures.isFull("a"), failures.isFull("b")]).toEqual([true, false]);
  clock.advance(60_000);
  expect(failures.isFull("a")).toBe(false);
});
