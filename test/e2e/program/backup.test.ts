import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { type DaylongServer, eventually, startServer } from "../../support/server/daylongServer.ts";
import { runDaylong } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

interface LoggedRow {
  cursor: number;
  type: string;
  turn_id: string | null;
  at: number;
}

const ends = ["turn.completed", "turn.failed", "turn.interrupted", "turn.cancelled"];

describe("O05: backup and restore of a server", () => {
  const scene = useScene({ every: "test" });
  let restored: DaylongServer | undefined;
  afterEach(async () => {
    await restored?.kill("SIGTERM");
    restored = undefined;
  });

  test("O05 V1: a backup taken under load restores to a consistent server, and its clients are told of another epoch", async () => {
    const { bench, server } = scene;
    const phone = await server.pair("phone");
    const as = { token: phone.token };
    const file = join(bench.dir, "daylong.tar");
    const picture = { name: "a.txt", mimeType: "text/plain", data: Buffer.from("hello").toString("base64") };
    let isOver = false;
    let sent = 0;
    const accepted: string[] = [];
    const send = async () => {
      let sessionId: string | undefined;
      while (!isOver) {
        const message = `say: ${sent++}`;
        const attachments = sent % 3 === 0 ? [picture] : undefined;
        const place = sessionId === undefined ? { projectPath: bench.project } : { sessionId };
        const body = Object.assign(place, { message, attachments });
        const answer = await server.ask("POST", "/api/chat", body, {
          token: phone.token,
          headers: { prefer: "wait=60" },
        });
        expect(answer.status).toBe(200);
        sessionId ??= answer.body.sessionId;
        accepted.push(answer.body.turnId);
      }
    };
    const senders = [send(), send(), send()];
    await eventually("messages are accepted", () => accepted.length >= 10);
    const made = await runDaylong(["backup", file, "--data-dir", bench.dataDir, "--json"]);
    await eventually("the load went on meanwhile", () => accepted.length >= 20);
    isOver = true;
    await Promise.all(senders);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(JSON.parse(made.stdout)).toMatchObject({ file, epoch: phone.epoch, verified: true });
    const { body: last } = await server.ask("GET", "/api/events?after=0&limit=1", undefined, as);
    expect(last.epoch).toBe(phone.epoch);

    const into = join(bench.dir, "elsewhere");
    const refusal = await runDaylong(["restore", file, "--data-dir", bench.dataDir]);
    expect([refusal.code, refusal.stderr]).toEqual([
      1,
      expect.stringContaining("Another Daylong server uses the data folder"),
    ]);
    expect(await server.kill("SIGTERM")).toBe(0);
    const done = await runDaylong(["restore", file, "--data-dir", into, "--json"]);
    expect([done.code, done.stderr]).toEqual([0, ""]);
    const { epoch } = JSON.parse(done.stdout);

    const rows = () => {
      const database = new Database(join(into, "daylong.db"), { readonly: true });
      try {
        return database
          .prepare("SELECT cursor, type, turn_id, at FROM events ORDER BY cursor")
          .all() as LoggedRow[];
      } finally {
        database.close();
      }
    };
    const kept = rows();
    const acceptedThen = kept.filter(({ type }) => type === "turn.accepted").map(({ turn_id }) => turn_id);
    expect(acceptedThen.length).toBeGreaterThanOrEqual(10);
    restored = await startServer({ ...scene.environment, DATA_DIR: into });
    const endsOf = (turnId: string | null) =>
      rows().filter(({ type, turn_id }) => turn_id === turnId && ends.includes(type)).length;
    await eventually("every message of the backup has its end", () =>
      acceptedThen.every((id) => endsOf(id) > 0),
    );
    expect(acceptedThen.map(endsOf)).toEqual(acceptedThen.map(() => 1));
    // The log goes on where the backup ended, without a hole and without a word changed.
    const now = rows();
    expect(now.slice(0, kept.length)).toEqual(kept);
    expect(now.map(({ cursor }) => cursor)).toEqual(now.map((_row, index) => now[0]!.cursor + index));

    // The phone is still paired, and is told that it has seen what this server does not know.
    const seen = kept.at(-1)!.cursor + 100_000;
    const path = `/api/events?after=${seen}&epoch=${phone.epoch}`;
    const { body } = await restored.ask("GET", path, undefined, as);
    expect(body).toMatchObject({ epoch, recovered: false });
    expect(body.epoch).not.toBe(phone.epoch);
    const next = { message: "say: after the restore", projectPath: bench.project };
    const reply = await restored.ask("POST", "/api/chat", next, {
      token: phone.token,
      headers: { prefer: "wait=60" },
    });
    expect([reply.status, JSON.stringify(reply.body)]).toEqual([
      200,
      expect.stringContaining("after the restore"),
    ]);
    expect(await restored.kill("SIGTERM")).toBe(0);
    restored = undefined;
    scene.server = await startServer(scene.environment);
  });

  test("O05: the scripts of a checkout are doors to the commands, and a folder takes backups by their time", async () => {
    const { bench } = scene;
    const made = await runDaylong(["backup", bench.dir, "--data-dir", bench.dataDir]);
    expect(made.stdout).toMatch(/daylong-\d{8}T\d{6}Z\.tar: \d+ files, .* read again and whole\.\n$/);
    for (const [script, command] of [
      ["scripts/backup", "backup"],
      ["scripts/restore", "restore"],
    ] as const)
      expect(readFileSync(script, "utf8")).toContain(`/daylong" ${command} "$@"`);
  });
});
