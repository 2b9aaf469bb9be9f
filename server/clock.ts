import type { Clock } from "./domain/ports.ts";

/** Longest delay a Node timer takes (2^31 - 1 ms); a longer one would fire at once. */
const longestTimerMs = 2_147_483_647;

/** The computer's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), longestTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
