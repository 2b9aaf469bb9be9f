import { expect, test } from "@jest/globals";
import { kindRules, pushKinds } from "../../../../server/domain/delivery/pushRules.ts";
import { minuteOf, mutableKinds, timeOf } from "../../../../web/src/settings/preferenceWords.ts";

test("D19: every kind of push that does not wait for the owner can be muted, and no other", () => {
  const mutable = pushKinds.filter((kind) => !kindRules[kind].waitsForOwner);
  expect(mutableKinds.map(({ kind }) => kind as string).sort()).toEqual([...mutable].sort());
});

test("D19: minutes of the day and the field's words are the same", () => {
  for (const minute of [0, 59, 60, 1_290, 1_439]) expect(minuteOf(timeOf(minute))).toBe(minute);
  expect([timeOf(1_290), minuteOf(""), minuteOf("25:00")]).toEqual(["21:30", 0, 0]);
});
