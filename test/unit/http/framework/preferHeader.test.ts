import { expect, test } from "@jest/globals";
import { preferredWaitSeconds, prefersTasks } from "../../../../server/http/framework/preferHeader.ts";

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

test("T03: the preference for the tasks of a turn is read beside that for waiting", () => {
  for (const header of ["wait=60, tasks", "Tasks ,wait=5", "wait=5,tasks; x=y"])
    expect([prefersTasks(header), preferredWaitSeconds(header, 300)]).toEqual([true, expect.any(Number)]);
  for (const header of [undefined, "wait=60", "wait=60, tasksets", "wait=60; tasks"])
    expect(prefersTasks(header)).toBe(false);
});
