import { afterAll, describe, expect, test } from "@jest/globals";
import { PoolRig, usePoolRig } from "../integration/pool/rig.ts";
import { seedsFrom } from "../support/chance.ts";
import { FaultyDay } from "./gate/day.ts";
import { faultsOfTheDay, soundKinds } from "./gate/kinds.ts";

/** Ten days, each other; `DAYLONG_SEED=7` walks one of them again, or a new one. */
const seeds = seedsFrom(1, 10);

describe("composite gate: a day of 30 sessions on 10 processes with faults of every kind that a pool meets", () => {
  const rig = usePoolRig();
  const lines: string[] = [];
  const drawn = new Set<string>();
  afterAll(() => {
    process.stdout.write(`${lines.join("\n")}\n`);
  });

  test("the same seed goes the same way, so that what failed can be walked again", async () => {
    const walked: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const own = new PoolRig();
      try {
        await new FaultyDay(own, 99).begin(3);
        walked.push(JSON.stringify(own.store.events.after(0, 100_000)));
      } finally {
        await own.close();
      }
    }
    expect(walked[0]!.length).toBeGreaterThan(1_000);
    expect(walked[1] === walked[0]).toBe(true);
  });

  test.each(seeds)(
    "F1-F6 F8 F9 F12 F13 F16-F18 F20 V7 (seed %i): each accepted message ends once, each term warns once, nothing is left behind",
    async (seed) => {
      process.stdout.write(`composite gate: seed ${seed}\n`);
      const day = new FaultyDay(rig.current, seed);
      try {
        await day.run();
      } finally {
        const all = [...day.counts, ...day.claude.counts];
        for (const [name, count] of all) if (count > 0) drawn.add(name);
        const counts = all.map(([name, count]) => `${name} ${count}`);
        lines.push(
          `composite gate, seed ${seed}: ${day.owner.accepted.length} messages; ${counts.join(", ")}`,
        );
      }
      expect(day.owner.accepted.length).toBeGreaterThan(200);
    },
  );

  test("each of these faults was drawn in the ten days, and nothing that is not named", () => {
    const named = Object.values(faultsOfTheDay).flat();
    const unnamed = [...drawn].filter((name) => name.includes(": ") && !soundKinds.has(name));
    expect(unnamed.filter((name) => !named.includes(name))).toEqual([]);
    // A day that is walked again alone need not have met all of them.
    if (seeds.length > 1) expect(named.filter((name) => !drawn.has(name))).toEqual([]);
  });
});
