import { describe, expect, test } from "@jest/globals";
import { type Measured, sumUp } from "../../bench/report/figure.ts";
import { tableOf } from "../../bench/report/report.ts";

const measured = (ours: number[], floor: number[], reach?: Measured["reach"]): Measured => ({
  figure: "a warm turn",
  unit: "ms",
  ours,
  floorName: "relay",
  floor,
  reach,
});
const near = (middle: number) => [middle - 0.01, middle, middle, middle, middle + 0.01];

describe("figures of the bench", () => {
  test("a row has both sides' medians and p95, and the ratio of the medians", () => {
    const row = sumUp(measured([10, 12, 30], [5, 6, 9]));
    expect(row).toMatchObject({ samples: 3, median: 12, p95: 30, floorMedian: 6, floorP95: 9, ratio: 2 });
    expect(row.verdict).toBeUndefined();
  });

  test("O10 a side without samples is refused: a row without its floor says nothing", () => {
    expect(() => sumUp(measured([1], []))).toThrow("a warm turn");
    expect(() => sumUp(measured([], [1]))).toThrow("a warm turn");
  });

  test.each([
    ["met below the ratio", near(10.2), near(10), { ratio: 1.05, better: "lower" }, "met"],
    ["missed above the ratio", near(11), near(10), { ratio: 1.05, better: "lower" }, "missed"],
    ["met above a rate's ratio", near(9.9), near(10), { ratio: 0.95, better: "higher" }, "met"],
    ["missed below a rate's ratio", near(9), near(10), { ratio: 0.95, better: "higher" }, "missed"],
    ["met near the floor", near(11.5), near(10), { moreThanFloor: 2 }, "met"],
    ["missed far from the floor", near(13), near(10), { moreThanFloor: 2 }, "missed"],
    ["met below the bound", near(0.5), near(0.1), { atMost: 0.6 }, "met"],
    ["missed above the bound", near(0.7), near(0.1), { atMost: 0.6 }, "missed"],
  ] as const)("a reach is %s", (_, ours, floor, reach, verdict) => {
    expect(sumUp(measured(ours, floor, reach)).verdict).toBe(verdict);
  });

  test("a run whose interval holds the reach cannot say whether it is met", () => {
    const ours = [8, 9, 10, 11, 12, 13];
    expect(sumUp(measured(ours, ours, { ratio: 1.01, better: "lower" })).verdict).toBe("unsure");
  });

  test("the table tells each row, what was not measured and why, and the noise of the machine", () => {
    const table = tableOf({
      node: "v20",
      platform: "linux-x64",
      commit: "abc",
      rows: [sumUp(measured(near(10.2), near(10), { ratio: 1.05, better: "lower" }))],
      failures: [{ figure: "rest", reason: "only on Linux" }],
      noise: { cores: 2, load: 1.5, loops: 9, loopMedianMs: 2, loopSpread: 1.25 },
    });
    const [header, row, failure, noise] = table.split("\n");
    expect(header).toMatch(/^figure +ours +p95 +floor +p95 +ratio +95 % +reach$/);
    expect(row).toMatch(
      /^a warm turn +10\.2 ms +10\.2 +10 \(relay\) +10 +1\.020 +1\.02\.\.1\.02 +<= 1\.05 +met$/,
    );
    expect(failure).toBe("rest: not measured: only on Linux");
    expect(noise).toContain("1.25 times");
  });

  test("beside a floor of nothing the table tells no ratio, and the reach is judged by the own value", () => {
    const row = sumUp(measured(near(0.5), [0, 0, 0], { atMost: 0.6 }));
    const [, line] = tableOf({
      node: "v20",
      platform: "linux-x64",
      commit: "abc",
      rows: [row],
      failures: [],
      noise: { cores: 2, load: 0, loops: 1, loopMedianMs: 1, loopSpread: 1 },
    }).split("\n");
    expect(line).toMatch(/ {2}- +- +<= 0\.6 ms +met$/);
  });
});
