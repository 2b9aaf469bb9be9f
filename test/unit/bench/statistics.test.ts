import { describe, expect, test } from "@jest/globals";
import { growthOf, intervalOf, median, quantile, seededRandom } from "../../bench/report/statistics.ts";

const ratio = (a: number, b: number) => a / b;

describe("statistics of the bench", () => {
  test("the median is the middle one, and the mean of the two middle ones of an even number", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([])).toBeNaN();
  });

  test("a quantile is the sample of the nearest rank, never one between two", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(hundred, 0.95)).toBe(95);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile(hundred, 0)).toBe(1);
    expect(quantile([3, 1], 0.95)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test("the samples are left as they were", () => {
    const samples = [3, 1, 2];
    median(samples);
    quantile(samples, 0.5);
    expect(samples).toEqual([3, 1, 2]);
  });

  test("the seeded numbers are the same each time, between 0 and 1, and spread", () => {
    const draw = () => {
      const random = seededRandom(7);
      return Array.from({ length: 1_000 }, random);
    };
    const drawn = draw();
    expect(draw()).toEqual(drawn);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1);
    expect(Math.abs(drawn.reduce((sum, one) => sum + one, 0) / 1_000 - 0.5)).toBeLessThan(0.05);
  });

  test("the interval of steady samples is narrow and holds the ratio, that of scattered ones is wide", () => {
    const steady = (middle: number) => Array.from({ length: 40 }, (_, index) => middle + (index % 5) * 0.01);
    const scattered = (middle: number) =>
      Array.from({ length: 40 }, (_, index) => middle * (1 + (index % 10)));
    const narrow = intervalOf(steady(12), steady(10), ratio);
    expect(narrow.low).toBeLessThanOrEqual(1.2);
    expect(narrow.high).toBeGreaterThanOrEqual(1.199);
    expect(narrow.high - narrow.low).toBeLessThan(0.01);
    const wide = intervalOf(scattered(12), scattered(10), ratio);
    expect(wide.high - wide.low).toBeGreaterThan(0.2);
  });

  test("the interval of one sample on each side is the ratio itself", () => {
    expect(intervalOf([3], [2], ratio)).toEqual({ low: 1.5, high: 1.5 });
  });

  test("growth is the power that the cost follows", () => {
    const sizes = [1, 10, 100, 1_000];
    const points = (cost: (size: number) => number) => sizes.map((size) => ({ size, cost: cost(size) }));
    expect(growthOf(points(() => 5))).toBeCloseTo(0);
    expect(growthOf(points((size) => 3 * size))).toBeCloseTo(1);
    expect(growthOf(points((size) => 0.1 * size ** 2))).toBeCloseTo(2);
  });

  test("growth of what is noisy is near its power all the same", () => {
    const random = seededRandom(3);
    const sizes = Array.from({ length: 30 }, (_, index) => 2 ** (index % 10));
    const points = sizes.map((size) => ({ size, cost: size * (0.8 + 0.4 * random()) }));
    expect(Math.abs(growthOf(points) - 1)).toBeLessThan(0.1);
  });

  test("growth is refused where it cannot be fitted", () => {
    expect(() => growthOf([{ size: 1, cost: 1 }])).toThrow("two sizes");
    expect(() =>
      growthOf([
        { size: 1, cost: 1 },
        { size: 2, cost: 0 },
      ]),
    ).toThrow("above 0");
  });
});
