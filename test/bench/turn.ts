import { randomUUID } from "node:crypto";
import { cpus } from "node:os";
import { startDemoModel } from "../../server/demo/model.ts";
import { readFlags } from "../../server/platform/flags.ts";
import { benchEnvironment, eventually, makeBench, startServer } from "../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../support/server/socketClient.ts";
import { RawCli, type RawTiming } from "./rawCli.ts";
import { RelayedCli } from "./relayedCli.ts";

const { values } = readFlags("scripts/bench", {
  flags: {
    turns: { type: "number", whole: true, min: 1 },
    sessions: { type: "number", whole: true, min: 1 },
    json: { type: "boolean" },
  },
});
// A device may send 300 frames a minute; a run that went over it would measure refusals.
const turns = Math.min(values.turns ?? 160, 220);
const sessions = values.sessions ?? 8;
/** Of processes on each side: two processes of the same CLI differ by up to 5 % from each other all their lives. */
const pairs = 8;
const warmUps = 4;
/** What takes turns: the CLI alone, behind a relay that does nothing else, and behind Daylong. */
const runners = ["raw", "relay", "daylong"] as const;
type Runner = (typeof runners)[number];

/** Nearest-rank quantile of the samples. */
const quantile = (samples: number[], share: number): number =>
  [...samples].sort((a, b) => a - b)[Math.min(samples.length - 1, Math.ceil(samples.length * share) - 1)] ??
  Number.NaN;

/** One turn through the server: from the send to the first delta and to `turn.completed`, as a client sees them. */
async function daylongTurn(
  socket: SocketClient,
  place: Record<string, string>,
): Promise<RawTiming & { sessionId: string }> {
  const clientMessageId = randomUUID();
  const from = socket.frames.length;
  const startedAt = performance.now();
  const seen: { deltaMs?: number; endMs?: number } = {};
  let done!: () => void;
  let fail!: (error: Error) => void;
  const ended = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  const listen = (data: unknown) => {
    const text = String(data);
    if (seen.deltaMs === undefined && text.startsWith('{"type":"delta"'))
      seen.deltaMs = performance.now() - startedAt;
    if (text.startsWith('{"type":"error"') || text.includes('"turn.failed"')) fail(new Error(text));
    if (text.includes('"turn.completed"')) {
      seen.endMs = performance.now() - startedAt;
      done();
    }
  };
  socket.socket.on("message", listen);
  socket.send({ type: "send", ref: clientMessageId, clientMessageId, message: "say: hello there", ...place });
  await ended;
  socket.socket.off("message", listen);
  const accepted = await socket.waitForRef(clientMessageId);
  if (accepted.type !== "accepted") throw new Error(JSON.stringify(accepted));
  socket.frames.splice(0, from);
  return {
    firstDeltaMs: seen.deltaMs ?? Number.NaN,
    completedMs: seen.endMs ?? Number.NaN,
    sessionId: accepted.sessionId!,
  };
}

/** A second server that keeps a spare; its `turn` begins a session when the `nth` spare is ready. */
async function startPrewarmed(environment: Record<string, string>) {
  const server = await startServer({
    ...environment,
    DATA_DIR: `${environment.DATA_DIR}-prewarmed`,
    PREWARMED_PROCESSES: "1",
    RESOURCE_SAMPLE_SECONDS: "0.5",
    LOG_LEVEL: "info",
  });
  const { token } = await server.pair("bench");
  const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token });
  return {
    server,
    async ready(nth: number) {
      const ready = () => server.lines.filter((line) => line.includes('"spare.ready"')).length >= nth;
      await eventually(`spare ${nth}`, ready, 60_000);
    },
    async turn(projectPath: string, nth: number) {
      const timing = await daylongTurn(socket, { projectPath });
      const { starts } = (await server.ask("GET", "/api/metrics/sessions")).body;
      if (starts.spare !== nth) throw new Error(`Only ${starts.spare} of ${nth} sessions began on a spare.`);
      return timing;
    },
    async stop() {
      await socket.close();
      await server.kill("SIGTERM");
    },
  };
}

async function main(): Promise<void> {
  const bench = makeBench();
  const model = await startDemoModel();
  const environment = benchEnvironment(bench, model.url);
  const server = await startServer({ ...environment, MAX_CONCURRENT_SESSIONS: "20", LOG_LEVEL: "info" });
  const { token } = await server.pair("bench");
  const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token });
  const rows: Array<{ what: string } & Record<Runner, number[]>> = [
    { what: "warm turn, to first delta", raw: [], relay: [], daylong: [] },
    { what: "warm turn, to completed", raw: [], relay: [], daylong: [] },
    { what: "new session, to first delta", raw: [], relay: [], daylong: [] },
    { what: "new session, to completed", raw: [], relay: [], daylong: [] },
    { what: "new session on a spare, to first delta", raw: [], relay: [], daylong: [] },
    { what: "new session on a spare, to completed", raw: [], relay: [], daylong: [] },
  ];
  let prewarmed: Awaited<ReturnType<typeof startPrewarmed>> | undefined;
  const note = (index: number, who: Runner, timing: RawTiming) => {
    rows[index]![who].push(timing.firstDeltaMs);
    rows[index + 1]![who].push(timing.completedMs);
  };
  try {
    for (let pair = 0; pair < pairs; pair += 1) {
      const raw = new RawCli(bench.project, environment);
      const { sessionId } = await daylongTurn(socket, { projectPath: bench.project });
      await raw.turn("say: hello there");
      const relay = await RelayedCli.start(bench.project, environment);
      await relay.turn("say: hello there");
      for (let index = 0; index < warmUps + turns / pairs; index += 1) {
        // Who goes first takes turns too: whatever the machine does in between meets both alike.
        for (let place = 0; place < runners.length; place += 1) {
          const who = runners[(index + place) % runners.length]!;
          const timing =
            who === "daylong"
              ? await daylongTurn(socket, { sessionId })
              : await { raw, relay }[who].turn("say: hello there");
          if (index >= warmUps) note(0, who, timing);
        }
      }
      await raw.stop();
      await relay.stop();
      await server.ask("DELETE", `/api/sessions/${sessionId}`);
    }
    // Only now, so that its spare does not live beside the warm turns.
    prewarmed = await startPrewarmed(environment);
    for (let index = 0; index < sessions; index += 1) {
      // A spare that comes up beside the others' starts would be measured with them.
      await prewarmed.ready(index + 1);
      const startedAt = performance.now();
      const fresh = new RawCli(bench.project, environment);
      const rawTiming = await fresh.turn("say: hello there", startedAt);
      note(2, "raw", rawTiming);
      note(4, "raw", rawTiming);
      await fresh.stop();
      const timing = await daylongTurn(socket, { projectPath: bench.project });
      note(2, "daylong", timing);
      await server.ask("DELETE", `/api/sessions/${timing.sessionId}`);
      const spareTiming = await prewarmed.turn(bench.project, index + 1);
      note(4, "daylong", spareTiming);
      await prewarmed.server.ask("DELETE", `/api/sessions/${spareTiming.sessionId}`);
    }
  } finally {
    await prewarmed?.stop();
    await socket.close();
    await server.kill("SIGTERM");
    await model.stop();
    bench.remove();
  }
  const results = rows.map(({ what, raw, relay, daylong }) => ({
    what,
    samples: raw.length,
    rawMedianMs: round(quantile(raw, 0.5)),
    rawP95Ms: round(quantile(raw, 0.95)),
    daylongMedianMs: round(quantile(daylong, 0.5)),
    daylongP95Ms: round(quantile(daylong, 0.95)),
    ...(relay.length > 0 && {
      relayMedianMs: round(quantile(relay, 0.5)),
      relayRatio: round(quantile(relay, 0.5) / quantile(raw, 0.5), 3),
    }),
    medianRatio: round(quantile(daylong, 0.5) / quantile(raw, 0.5), 3),
    p95Ratio: round(quantile(daylong, 0.95) / quantile(raw, 0.95), 3),
  }));
  const report = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: cpus().length,
    results,
  };
  console.log(JSON.stringify(report, undefined, values.json ? 0 : 2));
  if (!values.json) console.table(results);
}

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
