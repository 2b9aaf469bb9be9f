import { withDeadline } from "../../domain/deadline.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";

/** The end of its output breaks orders off; that the CLI itself is over is known moments later. */
export const exitDelayMs = 200;

export interface LiveSettingParts<T> {
  clock: Clock;
  /** For people: "the model". */
  what: string;
  /** The value that the process was started with. */
  agreed: T;
  /** Tells the CLI; resolves when it has taken it. */
  tell(value: T): Promise<unknown>;
  deadlineMs: number;
  /** Asked when an order failed: whether the CLI went, so that it refused nothing. */
  hasGone(): Promise<boolean>;
}

/**
 * A setting that a running CLI is told to change. A CLI that hangs must not make the caller of the change hang with it;
 * but it may still take the order long after it was given up, when devices were shown the old value. So when such a late
 * answer comes, the CLI is told the agreed value again. Orders go one after the other.
 */
export class LiveSetting<T> {
  readonly #parts: LiveSettingParts<T>;
  #agreed: T;
  /** Orders that the CLI has not answered, those included that were given up. */
  #unanswered = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: LiveSettingParts<T>) {
    this.#parts = parts;
    this.#agreed = parts.agreed;
  }

  /**
   * Throws `session_busy` after the deadline, `process_crashed` when the CLI went, and the error with which the CLI
   * refuses it.
   */
  async set(value: T): Promise<void> {
    try {
      await this.#queue(() => this.#tell(value));
    } catch (error) {
      const { what, hasGone } = this.#parts;
      if (error instanceof DaylongError || !(await hasGone())) throw error;
      const detail = `Claude went before it answered the change of ${what}.`;
      throw new DaylongError("process_crashed", detail, { cause: error });
    }
  }

  /**
   * The CLI says what it has. False: it says so while it obeys; else it changed its mind by itself, and that holds now.
   */
  heard(value: T): boolean {
    if (this.#unanswered > 0) return false;
    this.#agreed = value;
    return true;
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #tell(value: T): Promise<void> {
    const { clock, what, tell, deadlineMs } = this.#parts;
    this.#unanswered += 1;
    const taken = tell(value)
      .then(() => true)
      .finally(() => {
        this.#unanswered -= 1;
      });
    if ((await withDeadline(clock, deadlineMs, taken, () => undefined)) === true) {
      this.#agreed = value;
      return;
    }
    taken.then(
      () => this.#queue(() => this.#tell(this.#agreed)).catch(() => undefined),
      // Refused, or gone: then nothing has changed.
      () => undefined,
    );
    throw new DaylongError(
      "session_busy",
      `Claude did not answer the change of ${what} within ${deadlineMs} ms. Nothing was changed; try again, or stop the session's process.`,
      { retryAfterMs: deadlineMs },
    );
  }
}
