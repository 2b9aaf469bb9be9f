import { once } from "node:events";
import { join } from "node:path";
import { WebSocket } from "ws";
import { databaseName } from "../../../server/store/database.ts";
import { makeBench, startServer } from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import type { Measured } from "../report/figure.ts";
import { Inspector, inspected } from "../report/inspector.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { BareSide } from "../sides/bareSide.ts";
import { unlimited } from "../sides/daylongSide.ts";
import { seed } from "../sides/seed.ts";

const eventCount = 100_000;
const usualRounds = 6;
/** The event loop must not be held longer than this by one phone that comes back. */
const holdMs = 20;

/** Opens a socket, says its first words, and takes what comes until the last frame. */
async function drain(
  url: string,
  hello: string,
  isLast: (frame: string, count: number) => boolean,
): Promise<number> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
  await once(socket, "open");
  const beganAt = performance.now();
  let count = 0;
  const done = new Promise<void>((resolve, reject) => {
    socket.on("message", (data) => {
      count += 1;
      if (isLast(String(data), count)) resolve();
    });
    socket.once("close", (code) =>
      reject(new Error(`The socket was closed with ${code} after ${count} frames.`)),
    );
  });
  socket.send(hello);
  await done;
  const tookMs = performance.now() - beganAt;
  socket.terminate();
  return tookMs;
}

/** A phone that comes back to 100,000 events, beside reading the same rows and writing their bytes. */
export async function replay(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const { devices } = seed(bench.dataDir, {
    projectPath: bench.project,
    devices: 1,
    sessions: 20,
    events: eventCount,
    textChars: 200,
  });
  const server = await startServer(Object.assign(quickEnvironment(bench), unlimited, inspected));
  const inspector = await Inspector.attach(server);
  const bare = await BareSide.start();
  const times = { ours: [] as number[], bare: [] as number[] };
  const holds = { busy: [] as number[], idle: [] as number[] };
  try {
    const { body } = await server.ask("GET", "/api/events?limit=1");
    const hello = { type: "hello", token: devices[0]!.token, cursor: 0, epoch: body.epoch };
    await inTurns(run, roundsOf(run, usualRounds), [
      async () => {
        await inspector.watchLoop();
        const url = `${server.url.replace("http", "ws")}/ws`;
        // The welcome, and then every event.
        times.ours.push(await drain(url, JSON.stringify(hello), (_, count) => count === eventCount + 1));
        holds.busy.push(await inspector.longestHoldMs());
        await inspector.watchLoop();
      },
      async () => {
        const path = join(bench.dataDir, databaseName);
        const tookMs = await drain(
          bare.url.replace("http", "ws"),
          `replay ${path}`,
          (frame) => frame === "end",
        );
        times.bare.push(tookMs);
        // What the machine alone does to the loop of a server that has nothing to do meanwhile.
        holds.idle.push(await inspector.longestHoldMs());
        await inspector.watchLoop();
      },
    ]);
  } finally {
    inspector.close();
    await bare.stop();
    await server.kill("SIGTERM");
    bench.remove();
  }
  return [
    {
      figure: "replay of 100,000 events to one phone",
      unit: "ms",
      ours: times.ours,
      floorName: "rows read, bytes written",
      floor: times.bare,
      reach: { ratio: 1.5, better: "lower" },
    },
    {
      figure: "replay: the longest hold of the event loop",
      unit: "ms",
      ours: holds.busy,
      floorName: "the same server idle",
      floor: holds.idle,
      reach: { atMost: holdMs },
    },
  ];
}
