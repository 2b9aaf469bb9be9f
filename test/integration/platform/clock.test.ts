import { expect, test } from "@jest/globals";
import { systemClock as clock } from "../../../server/platform/clock.ts";

test("no timer fires before its instant has come by the same clock", async () => {
  /** Somewhere within a millisecond. */
  const idle = (share: number) => {
    for (const endAt = performance.now() + share; performance.now() < endAt; );
  };
  const earlyMs: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const fired = Array.from({ length: 50 }, async (_, index) => {
      idle((index % 10) / 25);
      const delayMs = 3 + (index % 7);
      const dueAt = clock.now() + delayMs;
      // The clock's own timers keep no process alive.
      const held = setInterval(() => {}, 1_000);
      await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      clearInterval(held);
      if (clock.now() < dueAt) earlyMs.push(dueAt - clock.now());
    });
    await Promise.all(fired);
  }
  expect(earlyMs).toEqual([]);
});
