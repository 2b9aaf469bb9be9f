import { describe, expect, test } from "@jest/globals";
import { retryDelayMs } from "../../../../server/domain/delivery/delivery.ts";

describe("D11 the pause before another attempt", () => {
  test("doubles from 2 s to a quarter of an hour", () => {
    const pauses = [0, 1, 2, 3, 9, 10, 50].map((attempt) => retryDelayMs(attempt, 0.5));
    expect(pauses).toEqual([2_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000]);
  });
  test("is spread by a fifth to either side", () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 1)]).toEqual([1_600, 2_400]);
  });
});
