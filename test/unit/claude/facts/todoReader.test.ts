import { describe, expect, test } from "@jest/globals";
import { TodoReader } from "../../../../server/claude/facts/todoReader.ts";
import { ofType, toolResult, toolUse } from "./stream.ts";

/** The changes that the use of a tool means once its result is there. */
function used(name: string, input: unknown, output: unknown, isError = false) {
  const reader = new TodoReader();
  const before = reader.read(toolUse("t", name, input));
  return [...before, ...reader.read(toolResult("t", output, isError))];
}

describe("T06 the reader of todos", () => {
  test.each([
    [
      "TodoWrite",
      {
        todos: [
          { content: "a", status: "in_progress", activeForm: "Doing a" },
          { content: "b", status: "pending" },
        ],
      },
      {},
      {
        kind: "listed",
        todos: [
          { id: "1", text: "a", state: "in_progress", activeText: "Doing a" },
          { id: "2", text: "b", state: "pending" },
        ],
      },
    ],
    [
      "TaskCreate",
      { subject: "a", description: "the whole of a", activeForm: "Doing a" },
      { task: { id: "7", subject: "a" } },
      { kind: "added", todo: { id: "7", text: "a", state: "pending", activeText: "Doing a" } },
    ],
    [
      "TaskUpdate",
      { taskId: "7", status: "completed" },
      { success: true },
      { kind: "changed", id: "7", change: { state: "completed" } },
    ],
    [
      "TaskUpdate",
      { taskId: "7", subject: "b", activeForm: "Doing b" },
      { success: true },
      { kind: "changed", id: "7", change: { text: "b", activeText: "Doing b" } },
    ],
    ["TaskUpdate", { taskId: "7", status: "deleted" }, {}, { kind: "removed", id: "7" }],
    [
      "TaskList",
      {},
      { tasks: [{ id: "7", subject: "a", status: "pending", blockedBy: [] }] },
      { kind: "listed", todos: [{ id: "7", text: "a", state: "pending" }] },
    ],
  ])("T06: takes a %s when it has succeeded", (name, input, output, change) => {
    expect(used(name, input, output)).toEqual([change]);
    expect(used(name, input, output, true)).toEqual([]);
  });

  test.each([
    ["another tool", "Bash", { command: "ls" }, {}],
    ["a todo without an id", "TaskCreate", { subject: "a" }, "created"],
    ["an input of another shape", "TodoWrite", { todos: "a, b" }, {}],
    ["a state that is none", "TaskUpdate", { taskId: "7", status: "someday" }, {}],
  ])("T06: leaves %s alone", (_what, name, input, output) => {
    expect(used(name, input, output)).toEqual([]);
  });

  test("T06: takes what a subagent does with the session's list, which is one", () => {
    const reader = new TodoReader();
    const added = [{ kind: "added", todo: { id: "3", text: "a", state: "pending" } }];
    reader.read(toolUse("t", "TaskCreate", { subject: "a" }, "parent"));
    expect(reader.read(toolResult("t", { task: { id: "3" } }))).toEqual(added);
    // The CLI reports of a subagent's use no more than what its model is told.
    const said = (content: string) =>
      ofType("user", { message: { content: [{ type: "tool_result", tool_use_id: "t", content }] } });
    reader.read(toolUse("t", "TaskCreate", { subject: "a" }, "parent"));
    expect(reader.read(said("Task #3 created successfully: a"))).toEqual(added);
    reader.read(toolUse("t", "TaskCreate", { subject: "a" }, "parent"));
    expect(reader.read(said("No task was created."))).toEqual([]);
  });

  test("T06: leaves a subagent's own list, and results of uses that it did not see, alone", () => {
    const reader = new TodoReader();
    reader.read(toolUse("t", "TodoWrite", { todos: [] }, "parent"));
    expect(reader.read(toolResult("t", {}))).toEqual([]);
    expect(reader.read(toolResult("unseen", { tasks: [] }))).toEqual([]);
  });
});
