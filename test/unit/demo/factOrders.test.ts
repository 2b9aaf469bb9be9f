import { describe, expect, test } from "@jest/globals";
import { isSuggestionRequest, offeredTools } from "../../../server/demo/factOrders.ts";
import type { ModelMessage } from "../../../server/demo/messages.ts";
import { reply } from "../../../server/demo/script.ts";

const user = (content: ModelMessage["content"]): ModelMessage => ({ role: "user", content });
const said = (...messages: string[]): ModelMessage[] => messages.map((message) => user(message));
const textOf = (messages: ModelMessage[]): string => {
  const answer = reply(messages);
  if (answer.kind !== "text") throw new Error(`The model answered with ${answer.kind}.`);
  return answer.text;
};

describe("O02 what the demo model does beside its answers", () => {
  test("T06: makes a list of todos with the tools that it is offered, and begins with the first", () => {
    const todos = said("todo: wash, dry");
    expect(reply(todos, "", new Set(["TaskCreate"]))).toMatchObject({
      name: "TaskCreate",
      input: { subject: "wash", activeForm: "Doing wash" },
      more: [{ name: "TaskCreate", input: { subject: "dry" } }],
    });
    expect(reply(todos, "", new Set(["TodoWrite"]))).toMatchObject({
      name: "TodoWrite",
      input: {
        todos: [
          { content: "wash", status: "in_progress" },
          { content: "dry", status: "pending" },
        ],
      },
    });
    expect(textOf(todos)).toContain("not offered");
    const made = user([
      { type: "tool_result", tool_use_id: "t", content: "Task #3 created successfully: wash" },
      { type: "tool_result", tool_use_id: "u", content: "Task #4 created successfully: dry" },
    ]);
    expect(reply([made])).toMatchObject({
      name: "TaskUpdate",
      input: { taskId: "3", status: "in_progress" },
    });
  });

  test("T10: sends a notice with the tool that it is offered", () => {
    const offered = new Set(["mcp__daylong__notify"]);
    const notice = { name: "mcp__daylong__notify", input: { text: "It is green" } };
    expect(reply(said("notify: It is green"), "", offered)).toMatchObject(notice);
    expect(textOf(said("notify: It is green"))).toContain("not offered");
  });

  test("T12: proposes what to say next when the CLI asks and the person wanted it", () => {
    const asked = "[SUGGESTION MODE: Suggest what the user might naturally type next]";
    expect(textOf(said("Hello", "suggest: commit this", asked))).toBe("commit this");
    expect(textOf(said("suggest", asked))).toBe("run the tests");
    expect(textOf(said("Hello", asked))).toBe("");
    expect([isSuggestionRequest(said(asked)), isSuggestionRequest(said("suggest"))]).toEqual([true, false]);
  });

  test("T08: sums a conversation up so that it still knows what was said", () => {
    const summary = textOf(
      said("Remember the number 42", "CRITICAL: Respond with TEXT ONLY. Do NOT call tools."),
    );
    expect(textOf(said(summary, "What number did I ask you to remember?"))).toContain("42");
  });

  test("knows the tools that a request describes, and those that the CLI names only", () => {
    const note = "The following deferred tools are available via ToolSearch:\nTaskCreate\nTaskList";
    const messages: ModelMessage[] = [
      { role: "system", content: [{ type: "text", text: note }] },
      ...said("Hi"),
    ];
    const offered = offeredTools([{ name: "Bash" }], messages);
    expect(["Bash", "TaskCreate", "TodoWrite"].map((name) => offered.has(name))).toEqual([true, true, false]);
  });
});
