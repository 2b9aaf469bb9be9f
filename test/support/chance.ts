/** Chance that repeats itself: the same seed draws the same (mulberry32), so that what failed can be walked again. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to below 1. */
  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** True so often out of one. */
  happens(share: number): boolean {
    return this.share() < share;
  }

  /** A whole number from `least` up to, but not including, `most`. */
  between(least: number, most: number): number {
    return least + Math.floor(this.share() * (most - least));
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.between(0, from.length)];
  }

  /** One of the choices, each as often as its weight says. */
  weighted<T>(choices: ReadonlyArray<readonly [weight: number, choice: T]>): T {
    let mark = this.share() * choices.reduce((total, [weight]) => total + weight, 0);
    for (const [weight, choice] of choices) {
      mark -= weight;
      if (mark < 0) return choice;
    }
    return choices.at(-1)![1];
  }
}

/** The seeds of a run: one from the environment's `DAYLONG_SEED`, to walk a failure again, or `count` from `first` on. */
export const seedsFrom = (first: number, count: number): number[] =>
  process.env.DAYLONG_SEED
    ? [Number(process.env.DAYLONG_SEED)]
    : Array.from({ length: count }, (_, index) => first + index);
