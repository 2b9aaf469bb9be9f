import { once } from "node:events";
import { WebSocket } from "ws";
import { compressionIdleMs } from "../../../server/socket/compression.ts";
import { pause } from "../../support/pause.ts";
import { type DaylongServer, makeBench, startServer } from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import type { Measured } from "../report/figure.ts";
import { Inspector, inspected, type ServerMemory } from "../report/inspector.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { quantile } from "../report/statistics.ts";
import { BareSide } from "../sides/bareSide.ts";
import { unlimited } from "../sides/daylongSide.ts";
import { seed } from "../sides/seed.ts";

/** The server keeps a thousand connections; some are left for the requests that cause the events. */
const connectionCount = 950;
const firstConnections = 200;
/** Sockets of one device: ten, of the sixteen that it may have. */
const perDevice = 10;
const usualRounds = 12;
/** Servers whose memory is measured: the system gives memory in pieces that are larger than a connection. */
const usualMemoryRounds = 4;
/** Events a round. */
const burst = 20;
/** Sockets that are opened at once. */
const opening = 25;

/** Resident memory without the pages that V8 holds in reserve for its heap: of these a program has as many as its past left it. */
const memoryInUse = ({ rss, heapTotal, heapUsed }: ServerMemory): number => rss - heapTotal + heapUsed;

/** Sockets that count what comes, without reading it. */
class Listeners {
  readonly #sockets: WebSocket[] = [];
  #frames = 0;
  #awaited: { frames: number; from: number; resolve(): void } | undefined;
  /** When each frame of the round came. */
  #tookMs: number[] = [];
  /** The bytes of the frame that came last. */
  lastFrame: Buffer = Buffer.alloc(0);

  async open(count: number, connect: (index: number) => { socket: WebSocket; isOpen: Promise<unknown> }) {
    for (let from = 0; from < count; from += opening) {
      const opened = Array.from({ length: Math.min(opening, count - from) }, (_, index) =>
        connect(from + index),
      );
      await Promise.all(opened.map(({ isOpen }) => isOpen));
      for (const { socket } of opened) {
        socket.removeAllListeners("message");
        socket.on("message", (data) => this.#count(data as Buffer));
        this.#sockets.push(socket);
      }
    }
  }

  /** Resolves when so many frames more have come, with how long that took and how long each took. */
  async take(frames: number, cause: () => Promise<void>): Promise<{ tookMs: number; eachMs: number[] }> {
    const from = performance.now();
    this.#frames = 0;
    this.#tookMs = [];
    const came = new Promise<void>((resolve) => {
      this.#awaited = { frames, from, resolve };
    });
    await cause();
    await came;
    return { tookMs: performance.now() - from, eachMs: this.#tookMs };
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  #count(data: Buffer): void {
    this.lastFrame = data;
    this.#frames += 1;
    const awaited = this.#awaited;
    if (awaited === undefined) return;
    this.#tookMs.push(performance.now() - awaited.from);
    if (this.#frames === awaited.frames) awaited.resolve();
  }
}

/**
 * Near to a thousand paired connections beside as many of a bare ws server: an event to all of them, and what each one keeps. Once
 * with clients that take frames as they are, as Apple's do, and once with clients that let them be compressed, with which the floor
 * agrees on the same.
 */
export async function connections(run: BenchRun): Promise<Measured[]> {
  return [...(await withClients(run, false)), ...(await withClients(run, true))];
}

/** Both servers, each in a process of its own, and who listens to them. */
interface Sides {
  server: DaylongServer;
  bare: BareSide;
  inspector: Inspector;
  ours: Listeners;
  theirs: Listeners;
  sessionId: string;
  /** Opens more sockets to both, and waits until they are idle; what both servers hold then, in bytes. */
  openMore(from: number, to: number): Promise<{ ours: number; theirs: number }>;
}

async function withSides(perMessageDeflate: boolean, work: (sides: Sides) => Promise<void>): Promise<void> {
  const bench = makeBench();
  const { devices, sessionIds } = seed(bench.dataDir, {
    projectPath: bench.project,
    devices: connectionCount / perDevice,
    sessions: 1,
  });
  const server = await startServer(Object.assign(quickEnvironment(bench), unlimited, inspected));
  const bare = await BareSide.start({ withCompression: perMessageDeflate });
  const inspector = await Inspector.attach(server);
  const [ours, theirs] = [new Listeners(), new Listeners()];
  const openMore = async (from: number, to: number) => {
    await ours.open(to - from, (index) => {
      const { token } = devices[Math.floor((from + index) / perDevice)]!;
      const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`, ["daylong.v1"], {
        perMessageDeflate,
      });
      const isOpen = once(socket, "open").then(() => {
        const welcomed = once(socket, "message");
        socket.send(JSON.stringify({ type: "hello", token }));
        return welcomed;
      });
      return { socket, isOpen };
    });
    await theirs.open(to - from, () => {
      const socket = new WebSocket(bare.url.replace("http", "ws"), { perMessageDeflate });
      return { socket, isOpen: once(socket, "open") };
    });
    // Compression gives its memory back, and V8 what it had taken for the opening: without that the figure is of V8's reserve.
    await pause(compressionIdleMs + 2_000);
    return { ours: memoryInUse(await inspector.memory()), theirs: memoryInUse(await bare.memory()) };
  };
  try {
    // The first requests fill caches that are no connection's.
    for (let index = 0; index < 20; index += 1) await server.ask("GET", "/api/sessions");
    await work({ server, bare, inspector, ours, theirs, sessionId: sessionIds[0]!, openMore });
  } finally {
    ours.close();
    theirs.close();
    inspector.close();
    await server.kill("SIGTERM");
    await bare.stop();
    bench.remove();
  }
}

async function withClients(run: BenchRun, perMessageDeflate: boolean): Promise<Measured[]> {
  const memory = { ours: [] as number[], theirs: [] as number[] };
  const rates = { ours: [] as number[], theirs: [] as number[] };
  const tails = { ours: [] as number[], theirs: [] as number[] };
  const measureMemory = async ({ openMore }: Sides) => {
    // The first connections use up what a program has in reserve: the others are what a connection costs.
    const few = await openMore(0, firstConnections);
    const all = await openMore(firstConnections, connectionCount);
    const othersKb = (connectionCount - firstConnections) * 1_024;
    memory.ours.push((all.ours - few.ours) / othersKb);
    memory.theirs.push((all.theirs - few.theirs) / othersKb);
  };
  // Each in new processes: memory that sockets have left is used again by the next.
  for (let round = 1; round < roundsOf(run, usualMemoryRounds); round += 1)
    await withSides(perMessageDeflate, measureMemory);
  await withSides(perMessageDeflate, async (sides) => {
    await measureMemory(sides);
    const { server, bare, ours, theirs, sessionId } = sides;
    const rename = async (index: number) => {
      const title = `Title ${String(index).padStart(12, "0")}`;
      const { status } = await server.ask("PATCH", `/api/sessions/${sessionId}`, { title });
      if (status !== 200) throw new Error(`The session was not renamed: ${status}`);
    };
    let count = 0;
    const next = () => {
      count += 1;
      return count;
    };
    await ours.take(connectionCount, () => rename(next()));
    const frame = ours.lastFrame.toString();
    const many = (one: () => Promise<void>) => async () => {
      await Promise.all(Array.from({ length: burst }, one));
    };
    const rate = async (listeners: Listeners, cause: () => Promise<void>, into: number[]) => {
      const frames = connectionCount * burst;
      const { tookMs } = await listeners.take(frames, cause);
      into.push(frames / (tookMs / 1_000));
    };
    const tail = async (listeners: Listeners, cause: () => Promise<void>, into: number[]) => {
      const { eachMs } = await listeners.take(connectionCount, cause);
      into.push(quantile(eachMs, 0.99));
    };
    await inTurns(run, roundsOf(run, usualRounds), [
      () =>
        rate(
          ours,
          many(() => rename(next())),
          rates.ours,
        ),
      () =>
        rate(
          theirs,
          many(() => bare.broadcast(frame)),
          rates.theirs,
        ),
      () => tail(ours, () => rename(next()), tails.ours),
      () => tail(theirs, () => bare.broadcast(frame), tails.theirs),
    ]);
  });
  const floorName = "ws broadcast";
  const how = perMessageDeflate ? ", compressed" : "";
  return [
    {
      figure: `event to 950 connections, frames a second${how}`,
      unit: "1/s",
      ours: rates.ours,
      floorName,
      floor: rates.theirs,
      // To compress a frame for each connection is worth its bytes, not its time.
      reach: perMessageDeflate ? undefined : { ratio: 0.85, better: "higher" },
    },
    {
      figure: `event to 950 connections, p99 of the arrival${how}`,
      unit: "ms",
      ours: tails.ours,
      floorName,
      floor: tails.theirs,
    },
    {
      figure: `memory of an idle paired connection${how}`,
      unit: "KB",
      ours: memory.ours,
      floorName: perMessageDeflate ? "ws, compressed" : "ws",
      floor: memory.theirs,
      reach: { ratio: 1.5, better: "lower" },
    },
  ];
}
