import { z } from "zod";
import { sessionMetricsSchema } from "../metrics.ts";
import { openAiErrorSchema } from "../problem.ts";
import { poolStatsFields, sessionSchema, sessionStateSchema } from "../sessions/sessions.ts";

/** OpenAI counts in seconds. */
const secondsSchema = z.number().int().nonnegative();
const countSchema = z.number().int().nonnegative();

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

export const modelListSchema = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      object: z.literal("model"),
      created: secondsSchema,
      owned_by: z.string(),
    }),
  ),
});

const conversationFields = {
  id: z.string(),
  object: z.literal("conversation"),
  created_at: secondsSchema,
  last_activity_at: secondsSchema,
  session_id: z.string(),
  title: z.string(),
  state: sessionStateSchema,
  model: z.string(),
  project_path: z.string(),
  turn_count: countSchema,
};

export const conversationListSchema = z.object({
  object: z.literal("list"),
  data: z.array(z.object(conversationFields).meta({ id: "Conversation" })),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

export const conversationSchema = z.object({
  ...conversationFields,
  messages: z.array(
    z.object({
      id: z.string(),
      role: z.enum(["user", "assistant"]),
      content: z.string(),
      created_at: secondsSchema,
    }),
  ),
  has_earlier_messages: z.boolean(),
});

export const conversationSessionSchema = sessionSchema.extend({ conversation_id: z.string() });

export const conversationDeletedSchema = z.object({
  id: z.string(),
  object: z.literal("conversation.deleted"),
  deleted: z.literal(true),
  session_id: z.string(),
});

const { totalSessions: _now, maxSessions: _most, ...roomFields } = poolStatsFields;

export const statsSchema = z.object({
  activeSessions: countSchema,
  maxConcurrentSessions: countSchema,
  ...roomFields,
  totals: sessionMetricsSchema.pick({
    sinceAt: true,
    turns: true,
    starts: true,
    wakes: true,
    crashes: true,
    recoveries: true,
    recycles: true,
    expiries: true,
  }),
});
