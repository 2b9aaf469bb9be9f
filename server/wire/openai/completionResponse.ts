import { z } from "zod";
import { countSchema, secondsSchema } from "../instants.ts";
import { openAiErrorSchema } from "../problem.ts";

const usageSchema = z
  .object({
    prompt_tokens: countSchema,
    completion_tokens: countSchema,
    total_tokens: countSchema,
    prompt_tokens_details: z.object({ cached_tokens: countSchema }),
  })
  .meta({ id: "CompletionUsage" });

const headFields = {
  id: z.string(),
  created: secondsSchema,
  model: z.string(),
  conversation_id: z.string(),
};
const finishReasonSchema = z.enum(["stop"]);

/** A whole completion. */
export const chatCompletionSchema = z
  .object({
    object: z.literal("chat.completion"),
    ...headFields,
    choices: z.array(
      z.object({
        index: countSchema,
        message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
        logprobs: z.null(),
        finish_reason: finishReasonSchema,
      }),
    ),
    usage: usageSchema,
  })
  .meta({ id: "ChatCompletion" });

const chunkSchema = z
  .object({
    object: z.literal("chat.completion.chunk"),
    ...headFields,
    choices: z.array(
      z.object({
        index: countSchema,
        delta: z.object({ role: z.literal("assistant").optional(), content: z.string().optional() }),
        logprobs: z.null(),
        finish_reason: finishReasonSchema.nullable(),
      }),
    ),
    usage: usageSchema.nullable().optional(),
  })
  .meta({ id: "ChatCompletionChunk" });

/** The data of one server-sent event; the stream ends with `[DONE]`, or with an error. */
export const completionFrameSchema = z.union([chunkSchema, openAiErrorSchema]);
