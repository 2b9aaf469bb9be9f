import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { TaskReader } from "../../../../server/claude/process/taskReader.ts";
import { processorSeconds } from "../../processorTime.ts";

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

const listed = (task_id: string, more: object = {}) => ({
  task_id,
  task_type: "local_bash",
  description: "Build it",
  ...more,
});

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
    const tasks = [{ task_id: "b1", ambient: true }, listed("b3")];
    expect(hear(system("background_tasks_changed", { tasks }))).toMatchObject([
      { kind: "tasks-running", tasks: [{ taskId: "b3" }] },
    ]);
  });

  test("is, in the list of those that run, all that is needed to show one whose begin was not said", () => {
    const more = { task_type: "local_agent", subagent_type: "explorer", parent_task_id: "a0" };
    const tasks = [listed("a1", more), listed("x1", { task_type: "mcp_task" })];
    expect(bench()(system("background_tasks_changed", { tasks }))).toEqual([
      {
        kind: "tasks-running",
        tasks: [
          {
            taskId: "a1",
            kind: "agent",
            description: "Build it",
            agentType: "explorer",
            parentTaskId: "a0",
          },
          { taskId: "x1", kind: "other", description: "Build it" },
        ],
      },
    ]);
  });

  test("is of the newest run of a task alone: what comes late of an earlier one is nothing", () => {
    const hear = bench();
    const usage = { total_tokens: 12, tool_uses: 1, duration_ms: 5 };
    hear(started("a1", { run_id: "r1" }), ended("a1", { run_id: "r1" }));
    expect(hear(started("a1", { run_id: "r2" }))).toMatchObject([{ kind: "task-started" }]);
    const late = { task_id: "a1", run_id: "r1" };
    expect(
      hear(
        ended("a1", { run_id: "r1" }),
        started("a1", { run_id: "r1" }),
        system("task_progress", { ...late, description: "Running ls", usage }),
        system("task_updated", { ...late, patch: { is_backgrounded: true } }),
      ),
    ).toEqual([]);
    expect(hear(ended("a1", { run_id: "r2" }))).toMatchObject([{ kind: "task-finished", taskId: "a1" }]);
  });

  test("is the end of a run whose end was not said, when the next one begins", () => {
    const hear = bench();
    hear(started("a1", { run_id: "r1" }));
    expect(hear(started("a1", { run_id: "r2" }))).toMatchObject([
      { kind: "task-finished", taskId: "a1", state: "stopped" },
      { kind: "task-started", task: { taskId: "a1" } },
    ]);
    // The same run, said twice, is no other one.
    expect(hear(started("a1", { run_id: "r2" }))).toMatchObject([{ kind: "task-started" }]);
  });

  test("is where a command writes its output, and not where a command says that one does", () => {
    const path = "/tmp/claude-0/-home-dev/c1/tasks/b1.output";
    const said = (id: string, file: string) =>
      `Command running in background with ID: ${id}. Output is being written to: ${file}. You will be notified.`;
    const result = (content: unknown) =>
      ({
        type: "user",
        message: { content: [{ type: "tool_result", tool_use_id: "use", content }] },
      }) as unknown as SDKMessage;
    const hear = bench();
    expect(hear(result(said("b1", path)))).toEqual([]);
    hear(started("b1"));
    const heard = [{ kind: "task-output-file", taskId: "b1", path }];
    expect(hear(result(said("b1", path)))).toEqual(heard);
    expect(hear(result([{ type: "text", text: said("b1", path) }]))).toEqual(heard);
    expect(hear(result(said("b1", "/etc/passwd.output")))).toEqual([]);
    expect(hear(result(said("b2", path)), result("Done."), result(undefined))).toEqual([]);
  });

  test("DOOR-8 is looked for in a megabyte of such words without holding anybody up", () => {
    const content = "with ID: a. Output is being written to: /x".repeat(25_000);
    const message = { type: "user", message: { content: [{ type: "tool_result", content }] } };
    const seconds = processorSeconds(() => expect(bench()(message as unknown as SDKMessage)).toEqual([]));
    expect(seconds).toBeLessThan(2);
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
