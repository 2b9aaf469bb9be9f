import { expect, test } from "@jest/globals";
import { StartThrottle } from "../../../../server/claude/start/startThrottle.ts";
import { ManualClock } from "../../../support/manualClock.ts";

test("F15: starts in the same instant stand in line; one alone does not wait", async () => {
  const clock = new ManualClock(1_000);
  const line = new StartThrottle({ clock });
  const begun: number[] = [];
  for (let index = 0; index < 4; index += 1) void line.wait().then(() => begun.push(clock.now()));
  await clock.settle();
  expect(begun).toEqual([1_000]);
  await clock.run(1_000);
  expect(begun).toEqual([1_000, 1_050, 1_100, 1_150]);
  await line.wait();
  expect(begun).toHaveLength(4);
});

test("F15: one that comes 30 ms after another waits the 20 ms that are left, and one that comes 50 ms after it none", async () => {
  const clock = new ManualClock(1_000);
  const line = new StartThrottle({ clock });
  const begun: number[] = [];
  const start = () => line.wait().then(() => begun.push(clock.now()));
  await start();
  await clock.run(30);
  void start();
  await clock.run(19);
  expect(begun).toEqual([1_000]);
  await clock.run(1);
  expect(begun).toEqual([1_000, 1_050]);
  await clock.run(50);
  await start();
  expect([begun.at(-1), clock.armed]).toEqual([1_100, 0]);
});
