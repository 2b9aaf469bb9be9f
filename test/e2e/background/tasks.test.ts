import { describe, expect, test } from "@jest/globals";
import OpenAI from "openai";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { Task } from "../../../server/domain/sessions/task.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

const stepMs = 60_000;

describe.each([
  ["with a process a session", {}],
  ["S18 in the rollback, with a process per message", { USE_INTERACTIVE_SESSIONS: "false" }],
])("T03 T04 background work, %s", (_mode, settings) => {
  const scene = useScene({ every: "file", settings });

  const chat = async (message: string, sessionId?: string, prefer = "wait=120") => {
    const place = sessionId === undefined ? { projectPath: scene.bench.project } : { sessionId };
    const { status, body, headers } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message, ...place },
      { headers: { prefer } },
    );
    expect([status, body.state]).toEqual([200, "completed"]);
    return { ...body, applied: headers.get("preference-applied") };
  };
  const get = async (path: string) => (await scene.server.ask("GET", path)).body;
  const tasksOf = async (sessionId: string): Promise<Task[]> =>
    (await get(`/api/sessions/${sessionId}/tasks`)).tasks;
  const eventsOf = async (sessionId: string): Promise<LoggedEvent[]> =>
    (await get(`/api/sessions/${sessionId}/events?limit=500`)).events;
  const told = (sessionId: string, isIt: (event: LoggedEvent) => boolean) =>
    eventually("an event", async () => (await eventsOf(sessionId)).find(isIt), stepMs);

  test("T03: a command is listed with its turn and shows its output; it ends, is kept, and Claude speaks of it", async () => {
    const { sessionId, turnId } = await chat("background: echo first; sleep 3; echo second");
    const [task] = await tasksOf(sessionId);
    expect(task).toMatchObject({ kind: "command", state: "running", turnId });
    const path = `/api/sessions/${sessionId}/tasks/${task?.taskId}/output`;
    expect(await get(path)).toEqual({ output: "first\n", totalBytes: 6, truncated: false });
    expect(await get(`/api/sessions/${sessionId}`)).toMatchObject({ state: "idle", runningTasks: 1 });
    const end = await told(
      sessionId,
      ({ type, data }) => type === "turn.completed" && (data as { origin?: string }).origin === "task",
    );
    expect(end?.data).toMatchObject({ text: expect.stringContaining("completed") });
    expect(await tasksOf(sessionId)).toMatchObject([{ state: "completed", endedAt: expect.any(Number) }]);
    const kept = async () => (await get(path)).output.startsWith("first\nsecond\n");
    await eventually("the whole output", kept, stepMs);
    expect(await get(`/api/sessions/${sessionId}`)).toMatchObject({ runningTasks: 0 });
  });

  test("T03: one task is stopped, the other goes on; an unknown one is not found", async () => {
    const { sessionId } = await chat("background: sleep 300");
    await chat("background: sleep 301", sessionId);
    const [first, second] = await tasksOf(sessionId);
    const path = (taskId: string | undefined) => `/api/sessions/${sessionId}/tasks/${taskId}`;
    expect(await scene.server.ask("DELETE", path(first?.taskId))).toMatchObject({
      status: 200,
      body: { stopped: true },
    });
    const states = async () => (await tasksOf(sessionId)).map(({ taskId, state }) => `${taskId} ${state}`);
    await eventually(
      "the end of one",
      async () => (await states()).includes(`${first?.taskId} stopped`),
      stepMs,
    );
    expect(await states()).toContain(`${second?.taskId} running`);
    expect((await scene.server.ask("DELETE", path(first?.taskId))).body).toEqual({ stopped: false });
    expect(await scene.server.ask("DELETE", path("none"))).toMatchObject({
      status: 404,
      body: { code: "task_not_found" },
    });
  });

  test("T04 S23: an interrupt ends the turn, and the command and the subagent of the conversation go on", async () => {
    const { sessionId } = await chat("background: sleep 300");
    await chat("agent: slow: 300", sessionId);
    const { body } = await scene.server.ask("POST", "/api/chat", { sessionId, message: "slow: 60" });
    await told(sessionId, ({ type, turnId }) => type === "turn.started" && turnId === body.turnId);
    const interrupted = await scene.server.ask("POST", "/api/chat/interrupt", { sessionId });
    expect(interrupted).toMatchObject({ status: 200, body: { interrupted: true, turnId: body.turnId } });
    await told(sessionId, ({ type, turnId }) => type === "turn.interrupted" && turnId === body.turnId);
    expect((await chat("say: and on", sessionId)).reply.text).toBe("and on");
    expect(await tasksOf(sessionId)).toMatchObject([{ state: "running" }, { state: "running" }]);
    expect((await eventsOf(sessionId)).filter(({ type }) => type === "task.finished")).toEqual([]);
  });

  test("T04 F22: what the owner's end of the process cuts off is told once, also after the next message", async () => {
    const { sessionId } = await chat("background: sleep 300");
    await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    expect((await chat("say: again", sessionId)).reply.text).toBe("again");
    const ends = (await eventsOf(sessionId)).filter(({ type }) => type === "task.finished");
    expect(ends).toMatchObject([{ data: { state: "stopped" } }]);
    expect(await tasksOf(sessionId)).toMatchObject([{ state: "stopped" }]);
  });

  test("T03: Prefer: wait, tasks waits for a subagent and for what Claude says of it, and so does /v1", async () => {
    const started = await chat("agent: run: sleep 1; echo found", undefined, "wait=120, tasks");
    expect(started.applied).toBe("wait=120, tasks");
    expect(started.reply.text).toContain("A helper is at work");
    expect(started.ownTurns).toMatchObject([
      { reply: { text: expect.stringContaining("It printed: found") } },
    ]);
    expect(await tasksOf(started.sessionId)).toMatchObject([
      { kind: "agent", agentType: "general-purpose", state: "completed" },
    ]);
    const short = await chat("background: sleep 300", started.sessionId, "wait=5, tasks");
    expect(short.ownTurns).toEqual([]);
    const request = (stream: boolean) => ({
      model: "default",
      stream,
      wait_tasks: true,
      messages: [{ role: "user", content: "background: sleep 1" }],
    });
    const whole = await scene.server.ask("POST", "/v1/chat/completions", request(false));
    const { content } = whole.body.choices[0].message;
    expect(content).toMatch(/I will tell you when it is done\.\n\nBackground command .* completed/);
  });

  test("T03: /v1 waits for tasks in a stream too: their words come as further deltas before its end", async () => {
    const response = await fetch(`${scene.server.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${scene.server.adminToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        model: "default",
        stream: true,
        wait_tasks: true,
        messages: [{ role: "user", content: "background: sleep 2" }],
      }),
    });
    let beganAt = 0;
    let text = "";
    let body = "";
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      body += part;
      text = [...body.matchAll(/^data: (\{.*)$/gm)]
        .map(([, data]) => JSON.parse(data!).choices[0]?.delta.content ?? "")
        .join("");
      if (beganAt === 0 && text.includes("I will tell you")) beganAt = Date.now();
    }
    // The first words did not wait for the rest.
    expect(Date.now() - beganAt).toBeGreaterThan(1_000);
    expect(text).toMatch(/I will tell you when it is done\.\n\nBackground command .* completed/);
    expect(body.match(/"finish_reason":"stop"/g)).toHaveLength(1);
    expect(body.trimEnd().endsWith("data: [DONE]")).toBe(true);
  });

  test("T03: /v1/responses waits for tasks too, as a whole and as a stream, and counts the tokens of both turns", async () => {
    const client = new OpenAI({
      baseURL: `${scene.server.url}/v1`,
      apiKey: scene.server.adminToken,
      maxRetries: 0,
    });
    const request = (wait_tasks: boolean, input: string) => ({ model: "default", input, wait_tasks });
    const both = /I will tell you when it is done\.\n\nBackground command .* completed/;
    const whole = await client.responses.create(request(true, "background: sleep 1"));
    expect(whole).toMatchObject({ status: "completed", output: [{ status: "completed" }] });
    expect(whole.output_text).toMatch(both);

    const stream = await client.responses.create({ ...request(true, "background: sleep 2"), stream: true });
    let heard = "";
    let beganAt = 0;
    let moreAt = 0;
    let final: OpenAI.Responses.Response | undefined;
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") {
        heard += event.delta;
        if (beganAt === 0 && heard.includes("I will tell you")) beganAt = Date.now();
        if (moreAt === 0 && heard.includes("completed")) moreAt = Date.now();
      }
      if (event.type === "response.completed") final = event.response;
    }
    // The first words did not wait for the rest, which came before the one end.
    expect(moreAt - beganAt).toBeGreaterThan(1_000);
    expect(heard).toMatch(both);
    expect(final?.output).toMatchObject([{ content: [{ type: "output_text", text: heard }] }]);

    // Without it the answer is the turn alone, with the tokens of that.
    const alone = await client.responses.create(request(false, "background: sleep 2"));
    expect(alone.output_text).toMatch(/I will tell you when it is done\.$/);
    for (const { usage } of [whole, final!])
      expect(usage?.output_tokens).toBeGreaterThan(alone.usage?.output_tokens ?? Number.POSITIVE_INFINITY);
  });

  test.each([
    ["the process is killed", "kill"],
    ["the owner ends the process", "cancel"],
    ["the server is restarted", "restart"],
    ["the server is killed", "crash"],
  ])("T03 F22: what a command had written is kept when it is cut off because %s", async (_why, how) => {
    const { sessionId } = await chat(`background: echo before ${how}; sleep 300`);
    const [task] = await tasksOf(sessionId);
    const path = `/api/sessions/${sessionId}/tasks/${task?.taskId}/output`;
    await eventually("an output", async () => (await get(path)).output !== "", stepMs);
    const { pid } = (await get(`/api/sessions/${sessionId}`)).process;
    if (how === "kill") process.kill(pid, "SIGKILL");
    else if (how === "cancel") await scene.server.ask("POST", "/api/sessions/cancel", { sessionId });
    else {
      const code = await scene.server.kill(how === "restart" ? "SIGTERM" : "SIGKILL");
      expect(code).toBe(how === "restart" ? 0 : "SIGKILL");
      scene.server = await startServer(scene.environment);
    }
    await told(sessionId, ({ type }) => type === "task.finished");
    const kept = await get(path);
    expect(kept).toMatchObject({ truncated: false, totalBytes: Buffer.byteLength(kept.output) });
    expect(kept.output).toMatch(new RegExp(`^before ${how}\n`));
  });
});
