import { makeBench, startServer } from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { seed } from "../sides/seed.ts";

const eventCount = 1_000_000;
const usualRounds = 8;

/** From the start of the program to its word that it is ready, with a million events and with none. */
export async function boot(run: BenchRun): Promise<Measured[]> {
  const [full, empty] = [makeBench(), makeBench()];
  const times = { full: [] as number[], empty: [] as number[] };
  const start = async (bench: ReturnType<typeof makeBench>, into: number[]) => {
    const beganAt = performance.now();
    const server = await startServer(quickEnvironment(bench), [], undefined);
    into.push(performance.now() - beganAt);
    await server.kill("SIGTERM");
  };
  try {
    run.say(`writing ${eventCount} events`);
    seed(full.dataDir, { projectPath: full.project, sessions: 100, events: eventCount, textChars: 200 });
    // The first start of an empty folder makes the files.
    for (const bench of [full, empty]) await start(bench, []);
    await inTurns(run, roundsOf(run, usualRounds), [
      () => start(full, times.full),
      () => start(empty, times.empty),
    ]);
  } finally {
    full.remove();
    empty.remove();
  }
  return [
    {
      figure: "start with 1,000,000 events until ready",
      unit: "ms",
      ours: times.full,
      floorName: "with none",
      floor: times.empty,
      reach: { ratio: 1.2, better: "lower" },
    },
  ];
}
