import { z } from "zod";
import { textSchema } from "../text.ts";
import { maxMessageBytes } from "./chat.ts";
import { modelSchema, projectPathSchema } from "./sessions.ts";

/** Most prompts of one batch. */
export const maxBatch = 50;
/** How long a prompt may take when nothing is said, and at most. */
export const defaultAskMs = 120_000;
export const maxAskMs = 600_000;

const promptSchema = textSchema
  .min(1)
  .refine(
    (prompt) => Buffer.byteLength(prompt) <= maxMessageBytes,
    `must have at most ${maxMessageBytes} bytes`,
  );

/** One prompt, or several that are answered in their order. */
export const askSchema = z
  .object({
    projectPath: projectPathSchema,
    prompt: promptSchema.optional(),
    prompts: z.array(promptSchema).min(1).max(maxBatch).optional(),
    model: modelSchema.optional(),
    /** For each prompt, the wait for a process included. */
    timeoutMs: z.number().int().min(1_000).max(maxAskMs).default(defaultAskMs),
    /** How many of a batch run at once; fewer when the pool has no place for so many. */
    concurrency: z.number().int().min(1).max(10).default(2),
  })
  .refine((wanted) => (wanted.prompt === undefined) !== (wanted.prompts === undefined), {
    path: ["prompt"],
    message: "must be given, or prompts, but not both",
  });

export const askAnswerSchema = z.object({
  text: z.string(),
  costUsd: z.number(),
  durationMs: z.number(),
  /** Tool uses that were denied, because a one-shot prompt has no user who could be asked. */
  denied: z.array(z.object({ toolName: z.string(), title: z.string() })),
});

/** What became of one prompt of a batch; one that fails leaves the others be. */
export const askResultSchema = z.union([
  askAnswerSchema,
  z.object({ error: z.object({ code: z.string(), detail: z.string() }) }),
]);
export type AskResult = z.infer<typeof askResultSchema>;

export const askResponseSchema = z.union([askAnswerSchema, z.object({ results: z.array(askResultSchema) })]);
