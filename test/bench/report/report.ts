import type { FigureRow } from "./figure.ts";
import type { Noise } from "./noise.ts";

/** All that a run says. */
export interface BenchReport {
  node: string;
  platform: string;
  commit: string;
  rows: FigureRow[];
  /** Figures that were not measured, and why. */
  failures: Array<{ figure: string; reason: string }>;
  noise: Noise;
}

/** The report as text for a terminal. */
export function tableOf(report: BenchReport): string {
  const { rows, failures, noise } = report;
  const header = ["figure", "ours", "p95", "floor", "p95", "ratio", "95 %", "reach", ""];
  const lines = rows.map((row) => [
    row.figure,
    `${short(row.median)} ${row.unit}`,
    short(row.p95),
    `${short(row.floorMedian)} (${row.floorName})`,
    short(row.floorP95),
    // Of a floor that used no measurable time there is no ratio.
    Number.isFinite(row.ratio) ? row.ratio.toFixed(3) : "-",
    Number.isFinite(row.ratio) ? `${row.interval.low.toFixed(2)}..${row.interval.high.toFixed(2)}` : "-",
    row.reach ?? "",
    row.verdict ?? "",
  ]);
  const widths = header.map((_, column) =>
    Math.max(...[header, ...lines].map((line) => line[column]!.length)),
  );
  const text = [header, ...lines].map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
  for (const { figure, reason } of failures) text.push(`${figure}: not measured: ${reason}`);
  text.push(
    `noise: the same loop took ${short(noise.loopMedianMs)} ms, p95 ${noise.loopSpread.toFixed(2)} times that ` +
      `(${noise.loops} times; ${noise.cores} cores, load ${noise.load.toFixed(2)})`,
  );
  return text.join("\n");
}

/** Three digits that count. */
export const short = (value: number): string =>
  Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
