import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { startDemoModel } from "../../../server/demo/model.ts";
import { benchEnvironment, makeBench, startServer } from "../../support/server/daylongServer.ts";
import type { Measured } from "../report/figure.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { unlimited } from "../sides/daylongSide.ts";
import { proseOf } from "../sides/prose.ts";
import { seed } from "../sides/seed.ts";

const replyChars = 5_000;
const eventCount = 200;
const textChars = 400;
const usualRounds = 5;

/** Bytes that an answer took on the connection, its head included. */
function answerBytes(url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "accept-encoding": "gzip, deflate, br",
      connection: "close",
    };
    const asked = request(url, { headers }, (response) => {
      let socket: Socket | undefined = response.socket;
      response.resume();
      response.once("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`The answer was ${response.statusCode}.`));
        resolve(socket!.bytesRead);
        socket = undefined;
      });
    });
    asked.once("error", reject);
    asked.end();
  });
}

/** Bytes on the wire beside those of the text itself: of a reply that is watched, and of a page of events. */
export async function wire(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const seeded = seed(bench.dataDir, {
    projectPath: bench.project,
    devices: 1,
    sessions: 1,
    events: eventCount,
    textChars,
  });
  // The prompt goes to every phone as well: it must not hold the reply.
  const replies = new Map(
    Array.from({ length: 50 }, (_, index) => [`text ${index}`, proseOf(replyChars, index * 1_511)]),
  );
  const model = await startDemoModel({ texts: replies });
  const server = await startServer(Object.assign(benchEnvironment(bench, model.url), unlimited));
  const { token } = seeded.devices[0]!;
  const sizes = {
    live: [] as number[],
    liveText: [] as number[],
    page: [] as number[],
    pageText: [] as number[],
  };
  try {
    // As a browser and the TypeScript client connect: compression is offered, and the server takes it or not.
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`, ["daylong.v1"]);
    let connection: Socket | undefined;
    socket.once("upgrade", (response) => {
      connection = response.socket;
    });
    await once(socket, "open");
    const frames: string[] = [];
    socket.on("message", (data) => frames.push(String(data)));
    socket.send(JSON.stringify({ type: "hello", token }));
    const turn = async (message: string, place: Record<string, string>) => {
      frames.length = 0;
      const clientMessageId = randomUUID();
      const isDone = () => frames.some((frame) => /"turn\.(completed|failed)"/.test(frame));
      socket.send(JSON.stringify(Object.assign({ type: "send", ref: "r", clientMessageId, message }, place)));
      while (!isDone()) await once(socket, "message");
      const failed = frames.find((frame) => frame.includes('"turn.failed"'));
      if (failed !== undefined) throw new Error(failed);
      return /"sessionId":"([^"]+)"/.exec(frames.find((frame) => frame.includes("sessionId"))!)![1]!;
    };
    const sessionId = await turn("say: hello there", { projectPath: bench.project });
    await inTurns(run, roundsOf(run, usualRounds), [
      async (round) => {
        const before = connection!.bytesRead;
        await turn(`say: text ${round % replies.size}`, { sessionId });
        const reply = frames.find((frame) => frame.includes('"type":"turn.completed"'))!;
        const { event } = JSON.parse(reply) as { event: { data: { text: string } } };
        sizes.live.push(connection!.bytesRead - before);
        if (event.data.text.length < replyChars * 0.9) throw new Error(`The reply was: ${event.data.text}`);
        sizes.liveText.push(Buffer.byteLength(event.data.text));
      },
      async () => {
        const path = `/api/sessions/${seeded.sessionIds[0]}/events?limit=${eventCount}`;
        sizes.page.push(await answerBytes(`${server.url}${path}`, token));
        sizes.pageText.push(seeded.textBytes);
      },
    ]);
    socket.terminate();
  } finally {
    await server.kill("SIGTERM");
    await model.stop();
    bench.remove();
  }
  const row = (figure: string, ours: number[], floor: number[]): Measured => ({
    figure: `bytes on the wire, ${figure}`,
    unit: "B",
    ours,
    floorName: "the text's own",
    floor,
    reach: { ratio: 1.5, better: "lower" },
  });
  return [
    row("a reply of 5 KB, live", sizes.live, sizes.liveText),
    row("200 events over HTTP", sizes.page, sizes.pageText),
  ];
}
