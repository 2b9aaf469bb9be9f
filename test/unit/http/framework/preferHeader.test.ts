import { expect, test } from "@jest/globals";
import { preferredWaitSeconds } from "../../../../server/http/framework/preferHeader.ts";

test("C01: the seconds of Prefer: wait are read, and cut to the most that is honoured", () => {
  expect(preferredWaitSeconds("wait=10", 300)).toBe(10);
  expect(preferredWaitSeconds('respond-async, Wait = "20"', 300)).toBe(20);
  expect(preferredWaitSeconds("wait=5; foo=bar", 300)).toBe(5);
  expect(preferredWaitSeconds("wait=100000", 300)).toBe(300);
  expect(preferredWaitSeconds("wait=0", 300)).toBe(0);
});

test("C01: a Prefer header that says nothing of waiting is no error", () => {
  for (const header of [
    undefined,
    "",
    "return=minimal",
    "wait",
    "wait=",
    "wait=-1",
    "wait=soon",
    "await=3",
  ]) {
    expect(preferredWaitSeconds(header, 300)).toBeUndefined();
  }
});
