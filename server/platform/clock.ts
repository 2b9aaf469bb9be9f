import type { Clock } from "../domain/ports.ts";

/** Longest delay a Node timer takes (2^31 - 1 ms); a longer one would fire at once. */
const longestTimerMs = 2_147_483_647;
/**
 * Timers go by another clock than `now`, and each is cut to whole milliseconds: one in ten would find, when it fires, that
 * its instant is still to come, and a permission would have expired before its end.
 */
const roundingMs = 1;

/** The computer's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
  after: (delayMs, callback) => {
    const wholeMs = Math.ceil(Math.max(0, delayMs)) + roundingMs;
    const timer = setTimeout(callback, Math.min(wholeMs, longestTimerMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (callback) => void setImmediate(callback),
};
