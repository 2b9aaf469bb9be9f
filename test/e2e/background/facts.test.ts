import { describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { Reply } from "../../../server/domain/sessions/turn.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("what the real CLI says beside its turns, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings: { CLAUDE_CODE_ENABLE_TODO_TOOLS: "1", ...settings } });
  const waits = { headers: { prefer: "wait=60" } };

  /** Sends a message and waits for its end; without `sessionId` it begins a session. */
  async function say(message: string, sessionId?: string) {
    const place = sessionId === undefined ? { projectPath: scene.bench.project } : { sessionId };
    const answer = await scene.server.ask("POST", "/api/chat", { message, ...place }, waits);
    expect(answer.body).toMatchObject({ state: "completed" });
    return answer.body as { sessionId: string; turnId: string; reply: Reply };
  }

  const ask = async (path: string) => (await scene.server.ask("GET", path)).body;
  const eventsOf = async (sessionId: string): Promise<LoggedEvent[]> =>
    (await ask(`/api/sessions/${sessionId}/events?limit=500`)).events;
  const ofType = async (sessionId: string, type: string) =>
    (await eventsOf(sessionId)).filter((event) => event.type === type);
  const park = (sessionId: string) => scene.server.ask("POST", "/api/sessions/cancel", { sessionId });

  test("T06: Claude's todos are listed, told as they change, and kept when the session is parked", async () => {
    const { sessionId } = await say("todo: wash, dry");
    const todos = [
      { id: "1", text: "wash", state: "in_progress", activeText: "Doing wash" },
      { id: "2", text: "dry", state: "pending", activeText: "Doing dry" },
    ];
    expect(await ask(`/api/sessions/${sessionId}/todos`)).toEqual({ todos });
    const told = await ofType(sessionId, "todos.changed");
    expect(told.at(-1)?.data).toEqual({ todos });
    expect(told).toHaveLength(3);
    await park(sessionId);
    expect(await ask(`/api/sessions/${sessionId}/todos`)).toEqual({ todos });
  });

  test("T06: the list is the session's, which its subagents change too", async () => {
    const { sessionId } = await say("todo: wash, dry");
    await say("agent and wait: todo: count, report", sessionId);
    const listed = async () =>
      (await ask(`/api/sessions/${sessionId}/todos`)).todos.map(
        ({ id, text, state }: Record<string, string>) => `#${id} [${state}] ${text}`,
      );
    const todos = await listed();
    expect(todos).toEqual([
      "#1 [in_progress] wash",
      "#2 [pending] dry",
      "#3 [in_progress] count",
      "#4 [pending] report",
    ]);
    // That is what the CLI itself has.
    const told = (await ofType(sessionId, "todos.changed")).length;
    const own = await say("use: TaskList {}", sessionId);
    for (const todo of todos) expect(own.reply.text).toContain(todo);
    expect(await listed()).toEqual(todos);
    expect(await ofType(sessionId, "todos.changed")).toHaveLength(told);
  });

  test("T07: the commands that a session knows are listed, also when it is parked", async () => {
    const { sessionId } = await say("Hello");
    const listed = () => ask(`/api/sessions/${sessionId}/commands`);
    const named = (list: { commands: Array<{ name: string }> }) => list.commands.map(({ name }) => name);
    const live = await listed();
    expect(named(live)).toEqual(expect.arrayContaining(["compact", "context"]));
    expect(named(live).filter((name) => name.startsWith("__"))).toEqual([]);
    expect(live.commands.find(({ name }: { name: string }) => name === "compact")).toMatchObject({
      builtin: true,
      aliases: [],
    });
    await eventually("the list is told", async () => (await ofType(sessionId, "session.commands"))[0]);
    await park(sessionId);
    expect(await listed()).toEqual(live);
  });

  test("T08: the use of the context window is on the session, and a compaction is told while it runs", async () => {
    const { sessionId } = await say("Remember the number 42");
    const { context, compacting } = await ask(`/api/sessions/${sessionId}`);
    expect(compacting).toBe(false);
    expect(context.usedTokens).toBeGreaterThan(1_000);
    expect(context.windowTokens).toBeGreaterThan(100_000);
    expect(context.percent).toBe(Math.round((context.usedTokens / context.windowTokens) * 100));
    await say("/compact", sessionId);
    const types = (await eventsOf(sessionId)).flatMap((event) => {
      if (event.type === "session.compacted") return ["compacted"];
      if (event.type !== "session.updated" || event.data.compacting === undefined) return [];
      return [event.data.compacting ? "begins" : "ends"];
    });
    expect(types).toEqual(["begins", "ends", "compacted"]);
    const [compacted] = await ofType(sessionId, "session.compacted");
    expect(compacted?.data).toMatchObject({ trigger: "manual", tokensBefore: expect.any(Number) });
    const after = await ask(`/api/sessions/${sessionId}`);
    expect(after.compacting).toBe(false);
    // In the rollback its process has gone, or is about to.
    expect(["idle", "parked"]).toContain(after.state);
    const { reply } = await say("What number did I ask you to remember?", sessionId);
    expect(reply.text).toContain("42");
  });

  test("T08: what a command printed before a compaction is neither told again nor the compaction's reply", async () => {
    const { sessionId } = await say("Hello");
    const { reply: cost } = await say("/cost", sessionId);
    expect(cost.text).toContain("Total duration");
    const { reply } = await say("/compact", sessionId);
    expect(reply.text).not.toContain("Total duration");
    expect(await ofType(sessionId, "session.compacted")).toHaveLength(1);
    const told = (await ofType(sessionId, "message")).map(({ data }) => JSON.stringify(data));
    expect(new Set(told).size).toBe(told.length);
  });

  test("T10: Claude's notice is told without asking anybody, in any mode", async () => {
    const { sessionId } = await say("notify: The build is green");
    expect((await ofType(sessionId, "notice")).map(({ data }) => data)).toEqual([
      { text: "The build is green" },
    ]);
    await scene.server.ask("PATCH", `/api/sessions/${sessionId}`, { permissionMode: "dontAsk" });
    const { reply } = await say("notify: And deployed", sessionId);
    expect(reply.text).toContain("Sent.");
    expect(await ofType(sessionId, "notice")).toHaveLength(2);
    expect(await ofType(sessionId, "permission.requested")).toEqual([]);
  });

  test("T12: what Claude proposes to say next is on the session until the next message", async () => {
    const { sessionId } = await say("Hello");
    await say("suggest: commit this", sessionId);
    const prompts = async () => (await ask(`/api/sessions/${sessionId}`)).suggestedPrompts;
    const proposed = await eventually("a proposal", async () => {
      const found = await prompts();
      return found.length > 0 && found;
    });
    expect(proposed).toEqual(["commit this"]);
    await say("Hello", sessionId);
    expect(await prompts()).toEqual([]);
    const told = (await ofType(sessionId, "session.updated")).flatMap(({ data }) =>
      "suggestedPrompts" in data ? [data.suggestedPrompts] : [],
    );
    expect(told).toEqual([["commit this"], []]);
  });

  test("T09: use and cost are summed up by day, project and model, and go on over a resume", async () => {
    const { sessionId } = await say("Hello");
    const mine = async () => {
      const usage = await ask("/api/usage?days=1");
      expect(usage.plan).toEqual({ available: false, windows: [] });
      expect(usage.days).toHaveLength(1);
      const [project] = usage.byProject;
      expect(project.projectPath).toBe(scene.bench.project);
      expect(usage.byModel[0].costUsd).toBeCloseTo(project.costUsd, 9);
      return project as { costUsd: number; turns: number; tokens: { input: number; output: number } };
    };
    const before = await mine();
    await park(sessionId);
    // One more turn, and not the whole conversation again: the CLI's figures go on where its transcript ends.
    const { reply } = await say("Hello", sessionId);
    const after = await mine();
    expect(after.turns - before.turns).toBe(1);
    expect(after.costUsd - before.costUsd).toBeCloseTo(reply.costUsd, 9);
    const { inputTokens, cacheReadTokens, cacheCreationTokens, outputTokens } = reply.usage;
    expect(after.tokens.input - before.tokens.input).toBe(
      inputTokens + cacheReadTokens + cacheCreationTokens,
    );
    expect(after.tokens.output - before.tokens.output).toBe(outputTokens);

    const copy = (await scene.server.ask("POST", `/api/sessions/${sessionId}/fork`, {})).body.sessionId;
    expect((await ask(`/api/sessions/${copy}`)).costUsd).toBe(0);
    const first = await say("Hello", copy);
    const { costUsd } = await ask(`/api/sessions/${sessionId}`);
    const forked = (await mine()).costUsd - after.costUsd;
    expect(forked).toBeLessThan(costUsd / 2);
    // The fork's own figures hold nothing of its parent's either, also when its process is another one.
    expect(first.reply.costUsd).toBeCloseTo(forked, 9);
    await park(copy);
    const second = await say("Hello", copy);
    expect((await ask(`/api/sessions/${copy}`)).costUsd).toBeCloseTo(
      first.reply.costUsd + second.reply.costUsd,
      9,
    );
  });

  test("T09: one-shot prompts and recaps are counted, a recap as no turn and without its conversation's cost", async () => {
    const { sessionId } = await say("Hello");
    await park(sessionId);
    const sum = async () => {
      const [today] = (await ask("/api/usage?days=1")).days;
      return today as { costUsd: number; turns: number; tokens: { input: number; output: number } };
    };
    const before = await sum();
    const asked = await scene.server.ask("POST", "/api/ask", {
      projectPath: scene.bench.project,
      prompt: "Hello",
    });
    expect(asked.status).toBe(200);
    const after = await sum();
    expect(after.turns - before.turns).toBe(1);
    expect(after.costUsd - before.costUsd).toBeCloseTo(asked.body.costUsd, 9);
    expect(asked.body.costUsd).toBeGreaterThan(0);
    expect(after.tokens.output).toBeGreaterThan(before.tokens.output);
    const recap = { sessionId, action: "recap" };
    expect((await scene.server.ask("POST", "/api/sessions/keep-alive", recap)).body.recap.cached).toBe(false);
    const last = await sum();
    const { costUsd } = await ask(`/api/sessions/${sessionId}`);
    const cost = last.costUsd - after.costUsd;
    expect(cost).toBeGreaterThan(0);
    // About as much as a turn: the conversation's own cost is not in it a second time.
    expect(cost).toBeLessThan(costUsd * 1.9);
    expect(last.turns).toBe(after.turns);
  });
});
