import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
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

describe("a CLI that writes its whole reply down and never says that it is done", () => {
  let bench: Bench;
  let server: DaylongServer;
  const open = async () => {
    server = await startServer({
      ...benchEnvironment(bench, "http://127.0.0.1:9"),
      CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"),
      HEALTH_INTERVAL_SECONDS: "0.1",
      // 3 s: the stand-in answers at once, but on a busy machine.
      TURN_STALL_MINUTES: "0.05",
      SHUTDOWN_GRACE_SECONDS: "1",
    });
  };

  beforeAll(async () => {
    bench = makeBench();
    await open();
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    bench.remove();
  });

  const chat = async (message: string, sessionId?: string, prefer = "wait=120") => {
    const place = sessionId === undefined ? { projectPath: bench.project } : { sessionId };
    return (await server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer } })).body;
  };
  const logOf = async (sessionId: string): Promise<LoggedEvent[]> =>
    (await server.ask("GET", `/api/sessions/${sessionId}/events?after=0&limit=500`)).body.events;
  const ofTurn = async (sessionId: string, turnId: string) =>
    (await logOf(sessionId)).filter((event) => event.turnId === turnId);

  /** The turn ended once, with its reply, said once; nobody heard of a failure; and the session goes on. */
  async function expectAnswered(sessionId: string, turnId: string, text: string): Promise<void> {
    const told = await ofTurn(sessionId, turnId);
    const ends = told.filter((event) => /^turn\.(completed|failed|interrupted)$/.test(event.type));
    expect(ends.map((event) => event.type)).toEqual(["turn.completed"]);
    expect(ends[0]?.data).toMatchObject({ text, usage: { inputTokens: 1, outputTokens: 1 } });
    const said = told.filter((event) => event.type === "message").map((event) => event.data);
    expect(said).toEqual([{ messageId: (ends[0]!.data as { messageId: string }).messageId, text }]);
    expect((await chat("first?", sessionId)).reply.text).toBe("Hello");
  }

  test.each([
    ["dies without a word", "write-die"],
    ["said it, and dies before its result", "say-write-die"],
  ])("F2: %s: the reply is recovered once", async (_how, order) => {
    const { sessionId } = await chat("Hello");
    const answer = await chat(`${order} the answer`, sessionId);
    expect(answer).toMatchObject({ state: "completed", reply: { text: "Written: the answer" } });
    await expectAnswered(sessionId, answer.turnId, "Written: the answer");
  });

  test("F1 F2: a stall whose interrupt is obeyed: the reply is recovered, not reported as stalled", async () => {
    const { sessionId } = await chat("Hello");
    const answer = await chat("write-hush all of it", sessionId);
    expect(answer).toMatchObject({ state: "completed", reply: { text: "Written: all of it" } });
    await expectAnswered(sessionId, answer.turnId, "Written: all of it");
    // It is the same process still.
    const woken = (await logOf(sessionId)).filter((event) => event.type === "session.woken");
    expect(woken).toHaveLength(1);
  });

  test("F2 S13: the server is killed in that moment: the next start recovers the reply", async () => {
    const { sessionId } = await chat("Hello");
    const { turnId } = await chat("write-hush before the end", sessionId, "wait=0");
    const path = join(bench.home, ".claude/projects/stand-in", `${sessionId}.jsonl`);
    await eventually("it is written", () => readFileSync(path, "utf8").includes('before the end"}]'));
    await server.kill("SIGKILL");
    await open();
    await expectAnswered(sessionId, turnId, "Written: before the end");
  });
});
