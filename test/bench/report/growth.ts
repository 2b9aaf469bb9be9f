import type { Noise } from "./noise.ts";
import { short } from "./report.ts";
import { growthOf } from "./statistics.ts";

/** Costs at several sizes of what a server keeps. */
export interface MeasuredGrowth {
  what: string;
  /** What there is more and more of. */
  of: string;
  unit: string;
  points: ReadonlyArray<{ size: number; cost: number }>;
  /** The power that the cost may grow with. */
  most: number;
}

export interface GrowthRow extends MeasuredGrowth {
  /** The power that fits the costs best. */
  power: number;
  verdict: "met" | "missed";
}

export function sumUpGrowth(measured: MeasuredGrowth): GrowthRow {
  const power = growthOf(measured.points);
  return Object.assign({ power, verdict: power <= measured.most ? "met" : "missed" } as const, measured);
}

/** The rows as text for a terminal. */
export function growthTable(rows: readonly GrowthRow[], noise: Noise): string {
  const lines = rows.map(({ what, of, unit, points, power, most, verdict }) => {
    const costs = points.map(({ size, cost }) => `${size.toLocaleString("en")}: ${short(cost)}`).join("  ");
    return `${what} (${unit}), by ${of}:  ${costs}  grows with the power ${power.toFixed(2)} (<= ${most}, ${verdict})`;
  });
  return [...lines, `noise: p95 of a fixed loop ${noise.loopSpread.toFixed(2)} times its median`].join("\n");
}
