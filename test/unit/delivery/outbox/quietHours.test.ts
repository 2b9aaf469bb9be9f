import { describe, expect, test } from "@jest/globals";
import { quietEndsAt } from "../../../../server/delivery/outbox/quietHours.ts";

const night = { startMinute: 22 * 60, endMinute: 7 * 60, timeZone: "Europe/Berlin" };
const at = (iso: string) => Date.parse(iso);

describe("D19 quiet hours", () => {
  test("over midnight end in the morning of the device's own zone", () => {
    expect(quietEndsAt(night, at("2026-01-10T22:30:15Z"))).toBe(at("2026-01-11T06:00:00Z"));
    expect(quietEndsAt(night, at("2026-01-11T03:00:00Z"))).toBe(at("2026-01-11T06:00:00Z"));
  });

  test("do not hold at their end, nor before their start", () => {
    expect(quietEndsAt(night, at("2026-01-11T06:00:00Z"))).toBeUndefined();
    expect(quietEndsAt(night, at("2026-01-11T20:59:59Z"))).toBeUndefined();
    expect(quietEndsAt(night, at("2026-01-11T21:00:00Z"))).toBeDefined();
  });

  test("that are none, empty or of an unknown zone hold nothing back", () => {
    expect(quietEndsAt(undefined, 0)).toBeUndefined();
    expect(quietEndsAt({ startMinute: 5, endMinute: 5, timeZone: "UTC" }, 5 * 60_000)).toBeUndefined();
    expect(quietEndsAt({ startMinute: 0, endMinute: 1439, timeZone: "Nowhere/Never" }, 0)).toBeUndefined();
  });
});
