import { expect, test } from "@jest/globals";
import {
  isForwarded,
  longestWaitSeconds,
  preferredWaitSeconds,
  prefersTasks,
} from "../../../../server/http/framework/preferHeader.ts";

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

test.each([
  [{ forwarded: "for=192.0.2.60;proto=http" }, "1.1"],
  [{ forwarded: "" }, "1.1"],
  [{ via: "1.1 caddy" }, "1.1"],
  [{ "x-forwarded-for": "203.0.113.7, 10.0.0.1" }, "1.1"],
  [{ "x-forwarded-for": "" }, "1.1"],
  [{ "x-forwarded-host": "day.test" }, "1.1"],
  [{ "x-forwarded-proto": "https" }, "1.1"],
  [{ "x-real-ip": "203.0.113.7" }, "1.1"],
  [{ "x-forwarded-for": "::1", via: "1.0 fred" }, "1.1"],
  // nginx with nothing set but the name.
  [{ connection: "close" }, "1.0"],
])(
  "REPORT-20: a request with %j in HTTP/%s came through a proxy, and waits 50 s at most",
  (headers, httpVersion) => {
    const forwarded = isForwarded({ headers, httpVersion });
    expect(forwarded).toBe(true);
    expect(preferredWaitSeconds("wait=120", longestWaitSeconds(forwarded, 300))).toBe(50);
    expect(preferredWaitSeconds("wait=20", longestWaitSeconds(forwarded, 300))).toBe(20);
  },
);

test("REPORT-20: a request that came straight waits as long as it asks for", () => {
  const forwarded = isForwarded({
    headers: { host: "localhost:3000", connection: "keep-alive" },
    httpVersion: "1.1",
  });
  expect(forwarded).toBe(false);
  expect(preferredWaitSeconds("wait=120", longestWaitSeconds(forwarded, 300))).toBe(120);
});
