import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { projectIdOf } from "../../../server/access/projectRoots.ts";
import { type DaylongServer, makeBench, startServer } from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import type { Measured } from "../report/figure.ts";
import { Inspector, inspected } from "../report/inspector.ts";
import { type BenchRun, inTurns, roundsOf } from "../report/run.ts";
import { unlimited } from "../sides/daylongSide.ts";
import { proseOf } from "../sides/prose.ts";

const transcriptCount = 2_000;
/** Lines of one: about 30 KB. */
const linesEach = 40;
/** Each starts a server, whose first list is the figure. */
const usualRounds = 12;
const holdMs = 20;
/** What the SDK reads of a transcript's head and of its tail. */
const headBytes = 64 * 1_024;
const readAtOnce = 16;

function writeTranscripts(folder: string, project: string): void {
  mkdirSync(folder, { recursive: true });
  const text = proseOf(500);
  for (let index = 0; index < transcriptCount; index += 1) {
    const sessionId = randomUUID();
    const lines = Array.from({ length: linesEach }, (_, line) =>
      JSON.stringify({
        parentUuid: null,
        isSidechain: false,
        userType: "external",
        cwd: project,
        sessionId,
        version: "2.1.330",
        gitBranch: "main",
        type: line % 2 === 0 ? "user" : "assistant",
        message:
          line % 2 === 0
            ? { role: "user", content: `${index} ${text}` }
            : { role: "assistant", content: [{ type: "text", text }] },
        uuid: randomUUID(),
        timestamp: new Date(1_790_000_000_000 + index * 60_000).toISOString(),
      }),
    );
    writeFileSync(join(folder, `${sessionId}.jsonl`), `${lines.join("\n")}\n`);
  }
}

/** Looks at every file, and reads its head and its tail. */
async function readHeads(folder: string): Promise<void> {
  const names = (await readdir(folder)).values();
  const buffer = () => Buffer.allocUnsafe(headBytes);
  const read = async () => {
    const own = buffer();
    for (const name of names) {
      const path = join(folder, name);
      const { size } = await stat(path);
      const file = await open(path, "r");
      await file.read(own, 0, headBytes, 0);
      if (size > headBytes) await file.read(own, 0, headBytes, size - headBytes);
      await file.close();
    }
  };
  await Promise.all(Array.from({ length: readAtOnce }, read));
}

/** The list of a project with two thousand conversations of a terminal, the first time and the second. */
export async function transcripts(run: BenchRun): Promise<Measured[]> {
  const bench = makeBench();
  const folder = join(bench.home, ".claude", "projects", bench.project.replace(/[^a-zA-Z0-9]/g, "-"));
  writeTranscripts(folder, bench.project);
  const environment = Object.assign(quickEnvironment(bench), unlimited, inspected);
  const times = { first: [] as number[], second: [] as number[], floor: [] as number[] };
  const holds = { busy: [] as number[], idle: [] as number[] };
  const projectId = projectIdOf(bench.project);
  const listed = async (server: DaylongServer) => {
    const beganAt = performance.now();
    const { status, body } = await server.ask("GET", `/api/projects/${projectId}/sessions?limit=200`);
    if (status !== 200 || body.sessions.length !== 200)
      throw new Error(`The list was ${status} with ${body.sessions?.length} conversations.`);
    return performance.now() - beganAt;
  };
  try {
    // The files are in the system's cache for all.
    await readHeads(folder);
    await inTurns(run, roundsOf(run, usualRounds), [
      async () => {
        const server = await startServer(environment);
        const inspector = await Inspector.attach(server);
        await inspector.watchLoop();
        times.first.push(await listed(server));
        holds.busy.push(await inspector.longestHoldMs());
        times.second.push(await listed(server));
        await inspector.watchLoop();
        const floorBeganAt = performance.now();
        await readHeads(folder);
        times.floor.push(performance.now() - floorBeganAt);
        holds.idle.push(await inspector.longestHoldMs());
        inspector.close();
        await server.kill("SIGTERM");
      },
    ]);
  } finally {
    bench.remove();
  }
  const row = (which: string, ours: number[]): Measured => ({
    figure: `list of 2,000 transcripts, ${which} time`,
    unit: "ms",
    ours,
    floorName: "their heads read",
    floor: times.floor,
    reach: { ratio: 1.5, better: "lower" },
  });
  return [
    row("first", times.first),
    row("second", times.second),
    {
      figure: "list of transcripts: the longest hold of the event loop",
      unit: "ms",
      ours: holds.busy,
      floorName: "the same server idle",
      floor: holds.idle,
      reach: { atMost: holdMs },
    },
  ];
}
