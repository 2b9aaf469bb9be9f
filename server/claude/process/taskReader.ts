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

/**
 * Reader of the tasks in one CLI process's stream. A command or a subagent that its turn waits for is no task; it becomes
 * one when it is put into the background. Ambient ones (watchers, housekeeping) are none either.
 */
export class TaskReader {
  readonly #known = new Map<string, KnownTask>();

  /** The signals of a message about tasks. `turnOf`: the turn of the tool use that started one. */
  read(message: SDKMessage, turnOf: (toolUseId: string) => string | undefined): ProcessSignal[] {
    return isTaskMessage(message) ? this.#read(message, turnOf) : [];
  }

  #read(message: TaskMessage, turnOf: (toolUseId: string) => string | undefined): ProcessSignal[] {
    switch (message.subtype) {
      case "task_started": {
        if (message.ambient === true || message.skip_transcript === true) return [];
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
        this.#known.set(taskId, { task, isBackgrounded });
        return isBackgrounded ? [{ kind: "task-started", task }] : [];
      }
      case "task_progress": {
        const { task_id: taskId, last_tool_name: lastTool, usage, summary, description } = message;
        if (this.#known.get(taskId)?.isBackgrounded !== true) return [];
        const text = (summary ?? description).toWellFormed();
        return [{ kind: "task-progress", taskId, lastTool, tokens: usage.total_tokens, text }];
      }
      case "task_updated": {
        const known = this.#known.get(message.task_id);
        if (known === undefined || known.isBackgrounded || message.patch.is_backgrounded !== true) return [];
        known.isBackgrounded = true;
        return [{ kind: "task-started", task: known.task }];
      }
      case "task_notification": {
        const { task_id: taskId, status, summary, usage } = message;
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
            taskIds: message.tasks.filter(({ ambient }) => ambient !== true).map(({ task_id }) => task_id),
          },
        ];
    }
  }
}

const subtypes: ReadonlySet<string> = new Set([
  "task_started",
  "task_progress",
  "task_updated",
  "task_notification",
  "background_tasks_changed",
]);

const isTaskMessage = (message: SDKMessage): message is TaskMessage =>
  message.type === "system" && subtypes.has(message.subtype);
