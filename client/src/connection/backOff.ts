/** First pause, longest pause: 0.5, 1, 2, 4 … 30 s, each cut by up to a half, so that many clients do not come at once. */
const firstMs = 500;
const mostMs = 30_000;

/** Pauses between tries that grow while they fail. `random` gives 0 to 1. */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** How long to wait before the next try. */
  nextMs(): number {
    const fullMs = Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(fullMs * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#failures = 0;
  }
}
