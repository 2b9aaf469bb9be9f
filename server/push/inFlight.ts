import { withDeadline } from "../domain/deadline.ts";
import type { PushOutcome } from "../domain/delivery/push.ts";
import type { Clock } from "../domain/ports.ts";

/** Real time, not the server's clock: the silence of the network is timed. */
const realTime: Pick<Clock, "after"> = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The pushes of one sender that are in flight. */
export class InFlight {
  readonly #pushes = new Set<Promise<PushOutcome>>();
  #draining: Promise<void> | undefined;

  /** Whether `drain` was called: no push is to be started any more. */
  get isOver(): boolean {
    return this.#draining !== undefined;
  }

  /** Counts a push in until it has its outcome. */
  track(push: Promise<PushOutcome>): Promise<PushOutcome> {
    this.#pushes.add(push);
    return push.finally(() => this.#pushes.delete(push));
  }

  /** Waits for all pushes up to `graceMs`, then disconnects, which ends the others. Idempotent. */
  drain(graceMs: number, disconnect: () => unknown): Promise<void> {
    this.#draining ??= this.#drain(graceMs, disconnect);
    return this.#draining;
  }

  async #drain(graceMs: number, disconnect: () => unknown): Promise<void> {
    const all = Promise.all(this.#pushes).then(() => undefined);
    await withDeadline(realTime, graceMs, all, () => undefined);
    await disconnect();
    await Promise.all(this.#pushes);
  }
}
