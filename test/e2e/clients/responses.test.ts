import { createOpenAI } from "@ai-sdk/openai";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { generateText, streamText } from "ai";
import OpenAI, { APIError } from "openai";
import { eventually } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

/** One pixel. */
const pixel =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe("REPORT-18: the Responses API on real Claude processes", () => {
  const scene = useScene({ every: "file" });
  let client: OpenAI;
  let token: string;
  beforeAll(async () => {
    ({ token } = await scene.server.pair("a tool"));
    client = new OpenAI({ baseURL: `${scene.server.url}/v1`, apiKey: token, maxRetries: 0 });
  });

  type Ask = Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, "model" | "stream">;
  const respond = (body: Ask) => client.responses.create({ model: "default", ...body });
  const refused = async (work: Promise<unknown>): Promise<APIError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof APIError)) throw new Error(`It was not refused: ${error}`);
    return error;
  };

  test("REPORT-18: with OpenAI's client, a response goes on where the previous one ended, in the same process", async () => {
    const first = await respond({ input: "Remember the number 42", metadata: { run: "7" } });
    expect(first.output_text).toBe("I will remember 42.");
    expect(first).toMatchObject({ status: "completed", error: null, metadata: { run: "7" } });
    expect(first.usage?.total_tokens).toBe(
      (first.usage?.input_tokens ?? 0) + (first.usage?.output_tokens ?? 0),
    );
    const input = "What number did I ask you to remember?";
    const conversation = first.conversation?.id ?? "";
    const sessionOf = async () =>
      (await scene.server.ask("GET", `/v1/sessions/${encodeURIComponent(conversation)}`)).body;
    const { pid } = (await sessionOf()).process;
    const second = await respond({ input, previous_response_id: first.id });
    expect(second.output_text).toBe("You asked me to remember 42.");
    expect(second).toMatchObject({ previous_response_id: first.id, conversation: { id: conversation } });
    expect((await sessionOf()).process.pid).toBe(pid);
    // Without it nothing is known.
    expect((await respond({ input })).output_text).toBe("You have not asked me to remember a number.");
    // By the conversation's name as well.
    expect((await respond({ input, conversation })).output_text).toBe("You asked me to remember 42.");
    expect((await respond({ input, conversation: { id: conversation } })).output_text).toContain("42");
  });

  test("REPORT-18: instructions reach the system prompt, and items of every kind reach Claude", async () => {
    const history = [
      { role: "user" as const, content: "Please remember the number 77" },
      { type: "function_call" as const, call_id: "c", name: "weather", arguments: '{"at":"sea"}' },
    ];
    const instructions = "The password is Schwertfisch.";
    const asked = {
      role: "user" as const,
      content: "does your system prompt say: The password is Schwertfisch.",
    };
    const said = await respond({ instructions, input: [...history, asked] });
    expect([said.output_text, said.instructions]).toEqual(["Yes.", instructions]);
    const number = "What number did I ask you to remember?";
    const known = await respond({ input: number, previous_response_id: said.id, instructions });
    expect(known.output_text).toBe("You asked me to remember 77.");
    const result = { type: "function_call_output" as const, call_id: "c", output: "It rains." };
    const told = await respond({ input: [...history, result] });
    expect(told.output_text).toContain("You said: [result of the tool]\nIt rains.");
    const image = { type: "input_image" as const, image_url: pixel, detail: "auto" as const };
    const seen = await respond({
      input: [{ role: "user", content: [{ type: "input_text", text: "what did I send?" }, image, image] }],
    });
    expect(seen.output_text).toBe("Images: 2. Files: none.");
  });

  test("REPORT-18: a stream has the events of that API in their order, and the client puts them together", async () => {
    const stream = client.responses.stream({ model: "default", input: "slow: 1" });
    const types: string[] = [];
    const numbers: number[] = [];
    let heard = "";
    for await (const event of stream) {
      types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === "response.output_text.delta") heard += event.delta;
    }
    const deltas = types.filter((type) => type === "response.output_text.delta");
    expect(deltas.length).toBeGreaterThan(5);
    expect(types.filter((type) => type !== "response.output_text.delta")).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(numbers).toEqual(types.map((_type, index) => index));
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(heard);
    expect(heard).toMatch(/^Slowly: word1 .* end\.$/);
    expect(final.usage?.output_tokens).toBeGreaterThan(0);
  });

  test("REPORT-18: a response is read again, and is gone when it was deleted", async () => {
    const made = await respond({ input: "say: Kept." });
    const read = await client.responses.retrieve(made.id);
    expect(read.output_text).toBe("Kept.");
    expect(read).toMatchObject({ status: "completed", created_at: made.created_at, usage: made.usage });
    await client.responses.delete(made.id);
    expect(await refused(client.responses.retrieve(made.id))).toMatchObject({
      status: 404,
      code: "response_not_found",
    });
    expect(await refused(respond({ input: "Hi", previous_response_id: made.id }))).toMatchObject({
      status: 404,
    });
    expect(await refused(client.responses.delete("resp_none"))).toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("REPORT-18: tools and other output than text are refused by name, and what Claude cannot do is said", async () => {
    const f = { type: "function" as const, name: "f", parameters: {}, strict: true };
    expect(await refused(respond({ input: "Hi", tools: [f] }))).toMatchObject({
      status: 400,
      code: "unsupported_parameter",
      param: "tools",
    });
    const format = { type: "json_schema" as const, name: "x", schema: {} };
    expect(await refused(respond({ input: "Hi", text: { format } }))).toMatchObject({
      status: 400,
      param: "text.format",
    });
    expect(await refused(respond({ input: "Hi", background: true }))).toMatchObject({
      status: 400,
      param: "background",
    });
    expect(await refused(respond({ input: "error: 400" }))).toMatchObject({
      status: 502,
      code: "claude_error",
    });
    const unknown = client.responses.create({ model: "gpt-4o", input: "Hi" });
    expect(await refused(unknown)).toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("REPORT-18: a client that hangs up interrupts its turn, and the response says so", async () => {
    const stream = await client.responses.create({ model: "default", input: "slow: 20", stream: true });
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") break;
    }
    stream.controller.abort();
    await eventually(
      "the interrupt",
      async () => (await client.responses.retrieve(id)).status === "cancelled",
    );
  });

  test("REPORT-18: the AI SDK's default provider: whole, streamed, with what was said before, and with images", async () => {
    const openai = createOpenAI({ baseURL: `${scene.server.url}/v1`, apiKey: token });
    const model = openai("default");
    const first = await generateText({
      model,
      system: "The password is Schwertfisch.",
      prompt: "Remember the number 31",
    });
    expect(first.text).toBe("I will remember 31.");
    expect(first.usage.outputTokens).toBeGreaterThan(0);
    expect(first.finishReason).toBe("stop");

    // It names what Claude said by the id of its item.
    const next = await generateText({
      model,
      messages: [
        { role: "user", content: "Remember the number 31" },
        ...first.response.messages,
        { role: "user", content: "What number did I ask you to remember?" },
      ],
    });
    expect(next.text).toBe("You asked me to remember 31.");

    const previousResponseId = String(first.providerMetadata?.openai?.responseId);
    const gone = await generateText({
      model,
      prompt: "does your system prompt say: The password is Schwertfisch.",
      providerOptions: { openai: { previousResponseId } },
    });
    expect(gone.text).toBe("Yes.");

    const streamed = streamText({ model, prompt: "slow: 1" });
    const pieces: string[] = [];
    for await (const piece of streamed.textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join("")).toMatch(/^Slowly: word1 .* end\.$/);
    expect(await streamed.finishReason).toBe("stop");

    const seen = await generateText({
      model,
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what did I send?" },
            { type: "image", image: pixel },
          ],
        },
      ],
    });
    expect(seen.text).toBe("Images: 1. Files: none.");

    // The provider's older face as well.
    expect((await generateText({ model: openai.chat("default"), prompt: "say: Hello." })).text).toBe(
      "Hello.",
    );
  });
});
