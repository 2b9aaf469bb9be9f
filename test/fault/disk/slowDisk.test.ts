import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { type ReceivedFrame, SocketClient } from "../../support/server/socketClient.ts";
import { SlowDisk } from "../../support/slowDisk.ts";

/** Far longer than a warm turn takes on a busy machine, and far shorter than any deadline here. */
const crawlMs = 60_000;

describe("a disk that takes its time", () => {
  let bench: Bench;
  let disk: SlowDisk;
  let model: DemoModel;
  let server: DaylongServer;
  let client: SocketClient;
  let token: string;
  let epoch: string;
  const environment = () => ({ ...benchEnvironment(bench, model.url), ...disk.environment });
  const connect = () =>
    new SocketClient({ url: `${server.url.replace("http", "ws")}/ws`, token, epoch, cursor: 0 });

  beforeAll(async () => {
    model = await startDemoModel();
  });
  afterAll(() => model.stop());
  beforeEach(async () => {
    bench = makeBench();
    disk = new SlowDisk(bench.dir);
    server = await startServer(environment());
    ({ token, epoch } = await server.pair("phone"));
    client = connect();
    await client.waitForType("welcome", 20_000);
  });
  afterEach(async () => {
    disk.mend();
    await client.close();
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    bench.remove();
  });

  const firstTurn = async () => {
    client.send({
      type: "send",
      ref: "first",
      clientMessageId: "1",
      message: "say: hello",
      projectPath: bench.project,
    });
    const { sessionId } = await client.waitForRef("first", 20_000);
    await client.waitFor((frame) => frame.event?.type === "turn.completed", 60_000, "the first reply");
    return sessionId!;
  };
  const figure = async (name: string): Promise<number> => {
    const { body } = await server.ask("GET", "/metrics");
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(String(body))?.[1]);
  };

  test("V1 Claude's words, pongs and /health pass by a disk that does not answer; what it has not confirmed is told to nobody", async () => {
    client.send({
      type: "send",
      ref: "long",
      clientMessageId: "1",
      message: "slow: 8",
      projectPath: bench.project,
    });
    const { turnId, sessionId } = await client.waitForRef("long", 20_000);
    await client.waitForType("delta", 60_000);
    disk.slow(crawlMs);
    const before = client.frames.length;
    // Committed, but not confirmed: another turn's words would say that it was accepted.
    client.send({
      type: "send",
      ref: "other",
      clientMessageId: "2",
      message: "say: other",
      projectPath: bench.project,
    });
    let answered = false;
    const overHttp = server
      .ask("POST", "/api/chat", { message: "say: third", sessionId, clientMessageId: "3" }, { token })
      .finally(() => {
        answered = true;
      });
    const since = () => client.frames.slice(before);
    const words = (of: string | undefined) =>
      since().filter(({ type, turnId }) => type === "delta" && turnId === of);
    await client.waitFor(() => words(turnId).length >= 10, 60_000, "ten more pieces");
    client.send({ type: "ping", ref: "beat" });
    await client.waitForRef("beat", 20_000);
    expect((await server.ask("GET", "/health")).status).toBeLessThan(504);
    // Its words came, and nothing else did.
    expect(new Set(since().map(({ type }) => type))).toEqual(new Set(["delta", "pong"]));
    expect(since().filter((frame) => frame.type === "delta")).toEqual(words(turnId));
    expect(answered).toBe(false);

    disk.mend();
    expect((await overHttp).status).toBe(202);
    const other = await client.waitForRef("other", 20_000);
    const ended = (of: string) => (frame: ReceivedFrame) =>
      frame.event?.type === "turn.completed" && frame.event.data.text === of;
    await client.waitFor(ended("other"), 60_000, "the other reply");
    await client.waitFor(ended("third"), 60_000, "the third reply");
    // Words only ever came after the word that their turn was accepted, and events in order, each once, without a gap.
    const firstWords = client.frames.indexOf(words(other.turnId)[0]!);
    expect(firstWords).toBeGreaterThan(client.frames.indexOf(other));
    const { cursors } = client;
    expect(cursors).toEqual(cursors.map((_, index) => cursors[0]! + index));
  });

  test("V1 what is committed while the disk is busy shares its next sync", async () => {
    const sessionId = await firstTurn();
    const [commits, syncs] = [
      await figure("daylong_commit_duration_seconds_count"),
      await figure("daylong_sync_duration_seconds_count"),
    ];
    // Longer than a busy machine takes to hear thirty messages.
    disk.slow(1_000);
    for (let count = 0; count < 30; count += 1)
      client.send({
        type: "send",
        ref: `m${count}`,
        clientMessageId: `m${count}`,
        message: "say: x",
        sessionId,
      });
    await client.waitForRef("m29", 30_000);
    const committed = (await figure("daylong_commit_duration_seconds_count")) - commits;
    const synced = (await figure("daylong_sync_duration_seconds_count")) - syncs;
    expect(committed).toBeGreaterThanOrEqual(30);
    expect(synced).toBeGreaterThanOrEqual(1);
    expect(synced).toBeLessThan(committed / 3);
    disk.mend();
    const isLast = () => client.events.filter((event) => event.type === "turn.completed").length === 31;
    await client.waitFor(isLast, 60_000, "the last reply");
  });

  test("V1 the log is folded into the database beside the event loop, and does not grow for ever", async () => {
    const database = join(bench.dataDir, "daylong.db");
    const foldedAt = statSync(database).mtimeMs;
    // Each is a commit.
    for (let count = 0; count < 450; count += 1) client.send({ type: "ack", ref: `a${count}`, cursor: 0 });
    await client.waitForRef("a449", 30_000);
    await eventually("the log is folded in", () => statSync(database).mtimeMs > foldedAt, 60_000);
    expect(server.lines.join("\n")).not.toContain("checkpoint_failed");
  });

  test("F20 a disk that refuses a commit ends the server at once: nobody was told, and the next run answers the same message once", async () => {
    const sessionId = await firstTurn();
    const before = client.frames.length;
    disk.refuse();
    client.send({ type: "send", ref: "lost", clientMessageId: "2", message: "say: again", sessionId });
    expect(await server.exited).toBe(1);
    expect(server.lines.join("\n")).toMatch(/did not take what was written.*server\.crashed/);
    const told = client.frames
      .slice(before)
      .filter((frame) => frame.type !== "delta" && frame.type !== "activity");
    expect(told).toEqual([]);

    disk.mend();
    await client.close();
    server = await startServer(environment());
    client = connect();
    await client.waitForType("welcome", 20_000);
    client.send({ type: "send", ref: "again", clientMessageId: "2", message: "say: again", sessionId });
    const accepted = await client.waitForRef("again", 20_000);
    expect(accepted.type).toBe("accepted");
    const ends = () =>
      client.events.filter(
        (event) =>
          event.turnId === accepted.turnId && /^turn\.(completed|failed|interrupted)$/.test(event.type),
      );
    await client.waitFor(() => ends().length > 0, 60_000, "the end of the turn");
    expect(ends()).toHaveLength(1);
  });
});
