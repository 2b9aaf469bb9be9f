import type { Clock } from "../domain/ports.ts";

/** Resolves after `delayMs` of the clock. */
export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });

/** Resolves after the input and output that is ready has had its turn. */
export const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What `work` resolves to, or `fallback()` when it has not within `deadlineMs`. Rejects as `work` does. */
export function withDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  work: Promise<T>,
  fallback: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const disarm = clock.after(deadlineMs, () => resolve(fallback()));
    work.then(resolve, reject).finally(disarm);
  });
}
