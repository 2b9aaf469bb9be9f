import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";
import { connect } from "../../support/server/socketClient.ts";

/**
 * The operating system refuses the server every write to a file beyond so many bytes (`EFBIG`), as a full disk does
 * (`ENOSPC`); other processes have theirs. Taken back, the disk has room again.
 */
const limitFiles = (pid: number, limit: "1" | "unlimited") =>
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${limit}:`]);

describe("a disk that is full, over HTTP and the socket, with the real CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let token: string;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer(benchEnvironment(bench, model.url));
    token = (await server.pair("phone")).token;
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
    server.ask("POST", "/api/chat", body, { token, headers });
  const turnOf = async (sessionId: string, turnId: string) =>
    (await server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`, undefined, { token })).body;

  test("F20: no message is taken and none that was taken is lost; with room again everything goes on by itself", async () => {
    const waits = { prefer: "wait=120" };
    const { body: first } = await chat(
      { message: "Remember the number 42", projectPath: bench.project },
      waits,
    );
    const { body: running } = await chat({ message: "slow: 5", projectPath: bench.project });
    await eventually(
      "it runs",
      async () => (await server.ask("GET", `/api/sessions/${running.sessionId}`)).body.process,
    );
    const { body: queued } = await chat({ message: "say: I waited", sessionId: running.sessionId });
    const socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token });
    limitFiles(server.pid, "1");
    const question = {
      message: "What number did I ask you to remember?",
      sessionId: first.sessionId,
      clientMessageId: "asked-on-a-full-disk",
    };
    for (const message of [question, { message: "say: new", projectPath: bench.project }]) {
      const refused = await chat(message);
      expect([refused.status, refused.body.code]).toEqual([503, "storage_failed"]);
      expect(refused.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(JSON.stringify(refused.body)).not.toContain(bench.dataDir);
    }
    socket.send({ type: "send", ref: "r1", ...question });
    expect(await socket.waitForRef("r1")).toMatchObject({ type: "error", code: "storage_failed" });
    // What can be read is read; and it is said that something is wrong.
    expect((await turnOf(first.sessionId, first.turnId)).state).toBe("completed");
    const health = await server.ask("GET", "/health");
    expect([health.status, health.body.checks.database.state]).toEqual([503, "failing"]);
    // The turn that runs is over by now for Claude, and for nobody else: what is not committed is not told.
    await eventually("its end cannot be written", () =>
      server.lines.some((line) => line.includes("pool.write_failed")),
    );
    expect((await turnOf(running.sessionId, running.turnId)).state).toBe("running");
    expect(socket.events.filter((event) => event.type === "turn.completed")).toEqual([]);

    limitFiles(server.pid, "unlimited");
    for (const { sessionId, turnId } of [running, queued])
      await eventually("it is answered", async () => (await turnOf(sessionId, turnId)).state === "completed");
    expect((await turnOf(running.sessionId, running.turnId)).reply.text).toContain("word20 end.");
    const { body: answer } = await chat(question, waits);
    expect([answer.duplicate, answer.reply.text]).toEqual([false, "You asked me to remember 42."]);
    expect((await server.ask("GET", "/health")).body.status).toBe("ok");
    const log: LoggedEvent[] = (await server.ask("GET", "/api/events?after=0&limit=1000")).body.events;
    expect(log.map((event) => event.cursor)).toEqual(log.map((_event, index) => log[0]!.cursor + index));
    const accepted = log.filter((event) => event.type === "turn.accepted").map((event) => event.turnId);
    expect(accepted).toEqual([first, running, queued, answer].map((turn) => turn.turnId));
    for (const turnId of accepted) {
      const ends = log.filter((event) => event.turnId === turnId && event.type === "turn.completed");
      expect(ends).toHaveLength(1);
    }
    await socket.close();
  });
});
