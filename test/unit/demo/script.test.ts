import { describe, expect, test } from "@jest/globals";
import { type ModelMessage, typedText } from "../../../server/demo/messages.ts";
import { reply, unpairedToolUse } from "../../../server/demo/script.ts";

const user = (content: ModelMessage["content"]): ModelMessage => ({ role: "user", content });
const said = (...messages: string[]): ModelMessage[] => messages.map((message) => user(message));
const textOf = (messages: ModelMessage[]): string => {
  const answer = reply(messages);
  if (answer.kind !== "text") throw new Error(`The model answered with ${answer.kind}.`);
  return answer.text;
};

describe("O02 the demo model", () => {
  test("remembers the newest number of the conversation", () => {
    const question = "What number did I ask you to remember?";
    expect(textOf(said("Remember the number 42", question))).toContain("42");
    expect(textOf(said("Remember 1", "Remember 2", question))).toContain("2");
    expect(textOf(said(question))).toContain("not asked");
  });

  test("REPORT-22: remembers what a block before the question tells of another place", () => {
    const told = "<earlier-conversation>\n\nUser: Remember the number 83\n\n</earlier-conversation>";
    const blocks = [told, "What number did I ask you to remember?"].map((words) => ({
      type: "text",
      text: words,
    }));
    expect(textOf([...said("Remember the number 47"), user(blocks)])).toBe("You asked me to remember 83.");
  });

  const question = (kind: string) => `What ${kind} did I ask you to remember?`;
  test.each([
    [["Remember the word BANANA"], "I will remember BANANA."],
    [["Remember the word BANANA", question("word")], "You asked me to remember BANANA."],
    [["Please remember the word: banana.", "Thanks!", question("word")], "You asked me to remember banana."],
    [["Remember this: ZEBRA", question("word")], "You asked me to remember ZEBRA."],
    [["Remember my favourite colour is green", question("color")], "You asked me to remember green."],
    [[question("word")], "You have not asked me to remember a word."],
    [["What is 2+2?"], "4"],
    [["What's 7 * 6?"], "42"],
    [["Calculate 10 / 4"], "2.5"],
    [["2 + 2 ="], "4"],
    [["What is 100 minus 58? Answer with the number only."], "42"],
    [["what is 0.1 + 0.2?"], "0.3"],
    [["How much is 1 / 0?"], "That has no result."],
    [
      ["What is the time?", "What was my previous question?"],
      "Your previous question was: What is the time?",
    ],
    [["What is 2+2?", "What was my last message?"], "Your previous question was: What is 2+2?"],
    [["What was my previous question?"], "You have not asked me anything before."],
    [["Hello! Remember the number 42."], "I will remember 42."],
    [["Hello! Remember the number 42.", question("number")], "You asked me to remember 42."],
    [["Can you remember 7 for me?", question("number")], "You asked me to remember 7."],
    [
      ["Remember that the door is open", "What did I ask you to remember?"],
      "You asked me to remember the door is open.",
    ],
    [["say: remember 42"], "remember 42"],
  ])("EXAMPLE-5: after %j it says: %s", (messages, answer) => {
    expect(textOf(said(...messages))).toBe(answer);
  });

  test("uses any tool with the input that it is told", () => {
    expect(reply(said('use: Write {"file_path":"/a","content":"x"}'))).toMatchObject({
      kind: "tool",
      name: "Write",
      input: { file_path: "/a", content: "x" },
    });
    expect(reply(said("use: mcp__forms__ask"))).toMatchObject({ name: "mcp__forms__ask", input: {} });
    expect(textOf(said("use: Write {no json}"))).toContain("not JSON");
  });

  test("runs a command as a tool and says what it printed", () => {
    expect(reply(said("run: touch a\ntouch b"))).toMatchObject({
      kind: "tool",
      name: "Bash",
      input: { command: "touch a\ntouch b" },
    });
    const printed = user([
      { type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "out" }] },
    ]);
    expect(textOf([printed])).toBe("Done. It printed: out");
    const refused = user([{ type: "tool_result", tool_use_id: "t", content: "denied", is_error: true }]);
    expect(textOf([refused])).toBe("The tool did not run: denied");
  });

  test.each([
    ["error: 529", { kind: "error", status: 529 }],
    ["error: 429 after 30", { kind: "error", status: 429, retryAfterSeconds: 30 }],
    ["cut", { kind: "cut" }],
    ["silence", { kind: "silence" }],
    ["think: 2", { kind: "text", startAfterMs: 2_000 }],
    ["say: Hello\nyou", { kind: "text", text: "Hello\nyou" }],
  ])("does what %p orders", (order, answer) => {
    expect(reply(said(order))).toMatchObject(answer);
  });

  test("speaks as long as it is told, up to two million characters", () => {
    expect(textOf(said("long: 5000"))).toHaveLength(5_000);
    expect(textOf(said("long: 99999999"))).toHaveLength(2_000_000);
  });

  test("tells what a person typed from what the CLI added", () => {
    const message = user([
      { type: "text", text: "Hello" },
      { type: "text", text: "<system-reminder>x</system-reminder>" },
      { type: "text", text: "[Request interrupted by user]" },
      { type: "text", text: "[Image: source: /somewhere/1.png]" },
    ]);
    expect(typedText(message)).toBe("Hello");
  });

  test("S06 counts the messages in a recap, without the one that asks for it", () => {
    expect(textOf(said("One", "Two", "Write a short recap of this conversation"))).toBe(
      "Recap: you wrote 2 messages. The last one was: Two",
    );
  });

  test("says the same to the same conversation", () => {
    const conversation = said("Hello", "slow: 3");
    expect(reply(conversation)).toEqual(reply(conversation));
  });

  test("answers a conversation without a user with something", () => {
    expect(textOf([])).toContain("nothing to answer");
  });
});

describe("F13 the API's rule that each tool use has its result in the next message", () => {
  const used = (...ids: string[]): ModelMessage => ({
    role: "assistant",
    content: [
      { type: "text", text: "Look." } as const,
      ...ids.map((id) => ({ type: "tool_use" as const, id })),
    ],
  });
  const answered = (...ids: string[]): ModelMessage =>
    user(ids.map((id) => ({ type: "tool_result", tool_use_id: id, content: "out" })));
  const none = new Set<string>();

  test("finds nothing wrong with a whole conversation, whatever the CLI says in between", () => {
    const aside: ModelMessage = { role: "system", content: "A reminder." };
    expect(unpairedToolUse([user("Go"), used("a", "b"), aside, answered("a", "b"), used()], none)).toBe(
      undefined,
    );
    expect(unpairedToolUse([], none)).toBeUndefined();
  });

  test("names the ones without a result, in the API's words", () => {
    const missing = unpairedToolUse([user("Go"), used("a", "b"), answered("b"), answered("a")], none);
    expect(missing).toMatch(
      /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: a\. Each/,
    );
    expect(unpairedToolUse([used("a"), user("And now?")], none)).toContain("after: a.");
    expect(unpairedToolUse([user("Go"), used("z")], none)).toContain("after: z.");
  });

  test("takes the result of one that was named for missing", () => {
    const whole = [user("Go"), used("a"), answered("a"), used("b"), answered("b")];
    expect(unpairedToolUse(whole, new Set(["b"]))).toMatch(/^messages\.3: .*after: b\./);
    expect(unpairedToolUse(whole, new Set(["c"]))).toBeUndefined();
  });
});
