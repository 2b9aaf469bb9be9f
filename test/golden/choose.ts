import { shapeOf } from "./samples.ts";

/** Most samples kept of one name, and longest sample as JSON in characters when there is a shorter one. */
const mostSamples = 6;
const longSample = 4_000;

/**
 * The few of the samples that show every field and type which any of them has: first what is kept already, then always the
 * sample that adds most, the shortest of such.
 */
export function chosen(kept: readonly unknown[], found: readonly unknown[]): unknown[] {
  const samples = [...kept];
  const shown = new Set(kept.flatMap(shapeOf));
  const sized = found.map((sample) => ({
    sample,
    shape: shapeOf(sample),
    length: JSON.stringify(sample).length,
  }));
  const short = sized.filter(({ length }) => length <= longSample);
  const candidates = short.length > 0 ? short : sized.sort((a, b) => a.length - b.length).slice(0, 1);
  while (samples.length < mostSamples) {
    const added = (shape: string[]) => shape.filter((path) => !shown.has(path)).length;
    const best = candidates
      .map((candidate) => ({ ...candidate, adds: added(candidate.shape) }))
      .sort((a, b) => b.adds - a.adds || a.length - b.length)[0];
    if (best === undefined || best.adds === 0) break;
    samples.push(best.sample);
    for (const path of best.shape) shown.add(path);
  }
  return samples;
}
