import { z } from "zod";
import type { ToolRecord } from "../../domain/sessions/history.ts";
import { sessionStates } from "../../domain/sessions/session.ts";
import { countSchema, instantSchema } from "../instants.ts";

/** A conversation that can be gone on with: `POST /api/sessions {projectPath, resume: sessionId}`. */
export const projectSessionSchema = z
  .object({
    sessionId: z.string(),
    title: z.string(),
    firstMessage: z.string().nullable(),
    createdAt: instantSchema.nullable(),
    lastActivityAt: instantSchema,
    sizeBytes: countSchema.nullable(),
    gitBranch: z.string().nullable(),
    state: z.enum(sessionStates).nullable().meta({
      description: "Of a session of this server; null for one that was begun elsewhere and not resumed yet.",
    }),
    held: z.boolean().meta({
      description: "A terminal on the computer holds it now: only a fork can go on.",
    }),
  })
  .meta({ id: "ProjectSession" });

export const projectSessionListSchema = z.object({
  sessions: z.array(projectSessionSchema),
  nextBefore: z.string().optional(),
});

export const pastMessageSchema = z
  .object({
    messageId: z.string(),
    role: z.enum(["user", "assistant", "system"]),
    kind: z
      .literal("summary")
      .optional()
      .meta({ description: "Of a system message: Claude's summary of what came before, at a compaction." }),
    text: z.string(),
    tools: z.array(z.object({ toolUseId: z.string().optional(), toolName: z.string(), title: z.string() })),
    imageCount: countSchema,
    createdAt: instantSchema.optional(),
  })
  .meta({ id: "PastMessage" });

/** One use of a tool. */
export const toolRecordSchema = z
  .object({
    toolUseId: z.string(),
    toolName: z.string(),
    title: z.string(),
    input: z.record(z.string(), z.unknown()),
    output: z.string().optional().meta({ description: "What Claude was told; absent while the tool runs." }),
    failed: z.boolean().optional(),
    diff: z.string().optional().meta({ description: "Of an edit: what it changed, unified." }),
    truncated: z.boolean().meta({ description: "Input, output and diff are cut to 256 KB together." }),
  })
  .meta({ id: "ToolRecord" }) satisfies z.ZodType<ToolRecord>;

/** The newest message first. */
export const pastMessageListSchema = z.object({
  messages: z.array(pastMessageSchema),
  nextBefore: z.string().optional(),
});
