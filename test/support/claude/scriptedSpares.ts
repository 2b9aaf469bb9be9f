import type { Clock } from "../../../server/domain/ports.ts";
import type { SparePool } from "../../../server/domain/processes/process.ts";

/** As long as the real shelf keeps a spare for the session it was promised to. */
const promiseMs = 60_000;

/** Spares that are ready as soon as they are wanted. It has no timers: what is due is done when somebody looks. */
export class ScriptedSpares implements SparePool {
  /** How many became a session's process. */
  claimed = 0;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #arrived: () => void;
  /** By the id of the session each will be; the instant until which it is promised. */
  readonly #shelf = new Map<string, number | undefined>();

  constructor(parts: { clock: Clock; newId: () => string; arrived: () => void }) {
    this.#clock = parts.clock;
    this.#newId = parts.newId;
    this.#arrived = parts.arrived;
  }

  get count(): number {
    return this.#shelf.size;
  }

  /** The projects that were expected. */
  readonly expected: string[] = [];

  expect(projectPath: string): void {
    this.expected.push(projectPath);
  }

  keep(count: number): void {
    for (const [id, promisedUntil] of this.#shelf) {
      const isFree = promisedUntil === undefined && this.#shelf.size > count;
      if (isFree || (promisedUntil !== undefined && promisedUntil <= this.#clock.now()))
        this.#shelf.delete(id);
    }
    // One after another, as the real ones come up.
    if (this.#shelf.size < count) this.#shelf.set(this.#newId(), undefined);
    this.#arrived();
  }

  reserve(): string | undefined {
    for (const [id, promisedUntil] of this.#shelf) {
      if (promisedUntil !== undefined) continue;
      this.#shelf.set(id, this.#clock.now() + promiseMs);
      return id;
    }
    return undefined;
  }

  /** Whether the session's process is one of them; then it is no spare any more. */
  take(sessionId: string): boolean {
    const isOne = this.#shelf.delete(sessionId);
    if (isOne) this.claimed += 1;
    return isOne;
  }
}
