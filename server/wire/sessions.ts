import { z } from "zod";
import { permissionModes, sessionStates } from "../domain/session.ts";
import { textSchema } from "./text.ts";

const toolNamesSchema = z.array(textSchema.min(1).max(200)).max(200);
const titleSchema = textSchema.trim().min(1).max(200);
const modelSchema = textSchema.min(1).max(200);

export const projectPathSchema = textSchema.min(1).max(4096);
export const sessionStateSchema = z.enum(sessionStates);

/** A new session, and what it is fixed to for its life. */
export const newSessionSchema = z
  .object({
    projectPath: projectPathSchema,
    title: titleSchema.optional(),
    model: modelSchema.optional(),
    permissionMode: z.enum(permissionModes).optional(),
    /** Id of the Claude conversation to go on with. */
    resume: z.uuid().optional(),
    fork: z.boolean().optional(),
    resumeAt: z.uuid().optional(),
    appendSystemPrompt: textSchema.max(65_536).optional(),
    allowedTools: toolNamesSchema.optional(),
    disallowedTools: toolNamesSchema.optional(),
    maxTurns: z.number().int().positive().max(100_000).optional(),
    maxBudgetUsd: z.number().positive().max(1_000_000).optional(),
  })
  .refine((wanted) => wanted.resume !== undefined || (!wanted.fork && wanted.resumeAt === undefined), {
    path: ["resume"],
    message: "must be given with fork or resumeAt",
  });
export type NewSession = z.infer<typeof newSessionSchema>;

export const sessionPatchSchema = z.object({
  title: titleSchema.optional(),
  model: modelSchema.nullable().optional(),
  permissionMode: z.enum(permissionModes).optional(),
  muted: z.boolean().optional(),
  autoKeepAlive: z.boolean().optional(),
});

/** Where a fork ends: after this message, or as the conversation is now. */
export const forkSchema = z.object({ atMessageId: z.uuid().optional() });

/** A message before which the project's files are to be as they were; `dryRun` only counts. */
export const rewindSchema = z.object({ messageId: z.uuid(), dryRun: z.boolean().optional() });

export const rewindReportSchema = z.object({
  canRewind: z.boolean(),
  filesChanged: z.array(z.string()),
  insertions: z.number().int(),
  deletions: z.number().int(),
  detail: z.string().optional(),
});

export const contextUseSchema = z.object({
  model: z.string(),
  totalTokens: z.number(),
  maxTokens: z.number(),
  percentage: z.number(),
  categories: z.array(z.object({ name: z.string(), tokens: z.number() })),
});

/** What a keep-alive does: open the next lease term, or tell what the session was about. */
export const keepAliveActionSchema = z.enum(["extend", "recap"]);
