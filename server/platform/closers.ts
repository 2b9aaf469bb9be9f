/** Stack of closers, run newest first. `close` is idempotent; a closer that fails does not keep the others open. */
export class Closers {
  readonly #closers: Array<() => unknown> = [];
  #closed: Promise<void> | undefined;

  push(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const faults: unknown[] = [];
    for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) {
      try {
        await closer();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, "Not everything could be closed.");
  }
}
