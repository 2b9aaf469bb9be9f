import type { Clock } from "../domain/ports.ts";

/** `undefined` when the deadline came first. */
export function within<T>(clock: Clock, work: Promise<T>, deadlineMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, () => resolve(undefined));
    work.then(resolve, reject).finally(cancel);
  });
}
