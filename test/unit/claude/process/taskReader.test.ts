import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { TaskReader } from "../../../../server/claude/process/taskReader.ts";

const turnOf = (toolUseId: string) => (toolUseId === "use" ? "turn" : undefined);
const system = (subtype: string, more: object) =>
  ({ type: "system", subtype, ...more }) as unknown as SDKMessage;
const started = (taskId: string, more: object = {}) =>
  system("task_started", {
    task_id: taskId,
    tool_use_id: "use",
    description: "Build it",
    task_type: "local_bash",
    is_backgrounded: true,
    ...more,
  });
const ended = (taskId: string, more: object = {}) =>
  system("task_notification", { task_id: taskId, status: "completed", summary: "Built.", ...more });

function bench() {
  const reader = new TaskReader();
  return (...messages: SDKMessage[]) => messages.flatMap((message) => reader.read(message, turnOf));
}

describe("T03 what the CLI says of tasks", () => {
  test.each([
    ["local_bash", "command"],
    ["local_agent", "agent"],
    ["local_workflow", "workflow"],
    ["mcp_task", "other"],
    [undefined, "other"],
  ])("is that one has begun, of a kind of ours: %s is %s", (task_type, kind) => {
    const more = { task_type, subagent_type: "explorer", parent_task_id: "a0" };
    expect(bench()(started("b1", more))).toEqual([
      {
        kind: "task-started",
        task: {
          taskId: "b1",
          kind,
          description: "Build it",
          agentType: "explorer",
          parentTaskId: "a0",
          turnId: "turn",
        },
      },
    ]);
  });

  test("is how it goes and how it ended, with what a subagent used", () => {
    const hear = bench();
    hear(started("b1"));
    const usage = { total_tokens: 12, tool_uses: 1, duration_ms: 5 };
    const progress = { task_id: "b1", description: "Running ls", last_tool_name: "Bash", usage };
    expect(hear(system("task_progress", progress))).toEqual([
      { kind: "task-progress", taskId: "b1", lastTool: "Bash", tokens: 12, text: "Running ls" },
    ]);
    expect(hear(system("task_progress", { ...progress, summary: "Looking" }))).toMatchObject([
      { text: "Looking" },
    ]);
    expect(hear(ended("b1", { status: "failed", usage }))).toEqual([
      { kind: "task-finished", taskId: "b1", state: "failed", summary: "Built.", tokens: 12 },
    ]);
  });

  test("is nothing of what a turn waits for, until it is put into the background", () => {
    const hear = bench();
    expect(hear(started("b1", { is_backgrounded: false }), ended("b1"))).toEqual([]);
    hear(started("b2", { is_backgrounded: false }));
    const put = system("task_updated", { task_id: "b2", patch: { is_backgrounded: true } });
    expect(hear(put, put)).toMatchObject([{ kind: "task-started", task: { taskId: "b2" } }]);
    expect(hear(ended("b2"))).toMatchObject([{ kind: "task-finished", taskId: "b2" }]);
  });

  test("is nothing of ambient ones", () => {
    const hear = bench();
    expect(hear(started("b1", { ambient: true }), started("b2", { skip_transcript: true }))).toEqual([]);
    const tasks = [{ task_id: "b1", ambient: true }, { task_id: "b3" }];
    expect(hear(system("background_tasks_changed", { tasks }))).toEqual([
      { kind: "tasks-running", taskIds: ["b3"] },
    ]);
  });

  test("is the end of one that it never began: of a run before, that was cut off", () => {
    expect(bench()(ended("b1", { status: "stopped" }))).toMatchObject([
      { kind: "task-finished", taskId: "b1", state: "stopped" },
    ]);
  });

  test("is nothing in other messages", () => {
    expect(bench()(system("status", { status: "requesting" }))).toEqual([]);
  });
});
