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

  test("REPORT-17: end to the minute in the night in which clocks go on, and in the one in which they go back", () => {
    // Europe/Berlin: 02:00 becomes 03:00 on 29 March 2026, and 03:00 becomes 02:00 on 25 October 2026.
    expect(quietEndsAt(night, at("2026-03-28T22:00:00Z"))).toBe(at("2026-03-29T05:00:00Z"));
    expect(quietEndsAt(night, at("2026-03-29T04:59:59Z"))).toBe(at("2026-03-29T05:00:00Z"));
    expect(quietEndsAt(night, at("2026-03-29T05:00:00Z"))).toBeUndefined();
    expect(quietEndsAt(night, at("2026-10-24T21:00:00Z"))).toBe(at("2026-10-25T06:00:00Z"));
    expect(quietEndsAt(night, at("2026-10-25T05:59:00Z"))).toBe(at("2026-10-25T06:00:00Z"));
    expect(quietEndsAt(night, at("2026-10-25T06:00:00Z"))).toBeUndefined();
  });

  test("REPORT-17: hold through an hour that comes twice, and begin or end after one that is left out", () => {
    const early = { startMinute: 150, endMinute: 170, timeZone: "Europe/Berlin" };
    for (const minute of ["00:30", "01:00", "01:30", "01:49"]) {
      expect(quietEndsAt(early, at(`2026-10-25T${minute}:00Z`))).toBe(at("2026-10-25T01:50:00Z"));
    }
    expect(quietEndsAt(early, at("2026-10-25T00:29:00Z"))).toBeUndefined();
    expect(quietEndsAt(early, at("2026-10-25T01:50:00Z"))).toBeUndefined();
    for (const minute of ["00:59", "01:00", "01:10"]) {
      expect(quietEndsAt(early, at(`2026-03-29T${minute}:00Z`))).toBeUndefined();
    }
    const untilGap = { startMinute: 60, endMinute: 150, timeZone: "Europe/Berlin" };
    expect(quietEndsAt(untilGap, at("2026-03-29T00:30:00Z"))).toBe(at("2026-03-29T01:00:00Z"));
    const fromGap = { startMinute: 150, endMinute: 240, timeZone: "Europe/Berlin" };
    expect(quietEndsAt(fromGap, at("2026-03-29T00:59:00Z"))).toBeUndefined();
    expect(quietEndsAt(fromGap, at("2026-03-29T01:00:00Z"))).toBe(at("2026-03-29T02:00:00Z"));
  });

  test("REPORT-17: hold as long as the clock on the wall says, in every minute of both nights of a zone that changes by half an hour", () => {
    const lordHowe = { startMinute: 90, endMinute: 5 * 60, timeZone: "Australia/Lord_Howe" };
    const wall = (instant: number) =>
      new Intl.DateTimeFormat("en-GB", {
        timeZone: "Australia/Lord_Howe",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      }).format(instant);
    for (const begin of ["2026-04-04T13:00:00Z", "2026-10-03T13:00:00Z"]) {
      for (let minute = 0; minute < 600; minute += 1) {
        const instant = at(begin) + minute * 60_000;
        const isIn = wall(instant) >= "01:30" && wall(instant) < "05:00";
        // The half hour that comes twice begins the quiet hours the first time.
        if (isIn) expect(quietEndsAt(lordHowe, instant)).toBeDefined();
        const endsAt = quietEndsAt(lordHowe, instant);
        if (endsAt !== undefined) expect(wall(endsAt)).toBe("05:00");
      }
    }
  });

  test.each([
    ["Europe/London"],
    ["America/New_York"],
    ["America/St_Johns"],
    ["America/Los_Angeles"],
    ["America/Santiago"],
    ["Asia/Beirut"],
    ["Asia/Jerusalem"],
    ["Pacific/Auckland"],
    ["Pacific/Chatham"],
    ["Antarctica/Troll"],
  ])("REPORT-17: in %s, in every night of the year in which the clock is changed", (timeZone) => {
    const format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    const wall = (instant: number) => format.format(instant);
    const hourMs = 3_600_000;
    const newYear = at("2026-01-01T00:00:00Z");
    const changes = Array.from({ length: 365 * 24 }, (_, hour) => newYear + hour * hourMs).filter(
      // An hour is one hour on the wall, but where the clock is changed.
      (instant) => minutesOf(wall(instant + hourMs)) !== (minutesOf(wall(instant)) + 60) % 1_440,
    );
    expect(changes.length).toBeGreaterThanOrEqual(2);
    const hours = { startMinute: 22 * 60, endMinute: 6 * 60 + 30, timeZone };
    for (const change of changes) {
      // The first instant after it at which the clock on the wall shows the end.
      let end = change;
      while (wall(end) !== "06:30") end += 60_000;
      for (let instant = end - 12 * hourMs; instant < end + 2 * hourMs; instant += 7 * 60_000) {
        const shown = wall(instant);
        const isIn = shown >= "22:00" || shown < "06:30";
        expect([shown, quietEndsAt(hours, instant)]).toEqual([shown, isIn ? end : undefined]);
      }
      expect([quietEndsAt(hours, end - 1), quietEndsAt(hours, end)]).toEqual([end, undefined]);
    }
  });
});

const minutesOf = (wall: string): number => Number(wall.slice(0, 2)) * 60 + Number(wall.slice(3));
