import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import type { SubmitRequest } from "../../../../server/pool/port.ts";
import { type Asked, useRig } from "../rig.ts";

const rig = useRig();

const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const system = (content: string) => ({ role: "system", content });

const complete = (
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
) => rig.ask("POST", "/v1/chat/completions", { body: { model: "default", ...body }, headers, signal });

/** Resolves with the next turn that is accepted. */
const nextTurn = (): Promise<{ sessionId: string; turnId: string }> =>
  new Promise((resolve) => {
    const unsubscribe = rig.store.events.subscribe((events) => {
      const accepted = events.find((event) => event.type === "turn.accepted");
      if (accepted === undefined) return;
      unsubscribe();
      resolve({ sessionId: accepted.sessionId ?? "", turnId: accepted.turnId ?? "" });
    });
  });

/** Asks, and lets Claude answer. */
async function answered(body: Record<string, unknown>, text: string, headers: Record<string, string> = {}) {
  const begun = nextTurn();
  const asked = complete(body, headers);
  const { turnId } = await begun;
  await rig.pool.complete(turnId, { text });
  return { asked: await asked, turnId };
}

const submitted = (): SubmitRequest[] =>
  rig.pool.calls.filter(({ name }) => name === "submit").map(({ request }) => request as SubmitRequest);
const calls = (name: string) => rig.pool.calls.filter((call) => call.name === name).length;

const say = (sessionId: string, turnId: string, text: string) =>
  rig.store.transaction(() =>
    rig.store.events.append({ sessionId, turnId, type: "message", data: { messageId: text, text } }),
  );

/** The frames of a stream, without comments. */
const framesOf = (text: string) =>
  text
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: "))
    .map((frame) => frame.slice(6));
const contentOf = (text: string) =>
  framesOf(text)
    .filter((frame) => frame !== "[DONE]")
    .map((frame) => JSON.parse(frame).choices?.[0]?.delta?.content ?? "")
    .join("");

function expectOpenAiError(asked: Pick<Asked, "status" | "text">, status: number, code: string): void {
  expect(JSON.parse(asked.text)).toEqual({
    error: {
      message: expect.any(String),
      type: expect.any(String),
      param: JSON.parse(asked.text).error.param ?? null,
      code,
    },
  });
  expect(asked.status).toBe(status);
}

describe("DOOR-4: system text of a tool", () => {
  test("DOOR-4: is taken from a chat token as words beside Claude's own prompt, and shown in the session and its event", async () => {
    const { token } = rig.device("chat");
    const begun = nextTurn();
    const asked = rig.ask("POST", "/v1/chat/completions", {
      token,
      body: { model: "default", messages: [system("Be brief."), user("Hi")] },
    });
    const { sessionId, turnId } = await begun;
    await rig.pool.complete(turnId, { text: "Hello." });
    expect((await asked).status).toBe(200);
    const shown = { appendSystemPrompt: "Be brief." };
    expect((await rig.ask("GET", `/api/sessions/${sessionId}`)).body).toMatchObject(shown);
    expect(rig.store.events.ofSession(sessionId, 0, 1)[0]).toMatchObject({
      type: "session.created",
      data: shown,
    });
    const created = rig.store.audit
      .list(undefined, 10)
      .entries.find(({ action }) => action === "session.create");
    expect(created?.detail).toBe("appendSystemPrompt of 9 characters");
  });
});

describe("C03: completions", () => {
  test("C03: a completion is a turn of the pool, with its true usage, in a directory of its own", async () => {
    const { asked, turnId } = await answered(
      { messages: [user("Hello")], temperature: 0.2, max_tokens: 5, stop: null, wished: true },
      "Good day.",
    );
    expect(asked.status).toBe(200);
    expect(asked.body).toEqual({
      id: `chatcmpl-${turnId}`,
      object: "chat.completion",
      created: Math.floor(rig.clock.now() / 1_000),
      model: "default",
      conversation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Good day.", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 15,
        prompt_tokens_details: { cached_tokens: 0 },
      },
    });
    expect(asked.headers.get("x-daylong-ignored")).toBe("temperature, max_tokens");
    const [session] = rig.store.sessions.list({ limit: 10 }).sessions;
    expect(readdirSync(join(rig.folder, "conversations"))).toEqual([session?.projectPath.split("/").at(-1)]);
  });

  test("C03: in a new conversation system messages go into the system prompt, and what was said becomes a transcript", async () => {
    const messages = [
      system("Be brief."),
      { role: "developer", content: [{ type: "text", text: "Be kind." }] },
      user("Who are you?"),
      assistant("Claude."),
      user("First this."),
      user([{ type: "text", text: "Then that." }]),
    ];
    await answered({ messages, conversation_id: "c/1 ü", project_path: rig.project }, "Yes.");
    const [first] = submitted();
    expect(first).toMatchObject({ message: "First this.\n\nThen that.", projectPath: rig.project });
    expect(first?.options).toEqual({ appendSystemPrompt: "Be brief.\n\nBe kind." });
    expect(first?.conversation?.conversationId).toBe("c/1 ü");
    expect(first?.conversation?.earlier).toMatch(/User: Who are you\?\n\nAssistant: Claude\./);
    expect(first?.conversation?.earlier).not.toMatch(/First this/);
  });

  test("C03: in a known conversation only what follows the last assistant message is sent, to the same session", async () => {
    const first = await answered({ messages: [user("One")], conversation_id: "c" }, "1", {
      "x-project-path": rig.project,
    });
    const history = [system("Be brief."), user("One"), assistant("1"), user("Two")];
    const second = await answered({ messages: history, conversation_id: "c" }, "2");
    expect(first.asked.body.conversation_id).toBe("c");
    expect(second.asked.body.conversation_id).toBe("c");
    const [one, two] = submitted();
    expect(one?.projectPath).toBe(rig.project);
    expect(two).toMatchObject({ message: "Two", sessionId: rig.store.conversations.get("c")?.sessionId });
    expect(two?.conversation).toBeUndefined();
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
  });

  test("C03: another model in a known conversation switches its session; default leaves it as it is", async () => {
    await answered({ messages: [user("One")], conversation_id: "c", model: "opus" }, "1");
    await answered({ messages: [user("Two")], conversation_id: "c", model: "default" }, "2");
    expect(calls("updateSession")).toBe(0);
    await answered({ messages: [user("Three")], conversation_id: "c", model: "haiku" }, "3");
    expect(
      rig.pool.calls.filter(({ name }) => name === "updateSession").map(({ request }) => request),
    ).toEqual([{ model: "haiku" }]);
  });

  test("C03: two requests that begin the same conversation at once share its session", async () => {
    const body = { conversation_id: "twins" };
    const asks = [complete({ ...body, messages: [user("A")] }), complete({ ...body, messages: [user("B")] })];
    await rig.pool.whenWaiting(2);
    for (const { turnId } of [...rig.store.turns.inState("running"), ...rig.store.turns.inState("queued")])
      await rig.pool.complete(turnId);
    expect((await Promise.all(asks)).map(({ status }) => status)).toEqual([200, 200]);
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
    // The directory of the one that came second is not left behind.
    await until(() => readdirSync(join(rig.folder, "conversations")).length === 1);
  });

  test("D04 V7: a request repeated with its Idempotency-Key reads its first turn, while it runs and afterwards", async () => {
    const headers = { "idempotency-key": "k1" };
    const body = { messages: [user("Once")] };
    const begun = nextTurn();
    const first = complete(body, headers);
    const { turnId } = await begun;
    const second = complete(body, headers);
    await rig.pool.whenWaiting(2);
    await rig.pool.complete(turnId, { text: "One." });
    const answers = [await first, await second, await complete(body, headers)];
    expect(answers.map((asked) => asked.body)).toEqual(Array(3).fill(answers[0]?.body));
    expect(contentOf((await complete({ ...body, stream: true }, headers)).text)).toBe("One.");
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
    expectOpenAiError(await complete({ messages: [user("Twice")] }, headers), 409, "idempotency_conflict");
    const elsewhere = await complete({ ...body, conversation_id: "other" }, headers);
    expectOpenAiError(elsewhere, 409, "idempotency_conflict");
  });

  test("C03 S33: images are attachments of the turn, and make the difference between two requests", async () => {
    const png = "data:image/png;base64,iVBORw0KGgo=";
    const headers = { "idempotency-key": "pictures" };
    const content = [{ type: "text", text: "What is this?" }, imagePart(png)];
    const earlier = [user([imagePart(png)]), assistant("A square.")];
    await answered({ messages: [...earlier, user(content)] }, "A square again.", headers);
    const [request] = submitted();
    expect(request?.message).toBe("What is this?");
    expect(
      request?.attachments?.map(({ attachmentId }) => rig.store.attachments.get(attachmentId)),
    ).toMatchObject([{ name: "image-1.png", mimeType: "image/png", sizeBytes: 8 }]);
    expect(request?.conversation?.earlier).toMatch(/User: \[image\]\n\nAssistant: A square\./);
    expect((await complete({ messages: [user(content)] }, headers)).status).toBe(200);
    const other = [content[0], imagePart("data:image/png;base64,iVBORw0KGgoA")];
    expectOpenAiError(await complete({ messages: [user(other)] }, headers), 409, "idempotency_conflict");
    await answered({ messages: [user([imagePart(png)])] }, "A square.");
    expect(submitted().at(-1)?.message).toBe("See the image.");
    const kept = () => rig.store.attachments.keptOf(request?.caller.deviceId ?? "").count;
    const before = kept();
    rig.pool.refusal = new DaylongError("pool_full", "No place.");
    expectOpenAiError(await complete({ messages: [user([imagePart(png)])] }), 503, "pool_full");
    expect(kept()).toBe(before);
    const six = Array.from({ length: 6 }, () => imagePart(png));
    expectOpenAiError(await complete({ messages: [user(six)] }), 413, "message_too_large");
  });

  test("C03 D04: a key that comes twice at once, without a conversation, begins one session", async () => {
    const headers = { "idempotency-key": "twice" };
    const asks = [1, 2].map(() => complete({ messages: [user("Hello")] }, headers));
    await rig.pool.whenWaiting(2);
    for (const { turnId } of rig.store.turns.inState("running")) await rig.pool.complete(turnId);
    const [one, two] = await Promise.all(asks);
    expect([one?.status, one?.body]).toEqual([200, two?.body]);
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
    await until(() => readdirSync(join(rig.folder, "conversations")).length === 1);
  });

  test("C03: what a turn fails with is told in OpenAI's shape, and not to be tried again by itself", async () => {
    for (const stream of [false, true]) {
      const begun = nextTurn();
      const asked = complete({ messages: [user("Hello")], stream });
      await rig.pool.fail((await begun).turnId, "It broke.");
      const answer = await asked;
      expectOpenAiError(answer, 502, "claude_error");
      expect(answer.headers.get("x-should-retry")).toBe("false");
    }
  });

  test("C03: a full pool is told to come back, and leaves no directory and no conversation", async () => {
    rig.pool.refusal = new DaylongError("pool_full", "Too many.", { retryAfterMs: 2_000 });
    const asked = await complete({ messages: [user("Hello")], conversation_id: "c" });
    expectOpenAiError(asked, 503, "pool_full");
    expect([asked.headers.get("x-should-retry"), asked.headers.get("retry-after")]).toEqual(["true", "2"]);
    await until(() => readdirSync(join(rig.folder, "conversations")).length === 0);
    expect(rig.store.conversations.get("c")).toBeUndefined();
  });
});

describe("C03: streams", () => {
  /** Begins a stream and lets the test speak for Claude. */
  async function streamed(
    speak: (ids: { sessionId: string; turnId: string }) => void | Promise<void>,
    body = {},
  ) {
    const begun = nextTurn();
    const asked = complete({ messages: [user("Hello")], stream: true, conversation_id: "s", ...body });
    await speak(await begun);
    return asked;
  }

  test("C03: deltas are chunks, ended by a finish reason, the usage when asked for, and [DONE]", async () => {
    const asked = await streamed(
      async ({ sessionId, turnId }) => {
        rig.feed.delta(sessionId, turnId, "Good ");
        await rig.clock.settle();
        rig.feed.delta(sessionId, turnId, "day.");
        await rig.clock.settle();
        await rig.pool.complete(turnId, { text: "Good day." });
      },
      { stream_options: { include_usage: true } },
    );
    expect(asked.headers.get("content-type")).toMatch(/^text\/event-stream/);
    const frames = framesOf(asked.text);
    expect(frames.at(-1)).toBe("[DONE]");
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame));
    expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
      { role: "assistant", content: "" },
      { content: "Good " },
      { content: "day." },
      {},
      undefined,
    ]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason ?? null)).toEqual([
      null,
      null,
      null,
      "stop",
      null,
    ]);
    expect(chunks.map(({ usage }) => usage?.total_tokens ?? usage)).toEqual([null, null, null, null, 15]);
    expect(
      new Set(chunks.map(({ id, object, conversation_id }) => `${id} ${object} ${conversation_id}`)).size,
    ).toBe(1);
  });

  test("C03: words whose deltas were lost come with the finished text, and texts of one turn stand apart", async () => {
    const asked = await streamed(async ({ sessionId, turnId }) => {
      rig.feed.delta(sessionId, turnId, "I will");
      say(sessionId, turnId, "I will run that.");
      rig.feed.flush(sessionId);
      await rig.pool.complete(turnId, { text: "Done." });
    });
    expect(contentOf(asked.text)).toBe("I will run that.\n\nDone.");
    // The same turn read as a whole says the same.
    const turns = rig.store.conversations.get("s")?.sessionId ?? "";
    const texts = rig.store.events.transcript(turns, undefined, 10).filter(({ type }) => type === "message");
    expect(texts).toHaveLength(2);
  });

  test("C03: a failure after the first words is an error frame, and no [DONE]", async () => {
    const asked = await streamed(async ({ sessionId, turnId }) => {
      await rig.clock.settle();
      rig.feed.delta(sessionId, turnId, "I will");
      await rig.pool.fail(turnId);
    });
    const frames = framesOf(asked.text);
    expect(asked.status).toBe(200);
    expect(contentOf(asked.text)).toBe("I will");
    expect(JSON.parse(frames.at(-1) ?? "")).toMatchObject({ error: { code: "claude_error" } });
  });

  test("C03: a stream without words begins after 5 s and gives a sign of life every 15 s", async () => {
    const asked = await streamed(async ({ turnId }) => {
      await rig.clock.settle();
      await rig.clock.run(5_000);
      await rig.clock.run(30_000);
      await rig.pool.complete(turnId, { text: "At last." });
    });
    expect(asked.text.match(/^: /gm)).toHaveLength(2);
    expect(contentOf(asked.text)).toBe("At last.");
  });

  test.each([
    ["streaming", true],
    ["waiting", false],
  ])(
    "C03 S23: a %s client that hangs up interrupts its turn, and cancels it while it waits",
    async (_how, stream) => {
      const leaving = new AbortController();
      const begun = nextTurn();
      const body = { stream, conversation_id: "s" };
      const first = complete({ ...body, messages: [user("A")] }, {}, leaving.signal).catch(() => "gone");
      const running = await begun;
      const next = nextTurn();
      const second = complete({ ...body, messages: [user("B")] }, {}, leaving.signal).catch(() => "gone");
      const waiting = await next;
      rig.feed.delta(running.sessionId, running.turnId, "I will");
      await rig.clock.settle();
      leaving.abort();
      expect(await Promise.all([first, second])).toEqual(["gone", "gone"]);
      const ended = (turnId: string) => rig.store.turns.get(turnId)?.state;
      await until(() => ended(running.turnId) === "interrupted" && ended(waiting.turnId) === "cancelled");
    },
  );

  test("C03 D04: a turn that a repeated request still reads goes on when the first one hangs up", async () => {
    const headers = { "idempotency-key": "k" };
    const leaving = new AbortController();
    const begun = nextTurn();
    const body = { messages: [user("A")], stream: true };
    const first = complete(body, headers, leaving.signal).catch(() => "gone");
    const { sessionId, turnId } = await begun;
    const second = complete(body, headers);
    rig.feed.delta(sessionId, turnId, "I ");
    await rig.clock.settle();
    leaving.abort();
    expect(await first).toBe("gone");
    await rig.clock.settle();
    rig.feed.delta(sessionId, turnId, "will");
    await rig.pool.complete(turnId, { text: "I will." });
    expect(contentOf((await second).text)).toBe("I will.");
    expect(calls("interrupt")).toBe(0);
  });

  test("V8: a reader that takes nothing for 30 s is cut loose and its turn interrupted; another one is not held up", async () => {
    const begun = nextTurn();
    const body = JSON.stringify({ model: "default", messages: [user("A")], stream: true });
    const slow = httpRequest({
      host: "127.0.0.1",
      port: rig.port,
      method: "POST",
      path: "/v1/chat/completions",
      headers: { authorization: `Bearer ${rig.adminToken}`, "content-type": "application/json" },
      agent: false,
    });
    slow.on("error", () => {});
    slow.end(body);
    const { sessionId, turnId } = await begun;
    rig.feed.delta(sessionId, turnId, "x".repeat(64 * 1024));
    const [response] = await once(slow, "response");
    response.pause();
    response.on("error", () => {});
    // More than the kernel takes for a reader that does not read.
    for (let round = 0; round < 100; round += 1) {
      rig.feed.delta(sessionId, turnId, "x".repeat(256 * 1024));
      await rig.clock.settle();
    }
    const other = await answered({ messages: [user("B")], stream: true }, "Quick.");
    expect(contentOf(other.asked.text)).toBe("Quick.");
    const gone = new Promise((resolve) => response.once("close", resolve));
    await rig.clock.run(31_000);
    response.resume();
    await gone;
    await until(() => rig.store.turns.get(turnId)?.state === "interrupted");
  });

  test("A02: a revoked device hears no more of a turn", async () => {
    const { deviceId, token } = rig.device();
    const begun = nextTurn();
    const asked = fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "default", messages: [user("A")] }),
    });
    await begun;
    await rig.pool.whenWaiting(1);
    rig.access.revoke(deviceId, { deviceId: "local", scope: "admin" });
    expect((await asked).status).toBe(401);
  });
});

describe("C03: what is refused", () => {
  test.each([
    ["n", 2],
    ["tools", [{ type: "function", function: { name: "f" } }]],
    ["tool_choice", "required"],
    ["functions", [{ name: "f" }]],
    ["response_format", { type: "json_object" }],
    ["logprobs", true],
    ["logit_bias", { 50256: -100 }],
    ["audio", { voice: "alloy", format: "wav" }],
  ])("C03: %s is an unsupported_parameter", async (name, value) => {
    const asked = await complete({ messages: [user("Hello")], [name]: value });
    expectOpenAiError(asked, 400, "unsupported_parameter");
    expect(asked.body.error).toMatchObject({ param: name, type: "invalid_request_error" });
    expect(submitted()).toEqual([]);
  });

  test("C03: values that ask for what happens anyway are taken", async () => {
    const harmless = { n: 1, tools: [], tool_choice: "auto", logprobs: false, audio: null };
    const { asked } = await answered(
      { messages: [user("Hello")], ...harmless, response_format: { type: "text" }, logit_bias: {} },
      "Hi.",
    );
    expect(asked.status).toBe(200);
  });

  test.each([
    ["no messages", { messages: [] }],
    ["nothing after the assistant", { messages: [user("A"), assistant("B")] }],
    ["nothing but spaces", { messages: [user("  ")] }],
    ["an unknown part", { messages: [user([{ type: "input_audio", input_audio: {} }])] }],
    [
      "an image that would have to be fetched",
      { messages: [user([imagePart("https://example.com/a.png")])] },
    ],
    ["an image of another kind", { messages: [user([imagePart("data:image/svg+xml;base64,AAAA")])] }],
    ["half a character in an id", { messages: [user("A")], conversation_id: "\ud83d" }],
    ["a message that is no text", { messages: [user(42)] }],
  ])("C03: %s is an invalid request", async (_what, body) => {
    expectOpenAiError(await complete(body), 400, "invalid_request");
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toEqual([]);
  });

  test("C03: long texts are too large by name, and a body beyond the limit is not read", async () => {
    const long = "x".repeat(300 * 1024);
    expectOpenAiError(await complete({ messages: [user(long)] }), 413, "message_too_large");
    const history = [user(long), assistant("A"), user("B")];
    expectOpenAiError(await complete({ messages: history }), 413, "message_too_large");
    const vast = await complete({ messages: [user("x".repeat(9 * 1024 * 1024))] });
    expectOpenAiError(vast, 413, "body_too_large");
  });

  test("C03: everything under /v1 and /stats fails in OpenAI's shape", async () => {
    expectOpenAiError(await rig.ask("GET", "/v1/models", { token: null }), 401, "unauthenticated");
    expectOpenAiError(await rig.ask("GET", "/stats", { token: "wrong" }), 401, "unauthenticated");
    const { token } = rig.device("read");
    const denied = await rig.ask("DELETE", "/v1/sessions/c", { token });
    expectOpenAiError(denied, 403, "scope_forbidden");
    expectOpenAiError(await rig.ask("GET", "/v1/engines"), 404, "not_found");
    expectOpenAiError(await rig.ask("PUT", "/v1/chat/completions"), 405, "method_not_allowed");
    expectOpenAiError(await rig.ask("GET", "/v1/conversations/none"), 404, "conversation_not_found");
    expectOpenAiError(await rig.ask("GET", "/v1/conversations/%zz"), 400, "invalid_request");
    const auth = { authorization: `Bearer ${rig.adminToken}` };
    const post = { method: "POST", path: "/v1/chat/completions", body: "{" };
    const malformed = await rig.raw({ ...post, headers: { ...auth, "content-type": "application/json" } });
    expectOpenAiError(malformed, 400, "malformed_json");
    const untyped = await rig.raw({ ...post, headers: { ...auth, "content-type": "text/plain" } });
    expectOpenAiError(untyped, 415, "unsupported_media_type");
    const foreign = await rig.raw({ path: "/v1/models", headers: { ...auth, host: "evil.example" } });
    expectOpenAiError(foreign, 403, "host_forbidden");
    const outside = await complete({ messages: [user("A")], project_path: "/etc" });
    expectOpenAiError(outside, 403, "project_forbidden");
    // A conversation's own directory is nobody else's project.
    await answered({ messages: [user("A")], conversation_id: "c" }, "B");
    const own = rig.pool.session(rig.store.conversations.get("c")?.sessionId ?? "").projectPath;
    expectOpenAiError(await complete({ messages: [user("A")], project_path: own }), 403, "project_forbidden");
  });
});

describe("C03: conversations", () => {
  test("C03: conversations are listed by pages, shown with their messages, and closed", async () => {
    for (const id of ["a", "b/ü", "c"])
      await answered({ messages: [user(`I am ${id}`)], conversation_id: id }, id);
    const page = await rig.ask("GET", "/v1/conversations?limit=2");
    expect(page.body).toMatchObject({ object: "list", first_id: "c", last_id: "b/ü", has_more: true });
    const rest = await rig.ask("GET", `/v1/conversations?limit=2&after=${encodeURIComponent("b/ü")}`);
    expect(rest.body).toMatchObject({ data: [{ id: "a" }], has_more: false });

    const path = encodeURIComponent("b/ü");
    expect((await rig.ask("GET", `/v1/conversations/${path}`)).body).toMatchObject({
      id: "b/ü",
      object: "conversation",
      session_id: rig.store.conversations.get("b/ü")?.sessionId,
      messages: [
        { role: "user", content: "I am b/ü" },
        { role: "assistant", content: "b/ü" },
      ],
    });
    const session = await rig.ask("GET", `/v1/sessions/${path}`);
    expect(session.body).toMatchObject({
      conversation_id: "b/ü",
      state: "idle",
      projectPath: expect.any(String),
    });

    const closed = await rig.ask("DELETE", `/v1/sessions/${path}`);
    expect(closed.body).toMatchObject({ id: "b/ü", deleted: true });
    expect(rig.pool.session(String(closed.body.session_id)).state).toBe("closed");
    expectOpenAiError(await rig.ask("GET", `/v1/sessions/${path}`), 404, "conversation_not_found");
    // The name is free: the next message under it begins anew.
    await answered({ messages: [user("Again")], conversation_id: "b/ü" }, "New.");
    expect(rig.store.conversations.get("b/ü")?.sessionId).not.toBe(closed.body.session_id);
  });

  test("C03: a session that is closed elsewhere gives its name up: the next message under it begins anew", async () => {
    await answered({ messages: [user("Hi")], conversation_id: "c" }, "Hi.");
    const sessionId = rig.store.conversations.get("c")?.sessionId ?? "";
    expect((await rig.ask("DELETE", `/api/sessions/${sessionId}`)).status).toBe(200);
    await answered({ messages: [user("On")], conversation_id: "c" }, "New.");
    expect(rig.store.conversations.get("c")?.sessionId).not.toBe(sessionId);
  });

  test("C03: models and figures", async () => {
    expect((await rig.ask("GET", "/v1/models")).body).toMatchObject({
      object: "list",
      data: [{ id: "default", object: "model", owned_by: "anthropic" }],
    });
    await answered({ messages: [user("Hi")] }, "Hi.");
    expect((await rig.ask("GET", "/stats")).body).toMatchObject({
      activeSessions: 1,
      maxConcurrentSessions: 10,
      totals: { turns: expect.any(Object) },
    });
  });
});

function imagePart(url: string) {
  return { type: "image_url", image_url: { url } };
}

/** Waits for what a hang-up sets off; the server hears of it from the network, not from a promise. */
async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 2_000 && !holds(); round += 1) await rig.clock.settle();
  expect(holds()).toBe(true);
}

describe("REPORT-9: requests as popular clients write them", () => {
  const pixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const png = `data:image/png;base64,${pixel}`;

  test.each([
    ["an address in an object", { url: png }],
    ["an address as it is", png],
    ["with a detail", { url: png, detail: "high" }],
    ["named and in capitals", { url: `data:IMAGE/PNG;name=a.png;base64,${pixel}` }],
    ["broken into lines", pixel.replace(/(.{20})/g, "$1\n").replace(/^/, "data:image/png;base64,")],
  ])("REPORT-9: an image as %s reaches the message", async (_what, image_url) => {
    const { asked } = await answered({ messages: [user([{ type: "image_url", image_url }])] }, "Seen.");
    expect(asked.status).toBe(200);
    expect(submitted()[0]).toMatchObject({ message: "See the image.", attachments: [{ isInline: true }] });
  });

  test.each([
    ["no messages", { messages: [] }, /messages \(.*>=1/],
    ["none at all", {}, /messages \(.*array/],
    [
      "a role that is none",
      { messages: [{ role: "boss", content: "x" }] },
      /messages\.0\.role must have the role/,
    ],
    [
      "a message that is no text",
      { messages: [user(42)] },
      /messages\.0\.content must be text or a list of parts/,
    ],
    [
      "an image to be fetched",
      {
        messages: [
          user("a"),
          user([
            { type: "text", text: "b" },
            { type: "image_url", image_url: "https://x/y" },
          ]),
        ],
      },
      /messages\.1\.content\.1\.image_url must be a data: URL: this server fetches nothing/,
    ],
    [
      "an image in an object",
      { messages: [user([{ type: "image_url", image_url: { url: "data:image/bmp;base64,AAAA" } }])] },
      /messages\.0\.content\.0\.image_url\.url must be a PNG, JPEG, GIF or WebP/,
    ],
    [
      "sound",
      { messages: [user([{ type: "input_audio", input_audio: { data: "", format: "wav" } }])] },
      /messages\.0\.content/,
    ],
    [
      "a text that is a number",
      { messages: [user([{ type: "text", text: 7 }])] },
      /messages\.0\.content\.0\.text \(/,
    ],
    ["a stream that is a word", { messages: [user("a")], stream: "yes" }, /stream \(.*boolean/],
    ["no model", { messages: [user("a")], model: undefined }, /model \(.*string/],
    ["many faults", { messages: Array.from({ length: 9 }, () => user(1)) }, /; and 4 more\.$/],
    ["a conversation's empty name", { messages: [user("a")], conversation_id: "" }, /conversation_id \(/],
  ])("REPORT-9: %s is refused with its reason", async (_what, body, reason) => {
    const asked = await complete(body);
    expectOpenAiError(asked, 400, "invalid_request");
    expect((asked.body.error as { message: string }).message).toMatch(reason);
    expect(submitted()).toEqual([]);
  });
});

describe("REPORT-10: what else popular clients send", () => {
  test("REPORT-10: a model by its id, the default one too; one that is none is 404 by name", async () => {
    const { body } = await rig.ask("GET", "/v1/models");
    const [first] = body.data as object[];
    expect((await rig.ask("GET", "/v1/models/default")).body).toEqual(first);
    const unknown = await rig.ask("GET", "/v1/models/gpt-4o");
    expectOpenAiError(unknown, 404, "model_not_found");
  });

  test.each(["//v1/models", "/v1//models", "///v1/models/", "/v1/models/", "//v1//models?x=//y"])(
    "REPORT-10: %s is served, because base addresses end in slashes",
    async (path) => {
      expect((await rig.raw({ path, headers: { authorization: `Bearer ${rig.adminToken}` } })).status).toBe(
        200,
      );
    },
  );

  test("REPORT-10: //v1/chat/completions is a completion, and an unknown path there has OpenAI's error", async () => {
    const body = JSON.stringify({ model: "default", messages: [] });
    const headers = { authorization: `Bearer ${rig.adminToken}`, "content-type": "application/json" };
    const asked = await rig.raw({ method: "POST", path: "//v1/chat/completions", headers, body });
    expectOpenAiError(asked, 400, "invalid_request");
    expectOpenAiError(await rig.raw({ path: "//v1/nothing", headers }), 404, "not_found");
  });

  test.each([
    "application/json; charset=utf8",
    "application/json;charset=UTF8",
    'application/json; charset="utf-8"',
    "application/json; charset=Utf-8; x=y",
    "APPLICATION/JSON",
  ])("REPORT-10: a body of %s is read", async (type) => {
    const { asked } = await answered({ messages: [user("Hi")] }, "Ho.", { "content-type": type });
    expect(asked.status).toBe(200);
  });

  test.each<[string, unknown[], string]>([
    [
      "a tool's answer",
      [
        user("A"),
        { role: "assistant", content: null, tool_calls: [call("weather", '{"at":"sea"}')] },
        { role: "tool", tool_call_id: "t", content: "Rain." },
      ],
      "[result of the tool]\nRain.",
    ],
    [
      "a tool's answer in parts",
      [user("A"), { role: "tool", tool_call_id: "t", content: [{ type: "text", text: "Rain." }] }],
      "A\n\n[result of the tool]\nRain.",
    ],
    [
      "a tool's answer by its name",
      [{ role: "tool", name: "weather", content: "Rain." }, user("So?")],
      "[result of the tool weather]\nRain.\n\nSo?",
    ],
    [
      "an old function's answer",
      [{ role: "function", name: "weather", content: "Rain." }],
      "[result of the tool weather]\nRain.",
    ],
    ["only what the system says", [system("Say hello.")], "Say hello."],
    [
      "only what two systems say",
      [system("Be brief."), { role: "developer", content: "Say hello." }],
      "Be brief.\n\nSay hello.",
    ],
    ["an empty system", [system(""), user("Hi")], "Hi"],
    ["an assistant without words", [user("A"), { role: "assistant", content: "" }, user("B")], "B"],
    ["names of speakers", [{ role: "user", name: "anna", content: "Hi" }], "Hi"],
    [
      "fields of other programs",
      [{ role: "user", content: "Hi", refusal: null, annotations: [], tool_calls: null }],
      "Hi",
    ],
  ])("REPORT-10: %s is taken", async (_what, messages, message) => {
    expect((await answered({ messages }, "Well.")).asked.status).toBe(200);
    expect(submitted()[0]?.message).toBe(message);
  });

  test("REPORT-10: uses of tools before the last answer are words of the transcript", async () => {
    const messages = [
      user("Weather?"),
      { role: "assistant", content: "I look.", tool_calls: [call("weather", '{"at":"sea"}')] },
      { role: "tool", tool_call_id: "t", content: "Rain." },
      assistant("It rains."),
      user("Tomorrow?"),
    ];
    const { asked } = await answered({ messages, conversation_id: "c" }, "Sun.");
    expect(asked.status).toBe(200);
    const earlier = rig.store.conversations.get("c")?.earlier ?? "";
    expect(earlier).toContain('Assistant: I look.\n[used the tool weather with {"at":"sea"}]');
    expect(earlier).toContain("Tool: [result of the tool]\nRain.");
  });

  function call(name: string, input: string) {
    return { id: "t", type: "function", function: { name, arguments: input } };
  }
});
