import { makeBench } from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import type { Measured } from "../report/figure.ts";
import { Inspector, inspected } from "../report/inspector.ts";
import { type BenchRun, roundsOf } from "../report/run.ts";
import { DaylongSide } from "../sides/daylongSide.ts";

const sessionCount = 10;
const firstTurns = 1_000;
const usualTurns = 100_000;

/** Memory of a server that has answered a hundred thousand messages, beside its memory after the first thousand. */
export async function memory(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const turnCount = roundsOf(run, usualTurns, 2 * firstTurns);
  const daylong = await DaylongSide.start(
    Object.assign(quickEnvironment(bench), inspected, {
      MAX_TOTAL_MEMORY_GB: "16",
      CPU_USAGE_LIMIT_PERCENT: "100",
      // The stand-in resumes no transcript of more than 20 MB, and none of them ends here.
      RETENTION_DAYS: "1",
    }),
  );
  const inspector = await Inspector.attach(daylong.server);
  const sessions: string[] = [];
  const megabytes = (bytes: number) => bytes / 2 ** 20;
  const turns = async (count: number) => {
    await Promise.all(
      sessions.map(async (sessionId) => {
        for (let turn = 0; turn < count / sessionCount; turn += 1)
          await daylong.turn({ sessionId }, "Go on with the next file, please.");
      }),
    );
    run.noise.probe();
  };
  try {
    for (let index = 0; index < sessionCount; index += 1)
      sessions.push((await daylong.turn({ projectPath: bench.project }, "Begin.")).sessionId);
    await turns(firstTurns);
    const before = await inspector.memory();
    const beganAt = performance.now();
    await turns(turnCount - firstTurns);
    const perSecond = (turnCount - firstTurns) / ((performance.now() - beganAt) / 1_000);
    run.say(`${turnCount} turns, ${Math.round(perSecond)} a second`);
    const after = await inspector.memory();
    const row = (what: string, of: keyof typeof before): Measured => ({
      figure: `memory after ${turnCount.toLocaleString("en")} turns, ${what}`,
      unit: "MB",
      ours: [megabytes(after[of])],
      floorName: "after 1,000",
      floor: [megabytes(before[of])],
      reach: { ratio: 1.1, better: "lower" },
    });
    return [row("resident", "rss"), row("heap", "heapUsed")];
  } finally {
    inspector.close();
    await daylong.stop();
    bench.remove();
  }
}
