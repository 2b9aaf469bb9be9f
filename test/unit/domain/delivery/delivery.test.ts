import { describe, expect, test } from "@jest/globals";
import { pushContentOf, retryDelayMs } from "../../../../server/domain/delivery/delivery.ts";

describe("D11 the pause before another attempt", () => {
  test("doubles from 2 s to a quarter of an hour", () => {
    const pauses = [0, 1, 2, 3, 9, 10, 50].map((attempt) => retryDelayMs(attempt, 0.5));
    expect(pauses).toEqual([2_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000]);
  });
  test("is spread by a fifth to either side", () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 1)]).toEqual([1_600, 2_400]);
  });
});

test("DOOR-8 a push names session and project with what is not seen as escapes", () => {
  const event = { cursor: 1, sessionId: "s", turnId: "t" };
  const names = { title: "Deploy \u202edone", projectName: "al\u200bpha\nAllowed" };
  const content = pushContentOf(event, { kind: "reply", body: "Done." }, names, 1);
  expect([content.title, content.subtitle]).toEqual([
    "Deploy \\u{202e}done",
    "al\\u{200b}pha … and 1 more line",
  ]);
  expect(pushContentOf(event, { kind: "reply", body: "Done." }, undefined, 1).title).toBe("Daylong");
});
