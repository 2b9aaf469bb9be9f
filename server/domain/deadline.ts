import type { Clock } from "./ports.ts";

/**
 * The result of the work, or a rejection with the signal's reason as soon as it aborts. The work itself goes on: a read of a
 * disk that does not answer cannot be cancelled.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A signal's abort as a promise: it resolves when the signal aborts, at once when it has. `release` removes the listener. */
export function abortOf(signal: AbortSignal | undefined): { aborted: Promise<void>; release(): void } {
  let release = () => {};
  const aborted = new Promise<void>((resolve) => {
    const onAbort = () => resolve();
    // An abort that has happened is not announced again.
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", onAbort, { once: true });
    release = () => signal?.removeEventListener("abort", onAbort);
  });
  return { aborted, release };
}

/** The result of the work, or a rejection with the error that `late` makes after `deadlineMs`, or when the signal aborts. */
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
  /** Makes the error of the rejection. */
  late: () => Error;
  signal?: AbortSignal;
}

/** The result of `work`, or `fallback()` when there is none within `deadlineMs`. Rejects as `work` does. */
export function withDeadline<T>(
  clock: Pick<Clock, "after">,
  deadlineMs: number,
  work: Promise<T>,
  fallback: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => resolve(fallback()));
    work.then(
      (result) => {
        cancel();
        resolve(result);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** Resolves after `delayMs` of the clock. */
export const pause = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });

/** Resolves when everything that has come by now has been handled. */
export const nextTurn = (clock: Pick<Clock, "after" | "soon">): Promise<void> =>
  new Promise((resolve) => {
    if (clock.soon) clock.soon(resolve);
    else clock.after(0, resolve);
  });
