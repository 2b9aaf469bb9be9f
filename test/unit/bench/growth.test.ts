import { describe, expect, test } from "@jest/globals";
import { growthTable, sumUpGrowth } from "../../bench/report/growth.ts";

const measured = (costs: number[], most: number) => ({
  what: "a turn",
  of: "sessions known",
  unit: "ms",
  points: costs.map((cost, index) => ({ size: 10 ** (index + 1), cost })),
  most,
});
const noise = { cores: 2, load: 0, loops: 3, loopMedianMs: 1, loopSpread: 1.5 };

describe("growth of costs", () => {
  test("a cost that stays is met where nothing may grow, and one in proportion is missed", () => {
    expect(sumUpGrowth(measured([2, 2.1, 2], 0.1))).toMatchObject({ verdict: "met" });
    expect(sumUpGrowth(measured([2, 20, 200], 0.1))).toMatchObject({ verdict: "missed" });
    expect(sumUpGrowth(measured([2, 20, 200], 1.01))).toMatchObject({ verdict: "met" });
  });

  test("the table names the cost at each size, the power and its bound", () => {
    const [line, last] = growthTable([sumUpGrowth(measured([2, 20, 200], 0.5))], noise).split("\n");
    expect(line).toBe(
      "a turn (ms), by sessions known:  10: 2  100: 20  1,000: 200  grows with the power 1.00 (<= 0.5, missed)",
    );
    expect(last).toContain("1.50 times");
  });
});
