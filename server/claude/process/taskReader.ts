import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { TaskEnd, TaskKind } from "../../domain/sessions/task.ts";

/** The CLI's names of kinds of tasks. */
const kinds: Readonly<Record<string, TaskKind>> = {
  local_bash: "command",
  local_agent: "agent",
  local_workflow: "workflow",
};

type TaskMessage = Extract<
  SDKMessage,
  {
    subtype:
      | "task_started"
      | "task_progress"
      | "task_updated"
      | "task_notification"
      | "background_tasks_changed";
  }
>;

/** A task that the CLI has named, and what it is begun with when it goes to the background. */
interface KnownTask {
  task: Extract<ProcessSignal, { kind: "task-started" }>["task"];
  isBackgrounded: boolean;
}

/** Runs of tasks that are remembered after their end, to tell a late message of one from news of the next. */
const mostRuns = 10_000;

/** How the CLI tells Claude, in the result of the tool, where a background command writes its output. Bounded: the text may be anything. */
const outputFilePattern =
  /with ID: (\S{1,200}?)\. Output is being written to: (\/\S.{0,4096}?\.output)(?:\. |\.?$)/m;

/**
 * Reader of the tasks in one CLI process's stream. A command or a subagent that its turn waits for is no task; it becomes
 * one when it is put into the background. Ambient ones (watchers, housekeeping) are none either. A task that is given more
 * to do keeps its id and has another run, whose id sorts after the one before: what is said of an earlier run comes late
 * and is dropped.
 */
export class TaskReader {
  readonly #known = new Map<string, KnownTask>();
  /** The newest run of each task. */
  readonly #runs = new Map<string, string>();

  /** The signals of a message about tasks. `turnOf`: the turn of the tool use that started one. */
  read(message: SDKMessage, turnOf: (toolUseId: string) => string | undefined): ProcessSignal[] {
    if (message.type === "user") return this.#outputFilesOf(message);
    return isTaskMessage(message) ? this.#read(message, turnOf) : [];
  }

  /** Whether the message is of an earlier run of its task than the newest one; a newer one is the newest from now on. */
  #isLate({ task_id: taskId, run_id: runId }: { task_id: string; run_id?: string }): boolean {
    if (runId === undefined) return false;
    const newest = this.#runs.get(taskId);
    if (newest !== undefined && runId < newest) return true;
    this.#runs.delete(taskId);
    this.#runs.set(taskId, runId);
    if (this.#runs.size > mostRuns)
      for (const oldest of [...this.#runs.keys()].slice(0, 1)) this.#runs.delete(oldest);
    return false;
  }

  #outputFilesOf({ message: { content } }: Extract<SDKMessage, { type: "user" }>): ProcessSignal[] {
    if (typeof content === "string") return [];
    return content.flatMap((block): ProcessSignal[] => {
      if (block.type !== "tool_result") return [];
      const said = typeof block.content === "string" ? block.content : textOf(block.content);
      const [, taskId, path] = outputFilePattern.exec(said) ?? [];
      // A command can print the same words: only a task that the CLI itself has named, and a file of that name, count.
      if (taskId === undefined || path === undefined || !this.#known.has(taskId)) return [];
      return path.endsWith(`/tasks/${taskId}.output`) ? [{ kind: "task-output-file", taskId, path }] : [];
    });
  }

  #read(message: TaskMessage, turnOf: (toolUseId: string) => string | undefined): ProcessSignal[] {
    switch (message.subtype) {
      case "task_started": {
        if (message.ambient === true || message.skip_transcript === true) return [];
        const earlierRun = this.#runs.get(message.task_id);
        if (this.#isLate(message)) return [];
        const {
          task_id: taskId,
          description,
          subagent_type: agentType,
          parent_task_id: parentTaskId,
        } = message;
        const kind = kinds[message.task_type ?? ""] ?? "other";
        const turnId = message.tool_use_id === undefined ? undefined : turnOf(message.tool_use_id);
        const isBackgrounded = message.is_backgrounded !== false;
        const task = {
          taskId,
          kind,
          description: description.toWellFormed(),
          agentType,
          parentTaskId,
          turnId,
        };
        // The end of the run before was not heard, and this is another one.
        const lost =
          this.#known.get(taskId)?.isBackgrounded === true && (message.run_id ?? earlierRun) !== earlierRun;
        this.#known.set(taskId, { task, isBackgrounded });
        const ends: ProcessSignal[] = lost ? [{ kind: "task-finished", taskId, state: "stopped" }] : [];
        return isBackgrounded ? [...ends, { kind: "task-started", task }] : ends;
      }
      case "task_progress": {
        const { task_id: taskId, last_tool_name: lastTool, usage, summary, description } = message;
        if (this.#isLate(message) || this.#known.get(taskId)?.isBackgrounded !== true) return [];
        const text = (summary ?? description).toWellFormed();
        return [{ kind: "task-progress", taskId, lastTool, tokens: usage.total_tokens, text }];
      }
      case "task_updated": {
        const known = this.#known.get(message.task_id);
        if (
          this.#isLate(message) ||
          known === undefined ||
          known.isBackgrounded ||
          message.patch.is_backgrounded !== true
        )
          return [];
        known.isBackgrounded = true;
        return [{ kind: "task-started", task: known.task }];
      }
      case "task_notification": {
        const { task_id: taskId, status, summary, usage } = message;
        if (this.#isLate(message)) return [];
        const isForegrounds = this.#known.get(taskId)?.isBackgrounded === false;
        this.#known.delete(taskId);
        if (isForegrounds) return [];
        const state: TaskEnd = status;
        const end = { state, summary: summary.toWellFormed().slice(0, 2_000), tokens: usage?.total_tokens };
        return [{ kind: "task-finished", taskId, ...end }];
      }
      case "background_tasks_changed":
        return [
          {
            kind: "tasks-running",
            tasks: message.tasks
              .filter(({ ambient }) => ambient !== true)
              .map(({ task_id: taskId, task_type, description, subagent_type, parent_task_id }) => ({
                taskId,
                kind: kinds[task_type] ?? "other",
                description: description.toWellFormed(),
                agentType: subagent_type,
                parentTaskId: parent_task_id,
              })),
          },
        ];
    }
  }
}

/** The text of a tool's result that comes in parts. */
const textOf = (parts: ReadonlyArray<{ type: string }> | undefined): string =>
  (parts ?? []).map((part) => ("text" in part && typeof part.text === "string" ? part.text : "")).join("\n");

const subtypes: ReadonlySet<string> = new Set([
  "task_started",
  "task_progress",
  "task_updated",
  "task_notification",
  "background_tasks_changed",
]);

const isTaskMessage = (message: SDKMessage): message is TaskMessage =>
  message.type === "system" && subtypes.has(message.subtype);
