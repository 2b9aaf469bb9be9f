import { startDemoModel } from "../../../server/demo/model.ts";
import { benchEnvironment, makeBench } from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { DaylongSide } from "../sides/daylongSide.ts";
import { RawCli, type RawTiming } from "../sides/rawCli.ts";
import { RelayedCli } from "../sides/relayedCli.ts";

/** Processes on each side: two processes of the same CLI differ by up to 5 % from each other all their lives. */
const usualPairs = 8;
const usualTurns = 24;
/** Turns of a new process that are not counted: the CLI goes on for a while with caches, titles and garbage. */
const warmUps = 4;

/** Times of one side's turns. */
class Side {
  readonly firstDeltaMs: number[] = [];
  readonly completedMs: number[] = [];
  /** From the model's last byte to the end of the turn. */
  readonly afterModelMs: number[] = [];

  note(timing: RawTiming, modelEndedAt: number): void {
    this.firstDeltaMs.push(timing.firstDeltaMs);
    this.completedMs.push(timing.completedMs);
    this.afterModelMs.push(timing.endedAt - modelEndedAt);
  }
}

/**
 * A warm turn through Daylong's socket, through a relay that only passes frames on, and at the CLI's own stdin and stdout,
 * in turns, against one model that answers at once.
 */
export async function turns(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  let modelEndedAt = 0;
  const model = await startDemoModel({
    spoken: () => {
      modelEndedAt = performance.now();
    },
  });
  // A guess at the next message is asked for after a turn: it would run into the turn of the side that is next.
  const environment = { ...benchEnvironment(bench, model.url), SUGGESTIONS: "false" };
  const daylong = await DaylongSide.start(environment);
  const [raw, relayed, ours] = [new Side(), new Side(), new Side()];
  try {
    for (let pair = 0; pair < roundsOf(run, usualPairs); pair += 1) {
      const rawCli = new RawCli(bench.project, environment);
      const relay = await RelayedCli.start(bench.project, environment);
      const { sessionId } = await daylong.turn({ projectPath: bench.project });
      let isWarm = false;
      const work = (side: Side, turn: () => Promise<RawTiming>) => async () => {
        const timing = await turn();
        if (isWarm) side.note(timing, modelEndedAt);
      };
      const works = [
        work(raw, () => rawCli.turn("say: hello there")),
        work(relayed, () => relay.turn("say: hello there")),
        work(ours, () => daylong.turn({ sessionId })),
      ];
      await inTurns(run, warmUps, works);
      isWarm = true;
      await inTurns(run, roundsOf(run, usualTurns, 4), works);
      await rawCli.stop();
      await relay.stop();
      await daylong.endSession(sessionId);
    }
  } finally {
    await daylong.stop();
    await model.stop();
    bench.remove();
  }
  const row = (what: string, of: (side: Side) => number[]) => ({
    figure: `warm turn, ${what}`,
    unit: "ms",
    ours: of(ours),
  });
  const besideRelay = { floorName: "relay", floor: relayed };
  return [
    {
      ...row("to the first delta", (side) => side.firstDeltaMs),
      ...besideRelay,
      floor: relayed.firstDeltaMs,
      reach: { ratio: 1.03, better: "lower" },
    },
    {
      ...row("to turn.completed", (side) => side.completedMs),
      ...besideRelay,
      floor: relayed.completedMs,
      reach: { ratio: 1.05, better: "lower" },
    },
    {
      ...row("to the first delta", (side) => side.firstDeltaMs),
      floorName: "raw CLI",
      floor: raw.firstDeltaMs,
    },
    { ...row("to turn.completed", (side) => side.completedMs), floorName: "raw CLI", floor: raw.completedMs },
    {
      ...row("model's last byte to turn.completed", (side) => side.afterModelMs),
      floorName: "raw CLI",
      floor: raw.afterModelMs,
      reach: { moreThanFloor: 2 },
    },
    {
      ...row("model's last byte to turn.completed", (side) => side.afterModelMs),
      floorName: "relay",
      floor: relayed.afterModelMs,
    },
  ];
}
