import { z } from "zod";
import { type Task, type TaskOutput, taskKinds, taskStates } from "../../domain/sessions/task.ts";
import { countSchema, instantSchema } from "../instants.ts";

/** A task as clients see it. */
export const taskSchema = z
  .object({
    taskId: z.string(),
    kind: z.enum(taskKinds),
    description: z.string(),
    agentType: z.string().optional(),
    parentTaskId: z.string().optional(),
    turnId: z.string().optional().meta({ description: "The turn that started it." }),
    state: z.enum(taskStates),
    startedAt: instantSchema,
    endedAt: instantSchema.optional(),
    dueAt: instantSchema.optional().meta({ description: "Of a wake-up: when it is due." }),
    lastTool: z.string().optional(),
    summary: z.string().optional(),
    tokens: countSchema.optional(),
  })
  .meta({ id: "Task" }) satisfies z.ZodType<Omit<Task, "sessionId">>;

export const tasksSchema = z.object({ tasks: z.array(taskSchema) }).meta({ id: "Tasks" });

export const taskOutputSchema = z
  .object({
    output: z.string().meta({ description: "Plain text, at most the last 8 KiB." }),
    totalBytes: countSchema,
    truncated: z.boolean(),
    lost: z.literal(true).optional().meta({
      description: "The task has ended, and what it wrote could not be kept: `output` is empty.",
    }),
  })
  .meta({ id: "TaskOutput" }) satisfies z.ZodType<TaskOutput>;
