import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import OpenAI, { APIError } from "openai";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

type Ask = OpenAI.ChatCompletionCreateParamsNonStreaming & {
  conversation_id?: string;
  project_path?: string;
};
type Answer = OpenAI.ChatCompletion & { conversation_id: string };
type Chunk = OpenAI.ChatCompletionChunk & { conversation_id: string };

const user = (content: string) => ({ role: "user" as const, content });

describe("C03: the official OpenAI client talks to real Claude processes", () => {
  const scene = useScene({ every: "file", keepsPort: true });
  let client: OpenAI;

  beforeAll(async () => {
    const { token } = await scene.server.pair("a tool");
    client = new OpenAI({ baseURL: `${scene.server.url}/v1`, apiKey: token });
  });

  const complete = async (body: Partial<Ask>, options?: OpenAI.RequestOptions) =>
    (await client.chat.completions.create({ model: "default", messages: [], ...body }, options)) as Answer;
  const said = (answer: Answer) => answer.choices[0]?.message.content;
  const stream = async (body: Partial<Ask>, options?: OpenAI.RequestOptions) =>
    client.chat.completions.create({ model: "default", messages: [], ...body, stream: true }, options);
  const sessionOf = (conversationId: string) =>
    scene.server.ask("GET", `/v1/sessions/${encodeURIComponent(conversationId)}`).then(({ body }) => body);

  test("C03 S01: a conversation keeps its process and its context, another one knows nothing of it", async () => {
    const first = await complete({
      messages: [user("Remember the number 42")],
      project_path: scene.bench.project,
    });
    expect(said(first)).toBe("I will remember 42.");
    expect(first.usage?.total_tokens).toBe(
      (first.usage?.prompt_tokens ?? 0) + (first.usage?.completion_tokens ?? 0),
    );
    expect(first.usage?.prompt_tokens).toBeGreaterThan(0);
    const { conversation_id } = first;
    const { process: before, projectPath } = await sessionOf(conversation_id);
    expect(projectPath).toBe(scene.bench.project);

    const second = await complete({
      messages: [
        user("ignored"),
        { role: "assistant", content: "x" },
        user("What number did I ask you to remember?"),
      ],
      conversation_id,
    });
    expect(said(second)).toBe("You asked me to remember 42.");
    expect((await sessionOf(conversation_id)).process.pid).toBe(before.pid);
    const other = await complete({ messages: [user("What number did I ask you to remember?")] });
    expect(said(other)).toBe("You have not asked me to remember a number.");

    // Closed from the phone, it leaves neither its directory nor its name behind.
    const closed = await sessionOf(other.conversation_id);
    expect(existsSync(closed.projectPath)).toBe(true);
    await scene.server.ask("DELETE", `/api/sessions/${closed.sessionId}`);
    expect(existsSync(closed.projectPath)).toBe(false);
    const again = await complete({
      messages: [user("What number did I ask you to remember?")],
      conversation_id: other.conversation_id,
    });
    expect(said(again)).toBe("You have not asked me to remember a number.");

    // The phone sees the same turns.
    const { body } = await scene.server.ask(
      "GET",
      `/api/sessions/${(await sessionOf(conversation_id)).sessionId}/messages`,
    );
    expect(body.messages.map(({ text }: { text: string }) => text)).toEqual([
      "You asked me to remember 42.",
      "What number did I ask you to remember?",
      "I will remember 42.",
      "Remember the number 42",
    ]);
  });

  test("C03: system messages reach Claude's system prompt, and what was said before reaches Claude", async () => {
    const answer = await complete({
      messages: [
        { role: "system", content: "The password is Schwertfisch." },
        user("Please remember the number 77"),
        { role: "assistant", content: "I will." },
        user("does your system prompt say: The password is Schwertfisch."),
      ],
      conversation_id: "with / history",
    });
    expect(said(answer)).toBe("Yes.");
    const again = await complete({
      messages: [user("What number did I ask you to remember?")],
      conversation_id: "with / history",
    });
    expect(said(again)).toBe("You asked me to remember 77.");
  });

  test("C03 D01: a stream brings real deltas, the same text as a whole answer, and its usage", async () => {
    const chunks: Chunk[] = [];
    for await (const chunk of await stream({
      messages: [user("slow: 1")],
      stream_options: { include_usage: true },
    } as Partial<Ask>))
      chunks.push(chunk as Chunk);
    const words = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").filter((text) => text !== "");
    expect(words.length).toBeGreaterThan(5);
    expect(words.join("")).toMatch(/^Slowly: word1 .* end\.$/);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    const whole = await complete({ messages: [user("slow: 0.1")] });
    expect(said(whole)).toBe(words.join(""));
  });

  test("C03 S33: images reach Claude", async () => {
    // One pixel.
    const url =
      "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const answer = await complete({
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what did I send?" },
            { type: "image_url", image_url: { url } },
            { type: "image_url", image_url: { url } },
          ],
        },
      ],
    });
    expect(said(answer)).toBe("Images: 2. Files: none.");
  });

  test("C03 P01: what Claude says before and after a tool that the phone allows is one answer", async () => {
    const asked = complete({ messages: [user("run: touch made.txt")], conversation_id: "tools" });
    const permission = await eventually("the permission", async () => {
      const { body } = await scene.server.ask("GET", "/api/permissions");
      return body.permissions[0];
    });
    await scene.server.ask("POST", `/api/permissions/${permission.permissionId}`, { decision: "allow" });
    expect(said(await asked)).toMatch(/^I will run that\.\n\nDone\./);
  });

  test("C03: errors arrive as the client's own, with status, code and parameter, and none is tried again by itself", async () => {
    const refused = async (work: Promise<unknown>): Promise<APIError> => {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof APIError)) throw new Error(`It was not refused: ${error}`);
      return error;
    };
    const messages = [user("Hello")];
    expect(await refused(complete({ messages, n: 2 }))).toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: "n",
      type: "invalid_request_error",
    });
    expect(await refused(complete({ messages: [] }))).toMatchObject({ status: 400, code: "invalid_request" });
    expect(await refused(complete({ messages, project_path: "/etc" }))).toMatchObject({ status: 403 });
    const stranger = new OpenAI({ baseURL: `${scene.server.url}/v1`, apiKey: "nobody" });
    expect(await refused(stranger.models.list())).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(await refused(client.models.retrieve("none"))).toBeInstanceOf(OpenAI.NotFoundError);

    const before = (await scene.server.ask("GET", "/stats")).body.totals.turns;
    const failed = await refused(complete({ messages: [user("error: 400")] }));
    expect(failed).toMatchObject({ status: 502, code: "claude_error" });
    const after = (await scene.server.ask("GET", "/stats")).body.totals.turns;
    expect([after.accepted - before.accepted, after.failed - before.failed]).toEqual([1, 1]);
    const inStream = await refused(stream({ messages: [user("error: 400")] }));
    expect(inStream).toMatchObject({ status: 502 });
  });

  test("C03 S23: a client that hangs up in the middle of a stream interrupts its turn, and the conversation goes on", async () => {
    const running = await stream({ messages: [user("slow: 8")], conversation_id: "cut short" });
    for await (const chunk of running) if (chunk.choices[0]?.delta.content) break;
    running.controller.abort();
    await eventually("the interrupt", async () => (await sessionOf("cut short")).state === "idle");
    const { sessionId } = await sessionOf("cut short");
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events`);
    const ends = body.events.filter(({ type }: { type: string }) => type === "turn.interrupted");
    expect(ends).toMatchObject([{ data: { code: "interrupted" } }]);
    const next = await complete({ messages: [user("say: Go on.")], conversation_id: "cut short" });
    expect(said(next)).toBe("Go on.");
  });

  test("C03: models are those that the CLI offers, conversations are listed, a deleted one begins anew", async () => {
    const models: string[] = [];
    for await (const { id } of client.models.list()) models.push(id);
    expect(models[0]).toBe("default");
    expect(models.length).toBeGreaterThan(1);
    await complete({ messages: [user("Remember the number 5")], conversation_id: "short-lived" });
    const { body: list } = await scene.server.ask("GET", "/v1/conversations?limit=1");
    expect(list).toMatchObject({ data: [{ id: "short-lived", turn_count: 1 }], has_more: true });
    expect((await scene.server.ask("DELETE", "/v1/sessions/short-lived")).body.deleted).toBe(true);
    const anew = await complete({
      messages: [user("What number did I ask you to remember?")],
      conversation_id: "short-lived",
    });
    expect(said(anew)).toBe("You have not asked me to remember a number.");
    const { body: stats } = await scene.server.ask("GET", "/stats");
    expect(stats.activeSessions).toBeGreaterThan(0);
    expect(stats.maxConcurrentSessions).toBe(10);
  });

  test("C03 S01: the 42 test passes over both faces", async () => {
    const script = "dist/server/commands/daylong.js";
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[script, "test-session"],
      ...["--data-dir", scene.bench.dataDir, "--project", scene.bench.project],
    ]);
    expect(stdout.match(/^ok {5}/gm)).toHaveLength(6);
    expect(stdout).toContain("/v1/chat/completions");
  });

  test("C03 V1 V7: ten turns with the server killed in the middle of one: nothing is lost, nothing runs twice", async () => {
    const conversation_id = "a long day";
    const answers: Array<string | null | undefined> = [];
    const turn = async (text: string, key: string) => {
      const answer = await complete(
        { messages: [user(text)], conversation_id },
        { headers: { "Idempotency-Key": key } },
      );
      answers.push(said(answer));
    };
    for (let number = 1; number <= 4; number += 1) await turn(`Remember the number ${number}`, `t${number}`);

    // The fifth is being spoken when the server dies.
    const key = { headers: { "Idempotency-Key": "t5" } };
    const dying = await stream({ messages: [user("slow: 40")], conversation_id }, key);
    let heard = "";
    const broken = await (async () => {
      for await (const chunk of dying) {
        heard += chunk.choices[0]?.delta.content ?? "";
        if (heard.includes("word1")) void scene.server.kill("SIGKILL");
      }
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(broken).toBeDefined();
    await scene.server.exited;
    scene.server = await startServer(scene.environment);
    // Asked again, it is the same turn, and it is told what became of it. It does not run again.
    const again = await complete({ messages: [user("slow: 40")], conversation_id }, key).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(again).toMatchObject({ status: 500, code: "server_restarted" });
    // A repeat of one that was answered before the crash has its answer.
    await turn("Remember the number 4", "t4");

    for (let number = 6; number <= 9; number += 1) await turn(`Remember the number ${number}`, `t${number}`);
    await turn("What number did I ask you to remember?", "t10");
    expect(answers).toEqual([
      ...[1, 2, 3, 4, 4, 6, 7, 8, 9].map((number) => `I will remember ${number}.`),
      "You asked me to remember 9.",
    ]);
    const { sessionId } = await sessionOf(conversation_id);
    const { body } = await scene.server.ask("GET", `/api/sessions/${sessionId}/events?limit=1000`);
    const count = (type: string) =>
      body.events.filter((event: { type: string }) => event.type === type).length;
    expect([count("turn.accepted"), count("turn.completed"), count("turn.interrupted")]).toEqual([10, 9, 1]);
    // Claude knows them all.
    const seen = await complete({ messages: [user("say: still here")], conversation_id });
    expect(said(seen)).toBe("still here");
  });
});
