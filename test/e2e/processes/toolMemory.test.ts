import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { type RecordedModel, recordModel } from "../../support/claude/recordedModel.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

let bench: Bench;
let model: DemoModel;
let recorded: RecordedModel;
let server: DaylongServer;

beforeEach(async () => {
  bench = makeBench();
  model = await startDemoModel();
  recorded = await recordModel(model.url);
});
afterEach(async () => {
  expect(await server.kill("SIGTERM")).toBe(0);
  expect(processesOf(bench)).toEqual([]);
  await recorded.stop();
  await model.stop();
  bench.remove();
});

async function open(settings: Record<string, string> = {}): Promise<string> {
  const quick = { RESOURCE_SAMPLE_SECONDS: "0.2", HEALTH_INTERVAL_SECONDS: "1" };
  server = await startServer({ ...benchEnvironment(bench, recorded.url), ...quick, ...settings });
  const { body } = await server.ask("POST", "/api/sessions", {
    projectPath: bench.project,
    allowedTools: ["Bash"],
  });
  return body.sessionId;
}
const chat = async (sessionId: string, message: string) => {
  const headers = { prefer: "wait=120" };
  return (await server.ask("POST", "/api/chat", { sessionId, message }, { headers })).body;
};
const eventsOf = async (sessionId: string): Promise<LoggedEvent[]> =>
  (await server.ask("GET", `/api/sessions/${sessionId}/events?limit=500`)).body.events;
const warningsOf = async (sessionId: string) =>
  (await eventsOf(sessionId)).flatMap((event) => (event.type === "resource.warning" ? [event.data] : []));
const sessionOf = async (sessionId: string) => (await server.ask("GET", `/api/sessions/${sessionId}`)).body;

/** A program that really holds so much memory for so long, and says so in the end. */
const holding = (megabytes: number, ms: number) =>
  `${process.execPath} -e "const held = Buffer.alloc(${megabytes} * 1048576, 1); setTimeout(function () { console.log('held', held.length / 1048576); }, ${ms})"`;
const whyOf = (limit: string) => `a command may use ${limit} (MAX_MEMORY_PER_TOOL_MB)`;

describe("REPORT-2: the memory of a tool", () => {
  test.each([
    ["450 MB, beside a CLI that may use 500", 450, {}],
    ["2 GB, more than all CLIs may use together", 2_048, {}],
    ["700 MB, where all CLIs may use 500", 700, { MAX_TOTAL_MEMORY_GB: "0.5" }],
  ])("REPORT-2: %s, is nobody's business on a free machine", async (_what, megabytes, settings) => {
    const sessionId = await open(settings);
    const turn = chat(sessionId, `run: ${holding(megabytes, 2_500)}`);
    const shown = await eventually("the tool is measured", async () => {
      const { process: own } = await sessionOf(sessionId);
      return own !== undefined && own.toolsRssBytes > megabytes * 1_024 ** 2 && own;
    });
    expect(shown.rssBytes).toBeLessThan(450 * 1_024 ** 2);
    const { stats } = (await server.ask("GET", "/api/sessions/active")).body;
    expect(stats.memoryUsageBytes).toBeLessThan(450 * 1_024 ** 2);
    expect(await turn).toMatchObject({
      state: "completed",
      reply: { text: `Done. It printed: held ${megabytes}` },
    });
    expect(await warningsOf(sessionId)).toEqual([]);
  });

  test("REPORT-2: above its own limit the tool is ended, Claude is told why, and the turn goes on in the same process", async () => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    await chat(sessionId, "say: hello");
    const { pid } = (await sessionOf(sessionId)).process;
    const turn = await chat(sessionId, `run: ${holding(300, 60_000)}; echo after`);
    expect(turn).toMatchObject({ state: "completed", reply: { text: expect.stringContaining("Exit code") } });
    const told = recorded.bodies.filter((body) => body.includes(whyOf("200 MB")));
    expect(told.length).toBeGreaterThan(0);
    expect(await warningsOf(sessionId)).toEqual([
      { kind: "tool_memory", detail: expect.stringContaining("the limit for one is 200 MB") },
    ]);
    expect((await chat(sessionId, "say: again")).reply.text).toBe("again");
    expect((await sessionOf(sessionId)).process.pid).toBe(pid);
    // Told once: the note is not said again with the next prompt's hook.
    const last = JSON.parse(recorded.bodies.at(-1)!) as { messages: unknown[] };
    expect(JSON.stringify(last.messages.at(-1))).not.toContain("MAX_MEMORY_PER_TOOL_MB");
  });

  test.each([
    ["does not hear SIGTERM", `trap '' TERM; ${holding(300, 60_000)} & while :; do wait; done`],
    ["has a pipeline of programs that hold it together", `${holding(120, 60_000)} | ${holding(120, 60_000)}`],
    [
      "keeps it in a grandchild",
      `sh -c 'sh -c "$0"; echo x' '${holding(300, 60_000).replaceAll("'", "'\\''")}'`,
    ],
    ["has a command that says hello first", `echo hello; ${holding(300, 60_000)}`],
    ["is a list that would go on", `${holding(300, 60_000)} || ${holding(300, 60_000)}`],
  ])("REPORT-2: a tool that %s is ended with all of its tree", async (_what, command) => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    const turn = await chat(sessionId, `run: ${command}`);
    expect(turn.state).toBe("completed");
    expect(recorded.bodies.some((body) => body.includes(whyOf("200 MB")))).toBe(true);
    expect((await warningsOf(sessionId))[0]).toMatchObject({ kind: "tool_memory" });
    await eventually("only the CLI is left", () => processesOf(bench).length === 1, 20_000);
  });

  /** How often each request to the model whose newest message has these words tells why a tool was ended. */
  const timesTold = (newest: string) =>
    recorded.bodies.flatMap((body) => {
      const { messages = [] } = JSON.parse(body) as { messages?: unknown[] };
      const isMeant = JSON.stringify(messages.at(-1))?.includes(newest);
      return isMeant ? [body.split(whyOf("200 MB")).length - 1] : [];
    });
  /** What a note must not become: a message of the history, a turn, or a word from a terminal. */
  const expectNoTrace = async (sessionId: string, turns: string[]) => {
    const { body } = await server.ask("GET", `/api/sessions/${sessionId}/messages`);
    expect(JSON.stringify(body)).not.toContain("MAX_MEMORY_PER_TOOL_MB");
    expect(JSON.stringify(body)).not.toContain("No response requested");
    const events = await eventsOf(sessionId);
    expect(events.filter(({ type }) => type === "session.continued")).toEqual([]);
    const begun = events.flatMap((event) => (event.type === "turn.started" ? [event.data.origin] : []));
    expect(begun).toEqual(turns);
    expect(events.filter(({ type }) => type === "turn.completed")).toHaveLength(turns.length);
  };
  const taskTurn = (sessionId: string) =>
    eventually("Claude speaks of the task", async () =>
      (await eventsOf(sessionId)).some(
        ({ type, data }) => type === "turn.completed" && (data as { origin?: string }).origin === "task",
      ),
    );

  test("REPORT-2: a command in the background is ended above the limit, and Claude hears why with the task's end", async () => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    await chat(sessionId, `background: ${holding(300, 60_000)}`);
    const end = await eventually("the task's end", async () =>
      (await eventsOf(sessionId)).find(({ type }) => type === "task.finished"),
    );
    expect(end.data).toMatchObject({ state: "failed" });
    await taskTurn(sessionId);
    expect(timesTold("task-notification")).toEqual([1]);
    expect(await warningsOf(sessionId)).toMatchObject([{ kind: "tool_memory" }]);
    await expectNoTrace(sessionId, ["user", "task"]);
  });

  test("REPORT-2: Claude hears why with the next prompt when that is sooner than the task's end, and knows it in the next process", async () => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    // The shell does not hear SIGTERM: two seconds are left before its end.
    await chat(sessionId, `background: trap '' TERM; ${holding(300, 60_000)} & while :; do wait; done`);
    await eventually("it is told", async () => (await warningsOf(sessionId)).length > 0);
    expect((await chat(sessionId, "say: sooner")).reply.text).toBe("sooner");
    expect(timesTold("say: sooner")).toEqual([1]);
    await taskTurn(sessionId);
    expect(timesTold("task-notification")).toEqual([1]);
    await expectNoTrace(sessionId, ["user", "user", "task"]);
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    expect((await chat(sessionId, "say: later")).reply.text).toBe("later");
    expect(timesTold("say: later")).toEqual([1]);
    await expectNoTrace(sessionId, ["user", "user", "task", "user"]);
  });

  test("REPORT-2: Claude hears why after the tool that it waits for when that ends sooner than the task", async () => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    await chat(sessionId, `background: ${holding(300, 60_000)}`);
    const turn = await chat(sessionId, "run: sleep 3; echo waited");
    expect(turn).toMatchObject({ state: "completed", reply: { text: "Done. It printed: waited" } });
    await eventually("the task's end", async () =>
      (await eventsOf(sessionId)).some(({ type }) => type === "task.finished"),
    );
    const last = await eventually("Claude is told", async () => {
      const told = recorded.bodies.filter((body) => body.includes(whyOf("200 MB")));
      return told.length > 0 && told.at(-1);
    });
    expect(last.split(whyOf("200 MB"))).toHaveLength(2);
  });

  test("REPORT-2: a tool that stays below its limit goes on beside one that does not", async () => {
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200" });
    await chat(sessionId, `background: ${holding(100, 6_000)}`);
    await chat(sessionId, `run: ${holding(300, 60_000)}`);
    const end = await eventually("the task's end", async () =>
      (await eventsOf(sessionId)).find(({ type }) => type === "task.finished"),
    );
    expect(end.data).toMatchObject({ state: "completed" });
  });

  test("REPORT-2: an MCP server above the limit is only told about, once, and serves on", async () => {
    const holder = join(bench.dir, "holder.mjs");
    const formServer = resolve("test/support/claude/formServer.mjs");
    writeFileSync(
      holder,
      `globalThis.held = Buffer.alloc(300 * 1048576, 1); await import(${JSON.stringify(formServer)});`,
    );
    const forms = { type: "stdio", command: process.execPath, args: [holder] };
    mkdirSync(join(bench.home, ".claude"), { recursive: true });
    writeFileSync(join(bench.home, ".claude", ".claude.json"), JSON.stringify({ mcpServers: { forms } }));
    const sessionId = await open({ MAX_MEMORY_PER_TOOL_MB: "200", MAX_MEMORY_PER_SESSION_MB: "500" });
    await chat(sessionId, "run: echo one");
    await eventually("it is told", async () => (await warningsOf(sessionId)).length > 0);
    const turn = await chat(sessionId, `run: ${holding(10, 1_500)}`);
    expect(turn.reply.text).toContain("held 10");
    expect(await warningsOf(sessionId)).toEqual([
      { kind: "server_memory", detail: expect.stringContaining("A server that Claude started") },
    ]);
    expect(processesOf(bench)).toHaveLength(2);
  });

  test("REPORT-2: a limit that is changed while the server runs holds from the next look on", async () => {
    const sessionId = await open();
    const turn = chat(sessionId, `run: ${holding(300, 60_000)}`);
    await eventually(
      "it holds",
      async () => (await sessionOf(sessionId)).process?.toolsRssBytes > 300 * 1_024 ** 2,
    );
    expect((await server.ask("PATCH", "/api/settings", { maxMemoryPerToolMb: 150 })).status).toBe(200);
    expect((await turn).state).toBe("completed");
    expect(recorded.bodies.some((body) => body.includes(whyOf("150 MB")))).toBe(true);
  });
});
