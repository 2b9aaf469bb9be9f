import { expect, test } from "@jest/globals";
import { pause, withDeadline, yieldToEventLoop } from "../../../server/delivery/pause.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { held } from "../../support/push/memoryPush.ts";

test("a pause is over after its time of the clock", async () => {
  const clock = new ManualClock();
  let isOver = false;
  void pause(clock, 50).then(() => {
    isOver = true;
  });
  await clock.run(49);
  expect(isOver).toBe(false);
  await clock.run(1);
  expect(isOver).toBe(true);
});

test("what is ready has its turn before the event loop comes back", async () => {
  const order: string[] = [];
  setImmediate(() => order.push("other"));
  await yieldToEventLoop();
  expect(order).toEqual(["other"]);
});

test("work within its deadline counts as it ends, well or badly, and leaves no timer", async () => {
  const clock = new ManualClock();
  const never = (): string => {
    throw new Error("Not asked for.");
  };
  expect(await withDeadline(clock, 100, Promise.resolve("done"), never)).toBe("done");
  await expect(withDeadline(clock, 100, Promise.reject(new Error("No.")), never)).rejects.toThrow("No.");
  expect(clock.armed).toBe(0);
});

test("work after its deadline counts no more", async () => {
  const clock = new ManualClock();
  const work = held<string>();
  const result = withDeadline(clock, 100, work.promise, () => "given up");
  clock.advance(99);
  expect(clock.armed).toBe(1);
  clock.advance(1);
  work.resolve("late");
  expect(await result).toBe("given up");
});
