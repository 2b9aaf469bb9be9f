import type { Measured } from "./figure.ts";
import type { NoiseMeter } from "./noise.ts";

/** What a figure is given to measure with. */
export interface BenchRun {
  /** The share of the usual number of rounds: less for a look, more for a figure that is to be sure. */
  effort: number;
  noise: NoiseMeter;
  /** Says on the error output what is being done. */
  say(text: string): void;
}

/** Measures one figure, or some that share a set-up, beside their floors. */
export type Figure = (run: BenchRun) => Promise<Measured[]>;

/** So many rounds as the run asks for, never fewer than `least`. */
export const roundsOf = ({ effort }: BenchRun, usual: number, least = 2): number =>
  Math.max(least, Math.round(usual * effort));

/**
 * Does each of the works once a round. Which of them is first changes from round to round: what the machine does meanwhile,
 * and what one leaves behind for the next, meets all alike.
 */
export async function inTurns(
  { noise }: BenchRun,
  rounds: number,
  works: ReadonlyArray<(round: number) => Promise<void> | void>,
): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    noise.probe();
    for (let place = 0; place < works.length; place += 1) await works[(round + place) % works.length]!(round);
  }
}
