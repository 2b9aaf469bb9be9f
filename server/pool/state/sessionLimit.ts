import { autoValue } from "../../domain/limits.ts";
import {
  type AutoFacts,
  type AutoLimit,
  firstAutoLimit,
  nextAutoLimit,
} from "../../domain/processes/machine.ts";
import type { PoolLimits } from "./limits.ts";

/** The limit of live processes: the owner's number, or with `auto` the one that the machine has room for. */
export class SessionLimit {
  readonly #limits: PoolLimits;
  #auto: AutoLimit | undefined;

  constructor(parts: { limits: PoolLimits }) {
    this.#limits = parts.limits;
  }

  get value(): number {
    return this.auto?.value ?? this.#limits.maxConcurrentSessions;
  }

  /** With `auto`: the number, and what keeps it from being higher. */
  get auto(): AutoLimit | undefined {
    return this.#limits.maxConcurrentSessions === autoValue ? (this.#auto ?? firstAutoLimit) : undefined;
  }

  /** Follows another reading of the machine. */
  read(facts: AutoFacts): void {
    // Whoever changes back to `auto` begins with a fresh reading.
    this.#auto = this.auto === undefined ? undefined : nextAutoLimit(this.#auto, facts);
  }
}
