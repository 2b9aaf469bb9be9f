/** Nearest-rank quantile of the samples; NaN of none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[Math.min(sorted.length, rank) - 1] ?? Number.NaN;
}

/** Middle of the samples, the mean of the two middle ones of an even number; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? Number.NaN : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Numbers from 0 to 1 that are the same in each run (xorshift32): a report of the same samples says the same. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export interface Interval {
  low: number;
  high: number;
}

/** Draws of the bootstrap: enough for the second digit of a bound. */
const draws = 1_000;

/**
 * Where `compare` of two medians lies in 95 of 100 runs like this one, as far as its samples can say (percentile bootstrap).
 * A wide interval says that the run was too short, or the machine too busy, for the figure to mean much.
 */
export function intervalOf(
  ours: readonly number[],
  floor: readonly number[],
  compare: (ours: number, floor: number) => number,
): Interval {
  const random = seededRandom(ours.length * 31 + floor.length);
  const again = (samples: readonly number[]) =>
    median(samples.map(() => samples[Math.floor(random() * samples.length)]!));
  const found = Array.from({ length: draws }, () => compare(again(ours), again(floor)));
  return { low: quantile(found, 0.025), high: quantile(found, 0.975) };
}

/**
 * How the cost grows with the size: the exponent of the power that fits best (least squares of the logarithms). 0: it does
 * not grow, 1: in proportion, 2: with the square. Throws for fewer than two sizes, or a cost that is not above 0.
 */
export function growthOf(points: ReadonlyArray<{ size: number; cost: number }>): number {
  if (new Set(points.map(({ size }) => size)).size < 2) throw new Error("A fit needs two sizes.");
  if (points.some(({ size, cost }) => !(size > 0) || !(cost > 0)))
    throw new Error("A size and its cost are above 0.");
  const logs = points.map(({ size, cost }) => ({ x: Math.log(size), y: Math.log(cost) }));
  const mean = (of: (one: (typeof logs)[number]) => number) =>
    logs.reduce((sum, one) => sum + of(one), 0) / logs.length;
  const [x, y] = [mean((one) => one.x), mean((one) => one.y)];
  const covariance = mean((one) => (one.x - x) * (one.y - y));
  return covariance / mean((one) => (one.x - x) ** 2);
}
