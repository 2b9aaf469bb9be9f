import { describe, expect, test } from "@jest/globals";
import { replyAfter } from "../../../../server/claude/transcripts/transcriptReply.ts";

const asked = "00000000-0000-4000-8000-00000000000a";
const startAt = Date.UTC(2026, 10, 21, 12);

interface Said {
  content: object[] | string;
  stop?: string | null;
  uuid?: string;
  /** Of the model's message, which may take several lines. */
  id?: string;
  output?: number;
  more?: object;
  afterMs?: number;
}
const stamp = (afterMs = 0) => new Date(startAt + afterMs).toISOString();
const user = (content: object[] | string, more: object = {}) =>
  JSON.stringify({
    parentUuid: null,
    isSidechain: false,
    type: "user",
    message: { role: "user", content },
    uuid: "another-user",
    timestamp: stamp(),
    ...more,
  });
const prompt = (more: object = {}) => user("What is it?", { uuid: asked, ...more });
const assistant = ({
  content,
  stop = "end_turn",
  uuid = "a1",
  id = "msg_1",
  output = 3,
  more,
  afterMs,
}: Said) =>
  JSON.stringify({
    isSidechain: false,
    message: {
      id,
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      content,
      stop_reason: stop,
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 2,
        cache_read_input_tokens: 5,
        output_tokens: output,
      },
    },
    type: "assistant",
    uuid,
    timestamp: stamp(afterMs),
    ...more,
  });
const text = (value: string) => [{ type: "text", text: value }];
const toolUse = (id: string) => [{ type: "tool_use", id, name: "Bash", input: {} }];
const toolResult = (id: string) => user([{ type: "tool_result", tool_use_id: id, content: "out" }]);
const textsOf = (lines: string[]) => replyAfter(lines, asked)?.texts.map((one) => one.text);

describe("F2 the reply to a message in the lines of a transcript", () => {
  test("is its text, with the figures and the time it took", () => {
    const lines = [prompt(), assistant({ content: text("It is 42."), afterMs: 1_500 })];
    expect(replyAfter(lines, asked)).toEqual({
      texts: [{ messageId: "a1", text: "It is 42." }],
      usage: { inputTokens: 10, outputTokens: 3, cacheReadTokens: 5, cacheCreationTokens: 2 },
      durationMs: 1_500,
      numTurns: 1,
    });
  });

  test("is all the texts of the turn, and each request to the model counts once, however many lines it took", () => {
    const lines = [
      prompt(),
      assistant({ content: text("I will look."), stop: "tool_use", uuid: "a1", id: "msg_1" }),
      assistant({ content: toolUse("t1"), stop: "tool_use", uuid: "a2", id: "msg_1" }),
      toolResult("t1"),
      assistant({ content: text("Found."), uuid: "a3", id: "msg_2", output: 7 }),
    ];
    const reply = replyAfter(lines, asked);
    expect(reply?.texts).toEqual([
      { messageId: "a1", text: "I will look." },
      { messageId: "a3", text: "Found." },
    ]);
    expect([reply?.usage.inputTokens, reply?.usage.outputTokens, reply?.numTurns]).toEqual([20, 10, 2]);
  });

  test("is not there when the last thing is a tool use, with its result or without", () => {
    const working = [
      prompt(),
      assistant({ content: text("I will look."), stop: "tool_use" }),
      assistant({ content: toolUse("t1"), stop: "tool_use" }),
    ];
    expect(replyAfter(working, asked)).toBeUndefined();
    expect(replyAfter([...working, toolResult("t1")], asked)).toBeUndefined();
    // Even if the model said that its turn ended: a tool that has no result may still run.
    expect(replyAfter([prompt(), assistant({ content: [...text("Done."), ...toolUse("t1")] })], asked)).toBe(
      undefined,
    );
  });

  test("is not what a subagent was asked or said", () => {
    const aside = { isSidechain: true };
    const lines = [
      prompt(),
      assistant({ content: toolUse("t1"), stop: "tool_use" }),
      user("Look for it.", aside),
      assistant({ content: text("The subagent's words."), uuid: "s1", more: aside }),
    ];
    expect(replyAfter(lines, asked)).toBeUndefined();
    expect(
      textsOf([...lines, toolResult("t1"), assistant({ content: text("Mine."), uuid: "a2", id: "msg_2" })]),
    ).toEqual(["Mine."]);
    expect(replyAfter([prompt(aside), assistant({ content: text("Aside.") })], asked)).toBeUndefined();
  });

  test("is of its own turn: neither what came before nor the answer to the next message", () => {
    const before = [user("Before."), assistant({ content: text("Earlier."), uuid: "b1" })];
    const after = [user("And then?"), assistant({ content: text("Later."), uuid: "c1", id: "msg_9" })];
    const mine = [prompt(), assistant({ content: text("Mine.") })];
    expect(textsOf([...before, ...mine, ...after])).toEqual(["Mine."]);
    // A turn that was broken off has no reply, though the next one has.
    expect(textsOf([prompt(), assistant({ content: text("Half"), stop: null }), ...after])).toBeUndefined();
    expect(textsOf([prompt(), user("[Request interrupted by user]"), ...after])).toBeUndefined();
    expect(textsOf([...before, ...after])).toBeUndefined();
  });

  test("survives lines that are broken, empty, or of kinds it does not know", () => {
    const lines = [
      "",
      "{not json",
      "null",
      "42",
      JSON.stringify({ type: "queue-operation", operation: "enqueue", content: "What is it?" }),
      prompt(),
      JSON.stringify({ type: "attachment", uuid: asked }),
      '{"type":"assistant","message":',
      JSON.stringify({ type: "assistant", uuid: "x" }),
      JSON.stringify({ type: "user", isMeta: true, message: { content: "A reminder." } }),
      assistant({ content: text("Whole.") }),
      JSON.stringify({ type: "file-history-snapshot", messageId: asked }),
    ];
    expect(textsOf(lines)).toEqual(["Whole."]);
  });

  test("is not there when its last line was cut by the death of the process", () => {
    const whole = assistant({ content: text("It is a long answer.") });
    const first = assistant({ content: text("First."), stop: "tool_use", uuid: "a0", id: "msg_0" });
    for (const at of [1, 40, Math.floor(whole.length / 2), whole.length - 1]) {
      expect(replyAfter([prompt(), whole.slice(0, at)], asked)).toBeUndefined();
      expect(replyAfter([prompt(), first, whole.slice(0, at)], asked)).toBeUndefined();
    }
    expect(textsOf([prompt(), first, whole])).toEqual(["First.", "It is a long answer."]);
  });

  test("is not there when the line that ends it names no reason, or another one", () => {
    for (const stop of [null, "max_tokens", "pause_turn", "refusal"])
      expect(replyAfter([prompt(), assistant({ content: text("Cut"), stop })], asked)).toBeUndefined();
    expect(replyAfter([prompt(), assistant({ content: [] })], asked)).toBeUndefined();
    expect(replyAfter([prompt(), assistant({ content: text("") })], asked)).toBeUndefined();
    expect(replyAfter([], asked)).toBeUndefined();
  });

  test("is not the CLI's own notice of a failed request, nor its repair of a cut end", () => {
    const notice = { isApiErrorMessage: true };
    expect(replyAfter([prompt(), assistant({ content: text("API Error: 500"), more: notice })], asked)).toBe(
      undefined,
    );
    const repaired = JSON.parse(assistant({ content: text("No response requested.") }));
    repaired.message.model = "<synthetic>";
    expect(
      replyAfter([prompt(), assistant({ content: text("Real.") }), JSON.stringify(repaired)], asked),
    ).toBeUndefined();
  });

  test("has whole characters, whatever was cut in two", () => {
    expect(textsOf([prompt(), assistant({ content: text("half \ud83d") })])).toEqual(["half \ufffd"]);
  });

  test("takes no time at all when the clock of the record makes no sense", () => {
    const lines = [prompt({ timestamp: "yesterday" }), assistant({ content: text("Yes."), afterMs: -5_000 })];
    expect(replyAfter(lines, asked)?.durationMs).toBe(0);
    const backwards = [prompt(), assistant({ content: text("Yes."), afterMs: -5_000 })];
    expect(replyAfter(backwards, asked)?.durationMs).toBe(0);
  });
});
