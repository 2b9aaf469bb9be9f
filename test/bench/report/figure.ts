import { type Interval, intervalOf, median, quantile } from "./statistics.ts";

/** What a figure is to reach: its ratio to the floor, its distance from it, or its own value. */
export type Reach =
  | { ratio: number; better: "lower" | "higher" }
  | { moreThanFloor: number }
  | { atMost: number };

/** One figure of a run with the samples of both sides, which were taken in turns. */
export interface Measured {
  figure: string;
  unit: string;
  ours: readonly number[];
  /** What the floor is, in a few words. */
  floorName: string;
  floor: readonly number[];
  /** Absent: the figure is printed for comparison. */
  reach?: Reach;
}

/** A row of the report. */
export interface FigureRow {
  figure: string;
  unit: string;
  samples: number;
  median: number;
  p95: number;
  floorName: string;
  floorMedian: number;
  floorP95: number;
  /** Of the medians. */
  ratio: number;
  /** Of the ratio, 95 %. */
  interval: Interval;
  reach?: string;
  /** `unsure`: the reach lies within the interval, so that this run cannot say. */
  verdict?: "met" | "missed" | "unsure";
}

/** Sums up the samples of a figure. Throws when one side has none, for a row without its floor says nothing. */
export function sumUp(measured: Measured): FigureRow {
  const { figure, unit, ours, floorName, floor, reach } = measured;
  if (ours.length === 0 || floor.length === 0) throw new Error(`${figure}: a side has no samples.`);
  const ratio = (a: number, b: number) => a / b;
  const row: FigureRow = {
    figure,
    unit,
    samples: ours.length,
    median: median(ours),
    p95: quantile(ours, 0.95),
    floorName,
    floorMedian: median(floor),
    floorP95: quantile(floor, 0.95),
    ratio: ratio(median(ours), median(floor)),
    interval: intervalOf(ours, floor, ratio),
  };
  return reach === undefined ? row : Object.assign(row, judge(measured, reach));
}

/** Whether the reach is met by the medians, and whether the interval leaves any doubt of it. */
function judge(
  { unit, ours, floor }: Measured,
  reach: Reach,
): Required<Pick<FigureRow, "reach" | "verdict">> {
  const bounded = (text: string, of: (a: number, b: number) => number, limit: number, isUpper = true) => {
    const { low, high } = intervalOf(ours, floor, of);
    const holds = (value: number) => (isUpper ? value <= limit : value >= limit);
    const verdict: FigureRow["verdict"] =
      holds(low) !== holds(high) ? "unsure" : holds(of(median(ours), median(floor))) ? "met" : "missed";
    return { reach: text, verdict };
  };
  if ("moreThanFloor" in reach) {
    const { moreThanFloor } = reach;
    return bounded(`<= +${moreThanFloor} ${unit}`, (a, b) => a - b, moreThanFloor);
  }
  if ("atMost" in reach) return bounded(`<= ${reach.atMost} ${unit}`, (a) => a, reach.atMost);
  const isUpper = reach.better === "lower";
  return bounded(`${isUpper ? "<=" : ">="} ${reach.ratio}`, (a, b) => a / b, reach.ratio, isUpper);
}
