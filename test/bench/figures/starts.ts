import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDemoModel } from "../../../server/demo/model.ts";
import { pause } from "../../support/pause.ts";
import { benchEnvironment, childrenOf, eventually, makeBench } from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { DaylongSide } from "../sides/daylongSide.ts";
import { RawCli } from "../sides/rawCli.ts";

const usualRounds = 10;
/** A CLI that is ready goes on working for so long: 150 ms of CPU, most of it after more than a second. */
const settleMs = 2_500;
const otherModel = "claude-haiku-4-5";

/**
 * A project with settings of its own that the owner trusts. They set nothing that only a start applies (`env`, `model`): a
 * session in such a project begins with a start of the CLI, as without spares.
 */
async function trustedProject({ server }: DaylongSide, roots: string): Promise<string> {
  const path = join(roots, "trusted");
  mkdirSync(join(path, ".claude"), { recursive: true });
  const settings = { permissions: { deny: ["WebFetch"] } };
  writeFileSync(join(path, ".claude", "settings.json"), JSON.stringify(settings));
  writeFileSync(join(path, "CLAUDE.md"), "Words of a trusted project.");
  const { body } = await server.ask("GET", "/api/projects");
  const found = (body.projects as Array<{ projectId: string; path: string }>).find(
    (one) => one.path === path,
  );
  if (found === undefined) throw new Error(`The project is not listed: ${JSON.stringify(body)}`);
  const { status } = await server.ask("PUT", `/api/projects/${found.projectId}/trust`);
  if (status >= 300) throw new Error(`The project was not trusted: ${status}`);
  return path;
}

/** A new conversation's first word, and that of one whose process has to be started again, beside the raw CLI's. */
export async function starts(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const model = await startDemoModel();
  const environment = benchEnvironment(bench, model.url);
  const daylong = await DaylongSide.start(
    Object.assign({}, environment, {
      // One for projects that are trusted, and one for the others.
      PREWARMED_PROCESSES: "2",
      // A health pass parks idle sessions; at the default interval each park would take half a minute.
      HEALTH_INTERVAL_SECONDS: "2",
      // Long enough for every turn here, short enough to wait for.
      SESSION_IDLE_MINUTES: "0.02",
    }),
  );
  const { server } = daylong;
  const trusted = await trustedProject(daylong, bench.roots);
  const rawWith = async (conversation: { resume?: string; model?: string } = {}) => {
    const startedAt = performance.now();
    const cli = new RawCli(bench.project, environment, conversation);
    const { firstDeltaMs } = await cli.turn("say: hello there", startedAt);
    await cli.stop();
    return firstDeltaMs;
  };
  const resumed = randomUUID();
  let sparesBefore = "";
  /** Nothing runs but a spare of each kind, both ready and at rest: a start beside another would be measured with it. */
  const quiet = async () => {
    const isQuiet = () => {
      const running = childrenOf(server.pid);
      const ready = server.lines
        .filter((line) => line.includes('"spare.ready"'))
        .map((line) => JSON.parse(line))
        .filter(({ pid }) => running.includes(pid));
      return running.length === 2 && new Set(ready.map(({ standing }) => standing)).size === 2;
    };
    await eventually("only two spares that are ready", isQuiet, 60_000);
    const spares = childrenOf(server.pid).sort().join(" ");
    if (spares !== sparesBefore) await pause(settleMs);
    sparesBefore = spares;
  };
  const fresh = async (place: Record<string, string>) => {
    const { firstDeltaMs, sessionId } = await daylong.turn(place);
    await daylong.endSession(sessionId);
    return firstDeltaMs;
  };
  const times = { cold: [] as number[], resume: [] as number[], coldOther: [] as number[] };
  const ours = {
    spare: [] as number[],
    trusted: [] as number[],
    other: [] as number[],
    wake: [] as number[],
  };
  try {
    const first = new RawCli(bench.project, environment, { sessionId: resumed });
    await first.turn("say: hello there");
    await first.stop();
    const { sessionId } = await daylong.turn({ projectPath: bench.project });
    await fresh({ projectPath: trusted });
    const inQuiet = (work: () => Promise<number>, into: number[]) => async () => {
      await quiet();
      into.push(await work());
    };
    await inTurns(run, roundsOf(run, usualRounds), [
      inQuiet(() => rawWith(), times.cold),
      inQuiet(() => rawWith({ model: otherModel }), times.coldOther),
      inQuiet(() => rawWith({ resume: resumed }), times.resume),
      inQuiet(() => fresh({ projectPath: bench.project }), ours.spare),
      inQuiet(() => fresh({ projectPath: trusted }), ours.trusted),
      inQuiet(() => fresh({ projectPath: bench.project, model: otherModel }), ours.other),
      inQuiet(async () => (await daylong.turn({ sessionId })).firstDeltaMs, ours.wake),
    ]);
    const { starts: counts } = (await server.ask("GET", "/api/metrics/sessions")).body;
    run.say(`starts of the server: ${JSON.stringify(counts)}`);
  } finally {
    await daylong.stop();
    await model.stop();
    bench.remove();
  }
  const row = (
    figure: string,
    mine: number[],
    floorName: string,
    floor: number[],
    ratio: number,
  ): Measured => ({
    figure,
    unit: "ms",
    ours: mine,
    floorName,
    floor,
    reach: { ratio, better: "lower" },
  });
  return [
    row("new session with a spare, to the first delta", ours.spare, "raw cold start", times.cold, 0.45),
    row("the same in a trusted project", ours.trusted, "raw cold start", times.cold, 0.6),
    row("the same with another model", ours.other, "raw cold start", times.coldOther, 0.6),
    row("wake of a parked session, to the first delta", ours.wake, "raw --resume", times.resume, 1.05),
  ];
}
