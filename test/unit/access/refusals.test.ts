import { expect, test } from "@jest/globals";
import { Refusals } from "../../../server/access/refusals.ts";
import { ManualClock } from "../../support/manualClock.ts";

test("an address with too many wrong tokens is not listened to until its window is over; others are", () => {
  const clock = new ManualClock();
  const refusals = new Refusals({ clock, limit: 3, windowMs: 60_000 });
  for (let index = 0; index < 2; index += 1) refusals.noteFailure("a");
  expect(refusals.isBlocked("a")).toBe(false);
  refusals.noteFailure("a");
  expect([refusals.isBlocked("a"), refusals.isBlocked("b")]).toEqual([true, false]);
  clock.advance(60_000);
  expect(refusals.isBlocked("a")).toBe(false);
  refusals.noteFailure("a");
  expect(refusals.isBlocked("a")).toBe(false);
});
