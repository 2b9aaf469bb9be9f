import { describe, expect, test } from "@jest/globals";
import { Retention } from "../../../server/delivery/retention.ts";
import type { Log } from "../../../server/domain/ports.ts";
import { ManualClock } from "../../support/manualClock.ts";

const day = 86_400_000;

function rig(batches: Array<number | Error>, newestAt?: number) {
  const clock = new ManualClock(100 * day);
  const cuts: number[] = [];
  const at: number[] = [];
  const logged: string[] = [];
  const rows: unknown[] = [];
  const note = (event: string, fields?: Record<string, unknown>) => {
    logged.push(event);
    if (fields?.rows !== undefined) rows.push(fields.rows);
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const store = {
    newestAt: () => newestAt,
    cut(beforeAt: number, limit: number) {
      expect(limit).toBe(500);
      cuts.push(clock.now() - beforeAt);
      at.push(clock.now());
      const batch = batches.shift() ?? 0;
      if (batch instanceof Error) throw batch;
      return batch;
    },
  };
  return {
    clock,
    cuts,
    at,
    logged,
    rows,
    retention: new Retention({ store, clock, log, keepMs: () => 90 * day }),
  };
}

describe("O11 retention passes", () => {
  test("goes on batch by batch until nothing is left, then rests for an hour", async () => {
    const { clock, cuts, logged, retention } = rig([500, 500, 20]);
    retention.start();
    await clock.advance(5_000);
    expect(cuts).toEqual([90 * day, 90 * day, 90 * day, 90 * day]);
    expect(logged).toEqual(["retention.cut"]);
    await clock.advance(3_600_000);
    expect(cuts).toHaveLength(5);
    retention.stop();
    await clock.advance(7_200_000);
    expect(cuts).toHaveLength(5);
  });

  test("a database that refuses is asked again later", async () => {
    const { clock, cuts, logged, retention } = rig([new Error("full")]);
    retention.start();
    await clock.advance(1_000);
    expect(logged).toEqual(["retention.cut_failed"]);
    await clock.advance(3_600_000);
    expect(cuts).toHaveLength(2);
    retention.stop();
  });

  test("takes a breath before the first commit and between two, and says once a pass how much was cut", () => {
    const { clock, at, logged, rows, retention } = rig([1, 500, 0, 7]);
    const startedAt = clock.now();
    retention.start();
    retention.start();
    expect(clock.armed).toBe(1);
    clock.advance(3_600_000);
    expect(at.map((instant) => instant - startedAt)).toEqual([200, 400, 600]);
    clock.advance(2 * 3_600_000);
    expect(at[3]! - at[2]!).toBe(3_600_000);
    expect(at[4]! - at[3]!).toBe(200);
    expect(logged).toEqual(["retention.cut", "retention.cut"]);
    expect(rows).toEqual([501, 7]);
    retention.stop();
  });

  test("a pass that finds nothing says nothing, and one after a fault goes on with its count", () => {
    const { clock, logged, rows, at, retention } = rig([0, 3, new Error("full"), 0, 4]);
    retention.start();
    clock.advance(200);
    expect([at.length, logged]).toEqual([1, []]);
    clock.advance(3_600_400);
    expect(logged).toEqual(["retention.cut_failed", "retention.cut"]);
    clock.advance(3_600_000);
    clock.advance(3_600_400);
    expect(rows).toEqual([3, 4]);
    retention.stop();
  });

  test("a stop leaves no timer, whenever it comes, and a start begins anew", () => {
    const { clock, cuts, retention } = rig([]);
    retention.stop();
    retention.start();
    retention.stop();
    retention.stop();
    expect(clock.armed).toBe(0);
    clock.advance(10_000);
    expect(cuts).toEqual([]);
    retention.start();
    clock.advance(200);
    expect(cuts).toHaveLength(1);
    retention.stop();
    expect(clock.armed).toBe(0);
  });
});

describe("DOOR-11 V17 retention on a clock that was set", () => {
  const year = 365 * day;
  /** How old rows have to be for the next pass. */
  const ageAt = ({ clock, cuts }: ReturnType<typeof rig>) => {
    clock.advance(3_600_000);
    return cuts.at(-1)!;
  };

  test("on by fifty years, cuts nothing of before until the server has run by it for a week", () => {
    const bench = rig([]);
    bench.retention.start();
    bench.clock.advance(1_000);
    bench.clock.step(50 * year);
    expect(ageAt(bench)).toBe(90 * day + 50 * year);
    bench.clock.advance(6 * day);
    expect(ageAt(bench)).toBe(90 * day + 50 * year);
    bench.clock.advance(day);
    expect(ageAt(bench)).toBe(90 * day);
    bench.retention.stop();
  });

  test("on and back again, by steps, counts as it did before", () => {
    const bench = rig([]);
    bench.retention.start();
    bench.clock.step(2 * year);
    bench.clock.step(year);
    bench.clock.step(-year - day);
    expect(ageAt(bench)).toBe(90 * day + 2 * year - day);
    bench.clock.step(-10 * year);
    expect(ageAt(bench)).toBe(90 * day);
    bench.retention.stop();
  });

  test("and that the computer was started with, years after the last event, is believed after a week", () => {
    const bench = rig([], 100 * day - 3 * year);
    bench.retention.start();
    expect(ageAt(bench)).toBe(90 * day + 3 * year);
    bench.clock.advance(7 * day);
    expect(ageAt(bench)).toBe(90 * day);
    bench.retention.stop();
    const recent = rig([], 99.5 * day);
    recent.retention.start();
    expect(ageAt(recent)).toBe(90 * day);
    recent.retention.stop();
  });
});
