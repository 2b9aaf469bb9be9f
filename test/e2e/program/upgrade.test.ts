import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { migrations } from "../../../server/store/migrations.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { runNode } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

const scene = useScene({
  every: "test",
  settings: { SHUTDOWN_GRACE_SECONDS: "20", MAX_CONCURRENT_SESSIONS: "1" },
});
const next = migrations.at(-1)!.version + 1;

/** What makes the built server the next version: its schema has one step more. */
function nextVersion(): Record<string, string> {
  const step = join(scene.bench.dir, "next.mjs");
  const store = pathToFileURL(resolve("dist/server/store/migrations.js")).href;
  writeFileSync(
    step,
    `import { migrations } from ${JSON.stringify(store)};
migrations.push({ version: ${next}, apply: (connection) => connection.exec("ALTER TABLE sessions ADD COLUMN colour TEXT") });`,
  );
  return { ...scene.environment, NODE_OPTIONS: `--import ${pathToFileURL(step).href}` };
}

test("O17 V1: an upgrade loses no turn: what runs ends, what waits runs after it, and the way back is open", async () => {
  const { bench, server } = scene;
  const send = async (message: string, place: object) => {
    const { status, body } = await server.ask("POST", "/api/chat", { message, ...place });
    expect([message, status]).toEqual([message, 202]);
    return body as { turnId: string; sessionId: string };
  };
  // Its process is up: the next turn is at Claude and not on its way there.
  const warm = { message: "say: first", projectPath: bench.project };
  const { body: first } = await server.ask("POST", "/api/chat", warm, { headers: { prefer: "wait=60" } });
  const { sessionId } = first as { sessionId: string };
  const running = await send("slow: 3", { sessionId });
  const turnOf = (turnId: string) => `/api/sessions/${sessionId}/turns/${turnId}`;
  await eventually(
    "the turn runs",
    async () => (await server.ask("GET", turnOf(running.turnId))).body.state === "running",
  );
  const waiting = [await send("say: second", { sessionId }), await send("say: third", { sessionId })];
  expect(await server.kill("SIGTERM")).toBe(0);
  scene.server = await startServer(nextVersion());
  const path = join(bench.dataDir, "daylong.db");
  expect(existsSync(`${path}.before-v${next}`)).toBe(true);
  const stateOf = async ({ turnId }: { turnId: string }) =>
    (await scene.server.ask("GET", turnOf(turnId))).body.state;
  for (const turn of [running, ...waiting])
    await eventually("the turn has its reply", async () => (await stateOf(turn)) === "completed");
  const database = new Database(path, { readonly: true });
  const ends = database
    .prepare(
      "SELECT turn_id FROM events WHERE type IN ('turn.completed', 'turn.failed', 'turn.interrupted', 'turn.cancelled') ORDER BY cursor",
    )
    .pluck()
    .all();
  database.close();
  expect(ends).toEqual([first, running, ...waiting].map(({ turnId }) => turnId));

  // Back to the program before: it refuses, says how, and that works.
  expect(await scene.server.kill("SIGTERM")).toBe(0);
  const refused = await runNode(resolve("dist/server/main.js"), [], { env: scene.environment });
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining(`rename daylong.db.before-v${next} to daylong.db`),
  ]);
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  renameSync(`${path}.before-v${next}`, path);
  scene.server = await startServer(scene.environment);
  expect(await stateOf(running)).toBe("completed");
});
