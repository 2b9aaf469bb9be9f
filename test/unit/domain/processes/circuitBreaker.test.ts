import { describe, expect, test } from "@jest/globals";
import { backOffMs, type Circuit, failed } from "../../../../server/domain/processes/circuitBreaker.ts";

const backOff = { firstMs: 15_000, mostMs: 300_000 };

describe("F16 F17: a circuit", () => {
  test("waits longer after each failure, up to the most", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => backOffMs(backOff, failures) / 1_000);
    expect(pauses).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
  });

  test("counts a crowd that fails before the next try as one failure", () => {
    const first = failed(undefined, 1_000, backOff);
    expect(first).toEqual({ openedAt: 1_000, failures: 1, retryAt: 16_000 });
    expect(failed(first, 15_999, backOff)).toBe(first);
    expect(failed(first, 16_000, backOff)).toEqual({ openedAt: 1_000, failures: 2, retryAt: 46_000 });
  });

  test("waits until the reset that is known, and not for one that is over", () => {
    const known = failed(undefined, 1_000, backOff, 3_600_000);
    expect(known.retryAt).toBe(3_600_000);
    expect(failed(known, 2_000, backOff, 7_200_000).retryAt).toBe(7_200_000);
    expect(failed(known, 2_000, backOff, 60_000)).toBe(known);
    expect(failed(undefined, 1_000, backOff, 999).retryAt).toBe(16_000);
  });

  test("stays open over any number of failures, with instants that a clock can have", () => {
    let circuit: Circuit;
    let now = 0;
    for (let round = 0; round < 5_000; round += 1) {
      circuit = failed(circuit, now, backOff);
      expect(circuit.retryAt - now).toBeGreaterThanOrEqual(15_000);
      expect(circuit.retryAt - now).toBeLessThanOrEqual(300_000);
      now = circuit.retryAt;
    }
  });
});
