import type { PushOutcome } from "../domain/delivery/push.ts";

/** The pushes of one sender that are on their way. */
export class InFlight {
  readonly #inFlight = new Set<Promise<PushOutcome>>();
  #landing: Promise<void> | undefined;

  /** Whether `land` was called: nothing is to take off any more. */
  get isOver(): boolean {
    return this.#landing !== undefined;
  }

  /** Counts a push in until it has its outcome. */
  track(push: Promise<PushOutcome>): Promise<PushOutcome> {
    this.#inFlight.add(push);
    return push.finally(() => this.#inFlight.delete(push));
  }

  /** Waits for all of them up to `graceMs`, then cuts the connections, which ends the rest. Idempotent. */
  land(graceMs: number, cut: () => unknown): Promise<void> {
    this.#landing ??= this.#land(graceMs, cut);
    return this.#landing;
  }

  async #land(graceMs: number, cut: () => unknown): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(this.#inFlight), deadline]);
    clearTimeout(timer);
    await cut();
    await Promise.all(this.#inFlight);
  }
}
