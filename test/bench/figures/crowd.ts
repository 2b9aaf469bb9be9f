import { startDemoModel } from "../../../server/demo/model.ts";
import { benchEnvironment, makeBench } from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { quantile } from "../report/statistics.ts";
import { DaylongSide } from "../sides/daylongSide.ts";
import { RawCli } from "../sides/rawCli.ts";
import { residentBytes } from "../sides/residentBytes.ts";

const conversations = 10;
/** Of ten messages each: a hundred messages a conversation. */
const usualRounds = 10;
const messagesARound = 10;

/** Ten conversations that speak at once, through Daylong and with ten raw CLIs. */
export async function crowd(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const model = await startDemoModel();
  // A guess at the next message is asked for after a turn, which the raw CLIs are not asked for.
  const environment = { ...benchEnvironment(bench, model.url), SUGGESTIONS: "false" };
  const daylong = await DaylongSide.start(
    Object.assign({}, environment, { MAX_TOTAL_MEMORY_GB: "16", CPU_USAGE_LIMIT_PERCENT: "100" }),
  );
  const raws = Array.from({ length: conversations }, () => new RawCli(bench.project, environment));
  const rates = { ours: [] as number[], raw: [] as number[] };
  const tails = { ours: [] as number[], raw: [] as number[] };
  let before = 0;
  let after = 0;
  try {
    for (const raw of raws) await raw.turn("say: hello there");
    const sessions: string[] = [];
    for (let index = 0; index < conversations; index += 1)
      sessions.push((await daylong.turn({ projectPath: bench.project })).sessionId);
    const round = async (
      turns: ReadonlyArray<() => Promise<{ completedMs: number }>>,
      side: "ours" | "raw",
    ) => {
      const took: number[] = [];
      const beganAt = performance.now();
      await Promise.all(
        turns.map(async (turn) => {
          for (let message = 0; message < messagesARound; message += 1) took.push((await turn()).completedMs);
        }),
      );
      rates[side].push(took.length / ((performance.now() - beganAt) / 1_000));
      tails[side].push(quantile(took, 0.99));
    };
    const works = [
      () =>
        round(
          raws.map((raw) => () => raw.turn("say: hello there")),
          "raw",
        ),
      () =>
        round(
          sessions.map((sessionId) => () => daylong.turn({ sessionId })),
          "ours",
        ),
    ];
    await inTurns(run, 1, works);
    for (const side of [rates, tails]) for (const list of Object.values(side)) list.length = 0;
    before = residentBytes(daylong.server.pid);
    await inTurns(run, roundsOf(run, usualRounds), works);
    after = residentBytes(daylong.server.pid);
  } finally {
    await Promise.all(raws.map((raw) => raw.stop()));
    await daylong.stop();
    await model.stop();
    bench.remove();
  }
  const floorName = "ten raw CLIs";
  return [
    {
      figure: "ten sessions at once, turns a second",
      unit: "1/s",
      ours: rates.ours,
      floorName,
      floor: rates.raw,
      reach: { ratio: 0.95, better: "higher" },
    },
    {
      figure: "ten sessions at once, p99 of a turn",
      unit: "ms",
      ours: tails.ours,
      floorName,
      floor: tails.raw,
    },
    {
      figure: "ten sessions at once, memory of the server",
      unit: "MB",
      ours: [after / 2 ** 20],
      floorName: "after the first 100 turns",
      floor: [before / 2 ** 20],
    },
  ];
}
