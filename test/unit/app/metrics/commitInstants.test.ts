import { expect, test } from "@jest/globals";
import { CommitInstants } from "../../../../server/app/metrics/commitInstants.ts";
import { ManualClock } from "../../../support/manualClock.ts";

test("says how long ago an event was committed, by a clock that cannot be set, and forgets the oldest", () => {
  const clock = new ManualClock();
  const commits = new CommitInstants(clock);
  commits.note(1);
  clock.advance(40);
  commits.note(2);
  clock.step(3_600_000);
  expect([commits.sinceMs(1), commits.sinceMs(2), commits.sinceMs(3)]).toEqual([40, 0, undefined]);
  expect(commits.between(0, 9)).toEqual([1, 2]);
  expect(commits.between(1, 1)).toEqual([]);
  for (let cursor = 3; cursor <= 8_193; cursor += 1) commits.note(cursor);
  expect(commits.sinceMs(1)).toBeUndefined();
  expect(commits.between(0, 3)).toEqual([2, 3]);
});
