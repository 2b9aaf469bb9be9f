import { startDemoModel } from "../../server/demo/model.ts";
import {
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../support/server/daylongServer.ts";
import { type ResponseTimes, residentMb, responseTimes } from "./figures.ts";
import { Phone } from "./phone.ts";
import { brokenPromises, judge, type Verdict, wholeLog } from "./verdict.ts";
import { ProcessWatch } from "./watch.ts";

export interface CrowdOptions {
  conversations: number;
  /** Of messages to each; the first tells a number, the last asks for it. At least two. */
  rounds: number;
}

export interface CrowdReport extends Verdict {
  conversations: number;
  rounds: number;
  seconds: number;
  starts: number;
  wakes: number;
  parks: Record<string, number>;
  warnings: Record<string, number>;
  mostProcesses: number;
  /** Of sessions and spares together; a recap, of which the crowd asks none, would come on top. */
  processLimit: number;
  /** First messages that did not wait for a start. */
  spareStarts: number;
  peakMemoryMb: number;
  memoryLimitMb: number;
  /** Conversations that did not say their own number in the end. */
  forgot: number;
  leftAfterStop: number;
  modelRequests: number;
  /** From being accepted to the reply, of all messages; those of the first round wait for a process. */
  responseMs: ResponseTimes;
  byRound: RoundFigures[];
  broken: string[];
}

/** A round's response times, and the server's own memory after it with what it grew by. */
export interface RoundFigures extends ResponseTimes {
  round: number;
  serverMb: number;
  growthMb: number;
}

/** Longest time for all messages of a round. */
const roundMs = 600_000;
/** Conversations of one device: each may send 300 frames a minute. */
const perPhone = 25;

/** `PREWARMED_PROCESSES`' default, which the tests' environment takes away. */
const spares = 1;

/** Many conversations on the default limits, in rounds: the processes have to go round, and nobody may notice. */
export async function runCrowd({ conversations, rounds }: CrowdOptions): Promise<CrowdReport> {
  const bench = makeBench();
  const model = await startDemoModel();
  const phones: Phone[] = [];
  let server: DaylongServer | undefined;
  const watch = new ProcessWatch({ pid: () => server?.pid, memory: true });
  try {
    const running = await startServer({
      ...benchEnvironment(bench, model.url),
      PREWARMED_PROCESSES: String(spares),
    });
    server = running;
    // All begin at once: only a spare that is up by then is any of theirs.
    await eventually("the spare", () => running.lines.some((line) => line.includes('"spare.ready"')), 60_000);
    for (let index = 0; index < Math.ceil(conversations / perPhone); index += 1) {
      const { token, epoch } = await running.pair(`crowd ${index + 1}`);
      const phone = new Phone({ server: async () => running, token, epoch, allowsTools: false });
      phone.start();
      phones.push(phone);
    }
    const startedAt = Date.now();
    const sessionIds: string[] = [];
    const kept: Array<{ sessionId: string; turnId: string }> = [];
    let forgot = 0;
    const ofRound: Array<{ turnIds: Set<string>; serverMb: number }> = [];
    for (let round = 0; round < rounds; round += 1) {
      const ends = await Promise.all(
        Array.from({ length: conversations }, async (_, index) => {
          const phone = phones[Math.floor(index / perPhone)]!;
          const number = 1_000 + index;
          const message =
            round === 0
              ? `Remember the number ${number}`
              : round === rounds - 1
                ? "What number did I ask you to remember?"
                : `say: filler ${round} of ${number}`;
          const sessionId = sessionIds[index];
          const place: Record<string, string> = sessionId ? { sessionId } : { projectPath: bench.project };
          const taken = await sendSurely(phone, message, place);
          sessionIds[index] = taken.sessionId;
          kept.push(taken);
          return { number, end: await phone.ended(taken.turnId, roundMs) };
        }),
      );
      const turnIds = new Set(kept.slice(-conversations).map(({ turnId }) => turnId));
      ofRound.push({ turnIds, serverMb: residentMb(running.pid) });
      if (round === rounds - 1)
        for (const { number, end } of ends)
          if (end?.type !== "turn.completed" || end.data.text !== `You asked me to remember ${number}.`)
            forgot += 1;
      console.error(`round ${round + 1} of ${rounds}: ${Math.round((Date.now() - startedAt) / 1_000)} s`);
    }
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    const log = await wholeLog(running);
    const { stats } = (await running.ask("GET", "/api/sessions/active")).body;
    const processLimit: number = stats.maxSessions + spares;
    const memoryLimitMb = Math.round(stats.memoryLimitBytes / 1_048_576);
    const spareStarts: number = (await running.ask("GET", "/api/metrics/sessions")).body.starts.spare;
    const exitCode = await running.kill("SIGTERM");
    const verdict = judge(log, kept);
    const parks: Record<string, number> = {};
    const warnings: Record<string, number> = {};
    let starts = 0;
    let wakes = 0;
    const count = (of: Record<string, number>, name: string) => {
      of[name] = (of[name] ?? 0) + 1;
    };
    for (const event of log) {
      if (event.type === "session.parked") count(parks, event.data.reason);
      if (event.type === "resource.warning") count(warnings, event.data.kind);
      if (event.type === "session.woken" && event.data.resumed) wakes += 1;
      else if (event.type === "session.woken") starts += 1;
    }
    const report: CrowdReport = {
      conversations,
      rounds,
      seconds,
      ...verdict,
      starts,
      wakes,
      parks,
      warnings,
      mostProcesses: watch.mostProcesses,
      processLimit,
      spareStarts,
      peakMemoryMb: Math.round(watch.peakMemoryBytes / 1_048_576),
      memoryLimitMb,
      forgot,
      leftAfterStop: processesOf(bench).length,
      modelRequests: model.requestCount(),
      responseMs: responseTimes(log),
      byRound: ofRound.map(({ turnIds, serverMb }, index) => ({
        round: index + 1,
        ...responseTimes(log, turnIds),
        serverMb,
        growthMb: Math.round((serverMb - (ofRound[index - 1]?.serverMb ?? serverMb)) * 10) / 10,
      })),
      broken: brokenPromises(verdict),
    };
    const breaks = (number: number, what: string) => number > 0 && report.broken.push(`${number} ${what}`);
    breaks(conversations * rounds - report.replied, "messages were not replied to");
    breaks(forgot, "conversations did not know their number");
    breaks(Math.max(0, report.mostProcesses - processLimit), "processes more than the limit");
    breaks(Math.max(0, report.peakMemoryMb - memoryLimitMb), "MB more than the limit");
    if (spareStarts === 0) report.broken.push("no conversation began on a spare");
    breaks(report.leftAfterStop, "processes live after the stop");
    if (exitCode !== 0) report.broken.push(`the server ended with ${exitCode}`);
    return report;
  } finally {
    watch.stop();
    for (const phone of phones) await phone.stop();
    await server?.kill("SIGKILL");
    await model.stop();
    for (const pid of processesOf(bench)) process.kill(pid, "SIGKILL");
    bench.remove();
  }
}

/** A full queue is an answer that says to come back; a phone does. */
async function sendSurely(phone: Phone, message: string, place: Record<string, string>) {
  for (;;) {
    const kept = await phone.send(message, place, false);
    if (kept !== undefined) return kept;
    if ([...phone.refusals.keys()].some((code) => code !== "pool_full" && code !== "rate_limited"))
      throw new Error(`A message was refused: ${JSON.stringify([...phone.refusals])}`);
  }
}
