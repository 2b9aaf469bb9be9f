import { describe, expect, test } from "@jest/globals";
import { nextInstantOf } from "../../../../server/pool/turns/cronSchedule.ts";

const at = (text: string): number => new Date(text).getTime();

describe("the next instant of a schedule", () => {
  // Monday, 2 March 2026, in whatever time zone the test runs.
  const now = at("2026-03-02T10:07:30");

  test.each([
    ["every minute", "* * * * *", "2026-03-02T10:08:00"],
    ["every five minutes", "*/5 * * * *", "2026-03-02T10:10:00"],
    ["from a minute on, in steps", "7/20 * * * *", "2026-03-02T10:27:00"],
    ["a time that is over today", "0 9 * * *", "2026-03-03T09:00:00"],
    ["a list of hours", "30 8,12,18 * * *", "2026-03-02T12:30:00"],
    ["working days only", "0 9 * * 1-5", "2026-03-03T09:00:00"],
    ["Sunday as seven", "0 9 * * 7", "2026-03-08T09:00:00"],
    ["one day of the year", "30 14 28 2 *", "2027-02-28T14:30:00"],
    ["a day of the month or a weekday, whichever comes first", "0 0 13 * 5", "2026-03-06T00:00:00"],
  ])("is found for %s", (_what, schedule, expected) => {
    expect(nextInstantOf(schedule, now)).toBe(at(expected));
  });

  test("is later than the instant it is asked for", () => {
    expect(nextInstantOf("7 10 * * *", at("2026-03-02T10:07:00"))).toBe(at("2026-03-03T10:07:00"));
  });

  test.each([
    ["a day that no year has", "0 0 31 2 *"],
    ["too few fields", "0 0 * *"],
    ["a minute that no hour has", "60 * * * *"],
    ["a range from high to low", "9-5 * * * *"],
    ["a step of nothing", "*/0 * * * *"],
    ["words", "@daily"],
  ])("is none for %s", (_what, schedule) => {
    expect(nextInstantOf(schedule, now)).toBeUndefined();
  });
});
