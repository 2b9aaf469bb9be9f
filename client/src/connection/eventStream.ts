import type { DaylongEvent } from "./protocol.ts";

/**
 * Events for one `for await`. Each counts as dealt with when the loop comes back for the next one, so that a program that
 * dies in the loop's body gets the event again.
 */
export class EventStream implements AsyncIterableIterator<DaylongEvent> {
  readonly #isWanted: (event: DaylongEvent) => boolean;
  readonly #register: (handler: (event: DaylongEvent) => unknown) => () => void;
  #unregister: (() => void) | undefined;
  /** Offered, and not asked for yet or being dealt with. */
  #offered:
    | { event: DaylongEvent; isTaken: boolean; settle: () => void; giveUp: (why: unknown) => void }
    | undefined;
  #waiting: ((result: IteratorResult<DaylongEvent>) => void) | undefined;
  #isOver = false;

  constructor(
    isWanted: (event: DaylongEvent) => boolean,
    register: (handler: (event: DaylongEvent) => unknown) => () => void,
  ) {
    this.#isWanted = isWanted;
    this.#register = register;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<DaylongEvent>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    this.#unregister ??= this.#register((event) => this.#offer(event));
    if (this.#offered?.isTaken) {
      const { settle } = this.#offered;
      this.#offered = undefined;
      settle();
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#give();
    });
  }

  /** Called when the loop is left, however; what it had in hand counts as dealt with. */
  return(): Promise<IteratorResult<DaylongEvent>> {
    this.#offered?.settle();
    this.end(undefined);
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends the loop from outside; what it had in hand comes again. */
  end(why: unknown): void {
    this.#isOver = true;
    this.#unregister?.();
    this.#offered?.giveUp(why);
    this.#offered = undefined;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  #offer(event: DaylongEvent): Promise<void> | undefined {
    if (this.#isOver || !this.#isWanted(event)) return undefined;
    return new Promise((settle, giveUp) => {
      this.#offered = { event, isTaken: false, settle, giveUp };
      this.#give();
    });
  }

  #give(): void {
    if (this.#waiting === undefined || this.#offered === undefined || this.#offered.isTaken) return;
    const resolve = this.#waiting;
    this.#waiting = undefined;
    this.#offered.isTaken = true;
    resolve({ done: false, value: this.#offered.event });
  }
}
