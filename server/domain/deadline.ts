import type { Clock } from "./ports.ts";

/**
 * What the work comes to, or a rejection with the signal's reason as soon as it aborts. The work itself goes on: a question
 * to a disk that does not answer cannot be taken back.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

/** The same with a time: after `deadlineMs` it rejects with what `late` makes. */
export function unlessLate<T>(
  work: Promise<T>,
  { clock, deadlineMs, late, signal }: DeadlineOptions,
): Promise<T> {
  const over = new AbortController();
  const cancel = clock.after(deadlineMs, () => over.abort(late()));
  const inTime = unlessAborted(work, over.signal);
  return (signal === undefined ? inTime : unlessAborted(inTime, signal)).finally(cancel);
}

export interface DeadlineOptions {
  clock: Clock;
  deadlineMs: number;
  /** What it is told as. */
  late: () => Error;
  signal?: AbortSignal;
}

/** What `work` resolves to, or `fallback()` when it has not within `deadlineMs`. Rejects as `work` does. */
export function withDeadline<T>(
  clock: Clock,
  deadlineMs: number,
  work: Promise<T>,
  fallback: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => resolve(fallback()));
    work.then(resolve, reject).finally(cancel);
  });
}

/** Resolves after `delayMs` of the clock. */
export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
