import { describe, expect, test } from "@jest/globals";
import { Retention } from "../../../server/delivery/retention.ts";
import type { Log } from "../../../server/domain/ports.ts";
import { ManualClock } from "../../support/manualClock.ts";

const day = 86_400_000;

function rig(batches: Array<number | Error>) {
  const clock = new ManualClock(100 * day);
  const cuts: number[] = [];
  const logged: string[] = [];
  const note = (event: string) => logged.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const cutter = {
    cut(beforeAt: number) {
      cuts.push(clock.now() - beforeAt);
      const batch = batches.shift() ?? 0;
      if (batch instanceof Error) throw batch;
      return batch;
    },
  };
  return { clock, cuts, logged, retention: new Retention({ cutter, clock, log, keepMs: 90 * day }) };
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
});
