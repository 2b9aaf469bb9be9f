import { once } from "node:events";
import { WebSocket } from "ws";
import { readFlags } from "../../server/platform/flags.ts";
import { makeBench, startServer } from "../support/server/daylongServer.ts";
import { quickEnvironment } from "../support/server/quickServer.ts";
import { type GrowthRow, growthTable, sumUpGrowth } from "./report/growth.ts";
import { Inspector, inspected } from "./report/inspector.ts";
import { NoiseMeter } from "./report/noise.ts";
import { type BenchRun, roundsOf } from "./report/run.ts";
import { unlimited } from "./sides/daylongSide.ts";
import { type Seeded, seed } from "./sides/seed.ts";

/**
 * Costs of a server at growing numbers of sessions that it knows, of connections, and of events in its log. The times are those
 * of the server's own CPU where it can be told, because those are what grows.
 */
const { values } = readFlags("scripts/bench growth", {
  flags: { effort: { type: "number", min: 0.01, max: 20 }, json: { type: "boolean" } },
});

const usualRounds = 40;
const connectionSizes = [1, 10, 100];
const sessionSizes = [10, 100, 1_000];
const eventSizes = [1, 1_000, 100_000, 1_000_000];

/** A running server with what it has lived through. */
class Subject {
  readonly #server: Awaited<ReturnType<typeof startServer>>;
  readonly inspector: Inspector;
  readonly seeded: Seeded;
  readonly bootMs: number;
  readonly #bench: ReturnType<typeof makeBench>;
  readonly #sockets: WebSocket[] = [];

  private constructor(
    bench: ReturnType<typeof makeBench>,
    server: Awaited<ReturnType<typeof startServer>>,
    parts: { inspector: Inspector; seeded: Seeded; bootMs: number },
  ) {
    this.#bench = bench;
    this.#server = server;
    this.inspector = parts.inspector;
    this.seeded = parts.seeded;
    this.bootMs = parts.bootMs;
  }

  static async start(wanted: { devices?: number; sessions?: number; events?: number }): Promise<Subject> {
    const bench = makeBench();
    const sized = Object.assign({ devices: 1, sessions: 1 }, wanted);
    const seeded = seed(bench.dataDir, Object.assign({ projectPath: bench.project, textChars: 200 }, sized));
    const environment = Object.assign(quickEnvironment(bench), unlimited, inspected);
    const beganAt = performance.now();
    const server = await startServer(environment);
    const bootMs = performance.now() - beganAt;
    const inspector = await Inspector.attach(server);
    return new Subject(bench, server, { inspector, seeded, bootMs });
  }

  async ask(method: string, path: string, body?: unknown) {
    const answer = await this.#server.ask(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.body;
  }

  async connect(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const { token } = this.seeded.devices[index]!;
      const socket = new WebSocket(`${this.#server.url.replace("http", "ws")}/ws`, ["daylong.v1"]);
      await once(socket, "open");
      const welcomed = once(socket, "message");
      // From the end of the log: what came before is not replayed here.
      socket.send(JSON.stringify({ type: "hello", token }));
      await welcomed;
      this.#sockets.push(socket);
    }
  }

  /** A phone that was away for the last hundred events comes back; resolves when it has them. */
  async comeBack(): Promise<void> {
    const { epoch, cursor: tip } = await this.#tip();
    const missed = Math.min(100, tip);
    const socket = new WebSocket(`${this.#server.url.replace("http", "ws")}/ws`, ["daylong.v1"]);
    await once(socket, "open");
    let frames = 0;
    const done = new Promise<void>((resolve) => {
      socket.on("message", () => {
        frames += 1;
        if (frames === missed + 1) resolve();
      });
    });
    const { token } = this.seeded.devices[0]!;
    socket.send(JSON.stringify({ type: "hello", token, epoch, cursor: tip - missed }));
    await done;
    socket.terminate();
  }

  async turn(): Promise<void> {
    const body = { message: "Go on.", sessionId: this.seeded.sessionIds[0] };
    const url = `${this.#server.url}/api/chat`;
    const authorization = `Bearer ${this.#server.adminToken}`;
    const headers = { authorization, "content-type": "application/json", prefer: "wait=60" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    const { state } = (await response.json()) as { state?: string };
    if (state !== "completed") throw new Error(`The turn is ${state}.`);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.inspector.close();
    await this.#server.kill("SIGTERM");
    this.#bench.remove();
  }

  #tip(): Promise<{ epoch: string; cursor: number }> {
    return this.ask("GET", "/api/events?after=0&limit=1&epoch=none");
  }
}

/** CPU time of the server for each of the works, ms. */
async function cost({ inspector }: Subject, rounds: number, work: () => Promise<unknown>): Promise<number> {
  for (let round = 0; round < 3; round += 1) await work();
  const before = await inspector.cpuMicros();
  for (let round = 0; round < rounds; round += 1) await work();
  return ((await inspector.cpuMicros()) - before) / 1_000 / rounds;
}

type Points = Array<{ size: number; cost: number }>;

async function main(): Promise<void> {
  const noise = new NoiseMeter();
  const run: BenchRun = {
    effort: values.effort ?? 1,
    noise,
    say: (text) => process.stderr.write(`${text}\n`),
  };
  const rounds = roundsOf(run, usualRounds, 5);
  const rows: GrowthRow[] = [];
  const over = async (
    of: string,
    sizes: readonly number[],
    start: (size: number) => Promise<Subject>,
    costs: Record<string, { most: number; measure(subject: Subject): Promise<number> }>,
  ) => {
    const points = new Map<string, Points>(Object.keys(costs).map((what) => [what, []]));
    for (const size of sizes) {
      run.say(`measuring at ${size} ${of}`);
      const subject = await start(size);
      try {
        for (const [what, { measure }] of Object.entries(costs)) {
          noise.probe();
          points.get(what)!.push({ size, cost: await measure(subject) });
        }
      } finally {
        await subject.stop();
      }
    }
    for (const [what, { most }] of Object.entries(costs))
      rows.push(sumUpGrowth({ what, of, unit: "ms", points: points.get(what)!, most }));
  };
  const turn = (subject: Subject) => cost(subject, rounds, () => subject.turn());
  const rename = (subject: Subject) => {
    let count = 0;
    return cost(subject, rounds, () => {
      count += 1;
      return subject.ask("PATCH", `/api/sessions/${subject.seeded.sessionIds[0]}`, {
        title: `Title ${count}`,
      });
    });
  };
  await over(
    "sessions known",
    sessionSizes,
    (sessions) => Subject.start({ sessions, events: 10 * sessions }),
    {
      "start until ready": { most: 0.1, measure: async ({ bootMs }) => bootMs },
      "a turn": { most: 0.1, measure: turn },
      "the list's first page (50)": {
        most: 0.4,
        measure: (subject) => cost(subject, rounds, () => subject.ask("GET", "/api/sessions?limit=50")),
      },
      "a change of a title": { most: 0.1, measure: rename },
    },
  );
  await over(
    "connections",
    connectionSizes,
    async (count) => {
      const subject = await Subject.start({ devices: count });
      await subject.connect(count);
      return subject;
    },
    { "an event": { most: 1, measure: rename }, "a turn": { most: 1, measure: turn } },
  );
  await over("events", eventSizes, (events) => Subject.start({ events }), {
    "start until ready": { most: 0.1, measure: async ({ bootMs }) => bootMs },
    "a turn": { most: 0.1, measure: turn },
    "a change of a title": { most: 0.1, measure: rename },
    "a phone that missed the last 100": {
      most: 0.35,
      measure: (subject) => cost(subject, rounds, () => subject.comeBack()),
    },
  });
  const report = { rows, noise: noise.report() };
  console.log(values.json ? JSON.stringify(report) : growthTable(report.rows, report.noise));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
