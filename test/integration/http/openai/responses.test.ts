import { describe, expect, test } from "@jest/globals";
import type { SubmitRequest } from "../../../../server/pool/port.ts";
import { useRig } from "../rig.ts";

const rig = useRig();

const respond = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  rig.ask("POST", "/v1/responses", { body: { model: "default", ...body }, headers });

/** Resolves with the next turn that is accepted. */
const nextTurn = (): Promise<string> =>
  new Promise((resolve) => {
    const unsubscribe = rig.store.events.subscribe((events) => {
      const accepted = events.find(({ type }) => type === "turn.accepted");
      if (accepted === undefined) return;
      unsubscribe();
      resolve(accepted.turnId ?? "");
    });
  });

/** Asks, and lets Claude answer. */
async function answered(body: Record<string, unknown>, text = "Well.", headers: Record<string, string> = {}) {
  const begun = nextTurn();
  const asked = respond(body, headers);
  const turnId = await Promise.race([begun, asked.then((early) => Promise.reject(new Error(early.text)))]);
  await rig.pool.complete(turnId, { text });
  return { asked: await asked, turnId };
}

const submitted = (): SubmitRequest[] =>
  rig.pool.calls.filter(({ name }) => name === "submit").map(({ request }) => request as SubmitRequest);

describe("REPORT-18: responses", () => {
  test("REPORT-18: a response is a turn of the pool, in the shape of that API", async () => {
    const { asked, turnId } = await answered({
      input: "Hello",
      metadata: { a: "b" },
      temperature: 1,
      store: false,
    });
    expect(asked.status).toBe(200);
    expect(asked.body).toMatchObject({
      id: `resp_${turnId}`,
      object: "response",
      status: "completed",
      error: null,
      metadata: { a: "b" },
      output: [
        {
          id: `msg_${turnId}`,
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Well.", annotations: [], logprobs: [] }],
        },
      ],
      usage: {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        input_tokens_details: { cached_tokens: 0 },
      },
    });
    expect(asked.headers.get("x-daylong-ignored")).toBe("temperature, store");
    const read = await rig.ask("GET", `/v1/responses/resp_${turnId.toUpperCase()}`);
    expect(read.body).toMatchObject({ id: `resp_${turnId}`, status: "completed", output: asked.body.output });
  });

  test.each<[string, unknown, string]>([
    ["a text", "Hi", "Hi"],
    ["a message without a type", [{ role: "user", content: "Hi" }], "Hi"],
    ["a message with one", [{ type: "message", role: "user", content: "Hi" }], "Hi"],
    [
      "parts",
      [
        {
          role: "user",
          content: [
            { type: "input_text", text: "A" },
            { type: "input_text", text: "B" },
          ],
        },
      ],
      "A\nB",
    ],
    ["parts of the older kind", [{ role: "user", content: [{ type: "text", text: "A" }] }], "A"],
    [
      "a developer's word",
      [
        { role: "developer", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      "Hi",
    ],
    ["nothing but a developer's word", [{ role: "developer", content: "Say hi." }], "Say hi."],
    [
      "what a model thought",
      [
        { type: "reasoning", id: "rs_1", summary: [] },
        { role: "user", content: "Hi" },
      ],
      "Hi",
    ],
    [
      "what a tool answered",
      [{ type: "function_call_output", call_id: "c", output: "Rain." }],
      "[result of the tool]\nRain.",
    ],
    [
      "what a tool answered in parts",
      [{ type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "Rain." }] }],
      "[result of the tool]\nRain.",
    ],
    [
      "ids and states of items",
      [{ id: "msg_1", status: "completed", type: "message", role: "user", content: "Hi" }],
      "Hi",
    ],
    [
      "an image alone",
      [
        {
          role: "user",
          content: [{ type: "input_image", detail: "low", image_url: "data:image/jpg;base64,/9j/" }],
        },
      ],
      "See the image.",
    ],
  ])("REPORT-18: the input as %s is taken", async (_what, input, message) => {
    expect((await answered({ input })).asked.status).toBe(200);
    expect(submitted()[0]?.message).toBe(message);
  });

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ["no input", {}, "invalid_request", /input/],
    ["an empty list", { input: [] }, "invalid_request", /input \(/],
    ["an unknown item", { input: [{ type: "computer_call" }] }, "invalid_request", /input\.0/],
    [
      "a file",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
      "invalid_request",
      /input\.0\.content\.0.*input_image/,
    ],
    [
      "an image to be fetched",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "https://x/y" }] }] },
      "invalid_request",
      /fetches nothing/,
    ],
    [
      "nothing after the assistant",
      { input: [{ role: "assistant", content: "A" }] },
      "invalid_request",
      /input must end with something/,
    ],
    [
      "both ways to go on",
      { input: "Hi", conversation: "c", previous_response_id: "resp_1" },
      "invalid_request",
      /conversation must be left out/,
    ],
    [
      "a tool",
      { input: "Hi", tools: [{ type: "web_search" }] },
      "unsupported_parameter",
      /tools is not supported/,
    ],
    [
      "a tool that must be used",
      { input: "Hi", tool_choice: "required" },
      "unsupported_parameter",
      /tool_choice/,
    ],
    [
      "another format",
      { input: "Hi", text: { format: { type: "json_object" } } },
      "unsupported_parameter",
      /text\.format/,
    ],
    ["work in the background", { input: "Hi", background: true }, "unsupported_parameter", /background/],
    ["a stored prompt", { input: "Hi", prompt: { id: "p" } }, "unsupported_parameter", /prompt/],
  ])("REPORT-18: %s is refused with its reason", async (_what, body, code, reason) => {
    const asked = await respond(body);
    expect([asked.status, asked.body.error]).toEqual([
      400,
      expect.objectContaining({ code, message: expect.stringMatching(reason) }),
    ]);
    expect(submitted()).toEqual([]);
  });

  test("REPORT-18: values that ask for what happens anyway are taken, and explicit nulls", async () => {
    const { asked } = await answered({
      input: "Hi",
      tools: [],
      tool_choice: "auto",
      text: { format: { type: "text" }, verbosity: "low" },
      background: false,
      include: ["reasoning.encrypted_content"],
      instructions: null,
      previous_response_id: null,
      conversation: null,
      metadata: null,
      stream: null,
      user: null,
    });
    expect(asked.status).toBe(200);
  });

  test("REPORT-18: what follows the last answer goes on in the conversation, whose other instructions are named as ignored", async () => {
    const first = await answered({ input: "One?", instructions: "Be brief." });
    const id = String(first.asked.body.id);
    const input = [
      { role: "user", content: "One?" },
      { type: "item_reference", id: id.replace("resp", "msg") },
      { role: "user", content: "Two?" },
    ];
    const same = await answered({ input, previous_response_id: id, instructions: "Be brief." });
    expect(same.asked.headers.get("x-daylong-ignored")).toBeNull();
    const other = await answered({ input: "Three?", previous_response_id: id, instructions: "Be long." });
    expect(other.asked.headers.get("x-daylong-ignored")).toBe("instructions");
    expect(submitted().map(({ message }) => message)).toEqual(["One?", "Two?", "Three?"]);
    expect(new Set(submitted().map(({ sessionId }) => sessionId)).size).toBe(2);
    // A new conversation gets what was said, with the words behind the reference.
    await answered({ input, conversation: "anew" });
    expect(rig.store.conversations.get("anew")?.earlier).toContain("Assistant: Well.");
  });

  test("REPORT-18: a response is read while it runs, after it has failed, and is gone when it was deleted", async () => {
    const begun = nextTurn();
    const asked = respond({ input: "Hi" });
    const turnId = await begun;
    const path = `/v1/responses/resp_${turnId}`;
    const running = await rig.ask("GET", path);
    expect(running.body).toMatchObject({ status: "in_progress", output: [], usage: null, error: null });
    await rig.pool.fail(turnId, "It broke.");
    expect((await asked).status).toBe(502);
    expect((await rig.ask("GET", path)).body).toMatchObject({
      status: "failed",
      error: { code: "claude_error", message: "It broke." },
    });
    expect((await rig.ask("DELETE", path)).body).toEqual({
      id: `resp_${turnId}`,
      object: "response",
      deleted: true,
    });
    for (const method of ["GET", "DELETE"]) expect((await rig.ask(method, path)).status).toBe(404);
    const deleted = rig.store.audit
      .list(undefined, 100)
      .entries.filter(({ action }) => action === "response.delete");
    expect(deleted).toMatchObject([{ deviceId: "local", target: turnId }]);
    const after = await respond({ input: "Hi", previous_response_id: `resp_${turnId}` });
    expect(after.body.error).toMatchObject({ code: "response_not_found" });
  });

  test("REPORT-18: a turn of the phone's, and ids of other programs, are no responses", async () => {
    const { body } = await rig.ask("POST", "/api/chat", {
      body: { message: "Hi", projectPath: rig.project },
    });
    for (const id of [`resp_${body.turnId}`, "resp_68af4030bdb8", "chatcmpl-1", `${body.turnId}`])
      expect([id, (await rig.ask("GET", `/v1/responses/${id}`)).status]).toEqual([id, 404]);
  });

  test("REPORT-18: a request that is repeated with its key finds its first response", async () => {
    const key = { "idempotency-key": "k1" };
    const first = await answered({ input: "Hi" }, "Once.", key);
    const again = await respond({ input: "Hi" }, key);
    expect(again.body.id).toBe(first.asked.body.id);
    expect(rig.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
  });
});
