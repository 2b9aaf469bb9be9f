import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
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

/** Quick looks, and limits that a test can reach. */
const quick = { HEALTH_INTERVAL_SECONDS: "0.2", RESOURCE_SAMPLE_SECONDS: "0.2", SHUTDOWN_GRACE_SECONDS: "1" };
/** 6 s of the real CLI, whose first answer takes its time on a busy machine; 3 s of the stand-in, which answers at once. */
const stallMinutes = "0.1";
const standInStallMinutes = "0.05";
const standIn = { CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"), PREWARMED_PROCESSES: "0" };

let bench: Bench;
let model: DemoModel;
let server: DaylongServer;

beforeEach(async () => {
  bench = makeBench();
  model = await startDemoModel();
});
afterEach(async () => {
  expect(await server.kill("SIGTERM")).toBe(0);
  expect(processesOf(bench)).toEqual([]);
  await model.stop();
  bench.remove();
});

async function open(settings: Record<string, string>): Promise<void> {
  server = await startServer({ ...benchEnvironment(bench, model.url), ...quick, ...settings });
}

async function chat(message: string, sessionId?: string, prefer = "wait=120") {
  const place = sessionId === undefined ? { projectPath: bench.project } : { sessionId };
  const { body } = await server.ask("POST", "/api/chat", { message, ...place }, { headers: { prefer } });
  return body;
}
const events = async (): Promise<LoggedEvent[]> =>
  (await server.ask("GET", "/api/events?after=0&limit=1000")).body.events;
const typesOf = async (sessionId: string) =>
  (await events()).filter((event) => event.sessionId === sessionId).map((event) => event.type);
const endsOf = async (turnId: string) =>
  (await events())
    .filter(({ turnId: of, type }) => of === turnId && /^turn\.(completed|failed|interrupted)$/.test(type))
    .map((event) => ("code" in event.data ? event.data.code : event.type));
const pool = async () => (await server.ask("GET", "/health")).body.checks.pool;
const sessionState = async (sessionId: string) =>
  (await server.ask("GET", `/api/sessions/${sessionId}`)).body.state;

describe("a real CLI whose model is silent", () => {
  test("F1 S11: the turn fails as stalled, once, and the waiting message is answered with the context", async () => {
    await open({ TURN_STALL_MINUTES: stallMinutes, PREWARMED_PROCESSES: "0" });
    const { sessionId } = await chat("Remember the number 42");
    const silent = chat("silence", sessionId);
    await eventually("it runs", async () => (await sessionState(sessionId)) === "busy");
    const next = chat("What number did I ask you to remember?", sessionId);
    expect(await silent).toMatchObject({ state: "failed", error: { code: "stalled" } });
    expect((await next).reply.text).toBe("You asked me to remember 42.");
    expect(await endsOf((await silent).turnId)).toEqual(["stalled"]);
  });

  test("F1: a tool that works is a sign of life, though it says nothing", async () => {
    await open({ TURN_STALL_MINUTES: stallMinutes, PREWARMED_PROCESSES: "0" });
    const busy = chat("run: touch x; timeout 10 sh -c 'while :; do :; done'; echo worked");
    const permission = await eventually(
      "a request",
      async () => (await server.ask("GET", "/api/permissions")).body.permissions[0],
    );
    await server.ask("POST", `/api/permissions/${permission.permissionId}`, { decision: "allow" });
    expect((await busy).reply.text).toContain("worked");
  });
});

describe("a CLI that does not do as it should", () => {
  test("F1 F3: one that gives no result, and hears neither interrupt nor end of input nor SIGTERM, is killed; the waiting message runs", async () => {
    await open({ ...standIn, TURN_STALL_MINUTES: standInStallMinutes });
    const { sessionId } = await chat("Hello");
    const silent = chat("deaf", sessionId);
    await eventually("it runs", async () => (await sessionState(sessionId)) === "busy");
    const next = chat("first?", sessionId);
    expect(await silent).toMatchObject({ state: "failed", error: { code: "stalled" } });
    expect((await next).reply.text).toBe("Hello");
    expect(await endsOf((await silent).turnId)).toEqual(["stalled"]);
    const types = await typesOf(sessionId);
    expect(types).toContain("session.recycled");
    expect(types).not.toContain("session.crashed");
  });

  test("F3: one that is deaf after its result gives its place up", async () => {
    await open({ ...standIn, MAX_CONCURRENT_SESSIONS: "1" });
    const { sessionId } = await chat("deaf-after");
    const other = await chat("Hello");
    expect(other.reply.text).toBe("You said: Hello");
    expect(await sessionState(sessionId)).toBe("parked");
    expect(processesOf(bench)).toHaveLength(1);
  });

  test("F4: an interrupt that never settles is bounded, and the waiting message runs", async () => {
    await open(standIn);
    const { sessionId } = await chat("Hello");
    const running = chat("deaf-interrupt", sessionId);
    await eventually("it runs", async () => (await sessionState(sessionId)) === "busy");
    const next = chat("first?", sessionId);
    expect((await server.ask("POST", "/api/chat/interrupt", { sessionId })).body.interrupted).toBe(true);
    expect((await running).state).toBe("interrupted");
    expect((await next).reply.text).toBe("Hello");
  });

  test("F8 S10: one that passes its memory cap in a turn is stopped; the phone is told once, the next message works", async () => {
    await open({ ...standIn, MAX_MEMORY_PER_SESSION_MB: "200" });
    const { sessionId } = await chat("Hello");
    const eaten = await chat("eat-and-work 250", sessionId);
    expect(eaten).toMatchObject({ state: "failed", error: { code: "memory_limit" } });
    expect((await chat("first?", sessionId)).reply.text).toBe("Hello");
    const warnings = (await events()).filter((event) => event.type === "resource.warning");
    expect(warnings.map((event) => event.data)).toEqual([
      { kind: "session_memory", detail: expect.stringContaining("200 MB") },
    ]);
    expect(await endsOf(eaten.turnId)).toEqual(["memory_limit"]);
    await eventually("the incident closes", async () => (await pool()).state === "ok");
  });

  test("F8 S11 S19: one that has grown is replaced between two turns, unnoticed", async () => {
    await open({ ...standIn, MAX_MEMORY_PER_SESSION_MB: "400" });
    const { sessionId } = await chat("eat 330");
    await eventually("it is parked", async () => (await sessionState(sessionId)) === "parked");
    expect((await chat("first?", sessionId)).reply.text).toBe("eat 330");
    const types = await typesOf(sessionId);
    expect(types.filter((type) => type === "session.recycled")).toHaveLength(1);
    expect(types).not.toContain("resource.warning");
  });

  test("S10: over the pool's memory the longest idle is parked, and everybody is answered", async () => {
    await open({ ...standIn, MAX_TOTAL_MEMORY_GB: "0.3" });
    const sessions: string[] = [];
    for (let round = 0; round < 4; round += 1) sessions.push((await chat("eat 100")).sessionId);
    await eventually("the pool fits", async () => {
      const { stats } = (await server.ask("GET", "/api/sessions/active")).body;
      return stats.memoryUsageBytes > 0 && stats.memoryUsageBytes <= 0.3 * 1_024 ** 3;
    });
    expect(await sessionState(sessions[0]!)).toBe("parked");
    const answers = await Promise.all(sessions.map((sessionId) => chat("first?", sessionId)));
    expect(answers.map((answer) => answer.reply.text)).toEqual(sessions.map(() => "eat 100"));
  });

  test("S11: one that dies while nobody writes to it is noticed at once, and the next message has the context", async () => {
    await open(standIn);
    const { sessionId } = await chat("Hello");
    const { pid } = (await server.ask("GET", `/api/sessions/${sessionId}`)).body.process;
    process.kill(pid, "SIGKILL");
    await eventually("it is parked", async () => (await sessionState(sessionId)) === "parked");
    const ends = (await typesOf(sessionId)).filter((type) =>
      /^(turn|session)\.(completed|failed|crashed)$/.test(type),
    );
    expect(ends).toEqual(["turn.completed", "session.crashed"]);
    expect((await chat("first?", sessionId)).reply.text).toBe("Hello");
  });

  test("F9 S11: one that spins with nothing to do is replaced", async () => {
    await open(standIn);
    const { sessionId } = await chat("spin");
    await eventually("it is parked", async () => (await sessionState(sessionId)) === "parked");
    expect(await typesOf(sessionId)).toContain("session.recycled");
    expect((await chat("first?", sessionId)).reply.text).toBe("spin");
  });

  test("S10: over the CPU limit a new session waits, the busy one is left alone, and it is said once", async () => {
    await open({ ...standIn, CPU_USAGE_LIMIT_PERCENT: "5" });
    const enough = join(bench.dir, "enough");
    const busy = chat(`spin-until ${enough}`);
    const degraded = await eventually("it is said", async () => {
      const check = await pool();
      return check.state === "degraded" && check;
    });
    expect(degraded.detail).toContain("the limit is 5 %");
    const waiting = chat("Hello");
    await eventually("it waits", async () => {
      const { stats } = (await server.ask("GET", "/api/sessions/active")).body;
      return stats.queuedTurns === 1 && stats.totalSessions === 1;
    });
    writeFileSync(enough, "");
    expect((await busy).reply.text).toBe("Spun.");
    expect((await waiting).reply.text).toBe("You said: Hello");
    await eventually("the incident closes", async () => (await pool()).state === "ok");
    const warnings = (await events()).filter((event) => event.type === "resource.warning");
    expect(warnings.map((event) => event.sessionId)).toEqual([(await busy).sessionId]);
  });
});
