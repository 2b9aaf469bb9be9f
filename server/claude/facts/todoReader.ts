import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { z } from "zod";
import type { Todo, TodoChange } from "../../domain/sessions/facts.ts";
import { headOf } from "../../domain/visibleText.ts";

/** A todo is one line on a phone. */
const mostTextUnits = 500;
/** Tool uses without a result are those of turns that were cut; more than this never wait at once. */
const mostWaiting = 100;

const stateSchema = z.enum(["pending", "in_progress", "completed"]);
const textSchema = z.string().transform((text) => headOf(text, mostTextUnits));
const activeSchema = textSchema.optional().catch(undefined);

const writeSchema = z.object({
  todos: z.array(z.object({ content: textSchema, status: stateSchema, activeForm: activeSchema })),
});
const createSchema = z.object({ subject: textSchema, activeForm: activeSchema });
const createdSchema = z.object({ task: z.object({ id: z.string() }) });
const updateSchema = z.object({
  taskId: z.string(),
  subject: textSchema.optional(),
  activeForm: activeSchema,
  status: z.union([stateSchema, z.literal("deleted")]).optional(),
});
const listedSchema = z.object({
  tasks: z.array(z.object({ id: z.string(), subject: textSchema, status: stateSchema })),
});

const withActive = (todo: Omit<Todo, "activeText">, activeText: string | undefined): Todo =>
  activeText === undefined ? todo : { ...todo, activeText };

type Uses = "TodoWrite" | "TaskCreate" | "TaskUpdate" | "TaskList";
const toolNames: ReadonlySet<string> = new Set<Uses>(["TodoWrite", "TaskCreate", "TaskUpdate", "TaskList"]);

/** How the CLI tells the model what id a todo has; of a subagent's uses it reports nothing else. */
const createdPattern = /^Task #(\d+) created/;

/**
 * The change that a successful use of a todo tool means; `undefined` for one that is not understood. `output`: the tool's own,
 * `said`: what the model was told.
 */
function changeOf(tool: Uses, input: unknown, output: unknown, said: unknown): TodoChange | undefined {
  switch (tool) {
    case "TodoWrite": {
      const written = writeSchema.safeParse(input).data;
      return (
        written && {
          kind: "listed",
          todos: written.todos.map(({ content, status, activeForm }, index) =>
            withActive({ id: String(index + 1), text: content, state: status }, activeForm),
          ),
        }
      );
    }
    case "TaskCreate": {
      const created = createSchema.safeParse(input).data;
      const told = typeof said === "string" ? createdPattern.exec(said)?.[1] : undefined;
      const id = createdSchema.safeParse(output).data?.task.id ?? told;
      if (created === undefined || id === undefined) return undefined;
      const todo = withActive({ id, text: created.subject, state: "pending" }, created.activeForm);
      return { kind: "added", todo };
    }
    case "TaskUpdate": {
      const update = updateSchema.safeParse(input).data;
      if (update === undefined) return undefined;
      const { taskId: id, subject, activeForm, status } = update;
      if (status === "deleted") return { kind: "removed", id };
      const change = {
        ...(subject !== undefined && { text: subject }),
        ...(activeForm !== undefined && { activeText: activeForm }),
        ...(status !== undefined && { state: status }),
      };
      return { kind: "changed", id, change };
    }
    case "TaskList": {
      const listed = listedSchema.safeParse(output).data;
      return (
        listed && {
          kind: "listed",
          todos: listed.tasks.map(({ id, subject, status }) => ({ id, text: subject, state: status })),
        }
      );
    }
  }
}

/**
 * Reader of Claude's todos from the uses of its todo tools: `TodoWrite`, or `TaskCreate`, `TaskUpdate` and `TaskList`,
 * whichever the CLI offers. A change counts when its use has succeeded. CLI 2.1.330 keeps one list of tasks a session, which
 * subagents read and change too; what a subagent writes with `TodoWrite` is a list of its own, and is left out.
 */
export class TodoReader {
  readonly #waiting = new Map<string, { tool: Uses; input: unknown }>();

  read(message: SDKMessage): TodoChange[] {
    if (message.type === "assistant") {
      const isSubagents = message.parent_tool_use_id !== null;
      for (const block of message.message.content) {
        if (block.type !== "tool_use" || !toolNames.has(block.name)) continue;
        if (isSubagents && block.name === "TodoWrite") continue;
        if (this.#waiting.size >= mostWaiting) this.#waiting.clear();
        this.#waiting.set(block.id, { tool: block.name as Uses, input: block.input });
      }
      return [];
    }
    if (message.type !== "user" || this.#waiting.size === 0) return [];
    const { content } = message.message;
    if (typeof content === "string") return [];
    return content.flatMap((block) => {
      if (block.type !== "tool_result") return [];
      const use = this.#waiting.get(block.tool_use_id);
      this.#waiting.delete(block.tool_use_id);
      if (use === undefined || block.is_error === true) return [];
      const change = changeOf(use.tool, use.input, message.tool_use_result, block.content);
      return change === undefined ? [] : [change];
    });
  }
}
