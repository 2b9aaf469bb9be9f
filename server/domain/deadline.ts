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

/** What the work comes to, or `undefined` when it has not ended within `deadlineMs`. Rejects as the work does. */
export function within<T>(clock: Clock, work: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => resolve(undefined));
    work.then(resolve, reject).finally(cancel);
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
