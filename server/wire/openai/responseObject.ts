import { z } from "zod";
import { countSchema, secondsSchema } from "../instants.ts";
import { errorCodeSchema } from "../sessions/turns.ts";

const responseUsageSchema = z
  .object({
    input_tokens: countSchema,
    input_tokens_details: z.object({ cached_tokens: countSchema }),
    output_tokens: countSchema,
    output_tokens_details: z.object({ reasoning_tokens: countSchema }),
    total_tokens: countSchema,
  })
  .meta({ id: "ResponseUsage" });

const outputPartSchema = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.never()),
  logprobs: z.array(z.never()),
});

const outputItemSchema = z
  .object({
    id: z.string(),
    type: z.literal("message"),
    role: z.literal("assistant"),
    status: z.enum(["in_progress", "completed", "incomplete"]),
    content: z.array(outputPartSchema),
  })
  .meta({ id: "ResponseMessage" });

export const responseStatusSchema = z.enum(["queued", "in_progress", "completed", "failed", "cancelled"]);

/** A response; the fields that say how a model was set are those of a model that was set to nothing. */
export const responseSchema = z
  .object({
    id: z.string(),
    object: z.literal("response"),
    created_at: secondsSchema,
    status: responseStatusSchema,
    background: z.literal(false),
    error: z.object({ code: errorCodeSchema, message: z.string() }).nullable(),
    incomplete_details: z.null(),
    instructions: z.string().nullable(),
    max_output_tokens: z.null(),
    metadata: z.record(z.string(), z.string()),
    model: z.string(),
    output: z.array(outputItemSchema),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.string().nullable(),
    conversation: z.object({ id: z.string() }),
    reasoning: z.object({ effort: z.null(), summary: z.null() }),
    store: z.boolean(),
    temperature: z.null(),
    text: z.object({ format: z.object({ type: z.literal("text") }) }),
    tool_choice: z.literal("auto"),
    tools: z.array(z.never()),
    top_p: z.null(),
    truncation: z.literal("disabled"),
    usage: responseUsageSchema.nullable(),
    user: z.string().nullable(),
  })
  .meta({ id: "Response" });

const sequence = { sequence_number: countSchema };
const place = { ...sequence, item_id: z.string(), output_index: countSchema, content_index: countSchema };

/** The data of one server-sent event; its name is the `type`. */
export const responseEventSchema = z
  .discriminatedUnion("type", [
    z.object({
      type: z.enum(["response.created", "response.in_progress", "response.completed", "response.failed"]),
      ...sequence,
      response: responseSchema,
    }),
    z.object({
      type: z.enum(["response.output_item.added", "response.output_item.done"]),
      ...sequence,
      output_index: countSchema,
      item: outputItemSchema,
    }),
    z.object({
      type: z.enum(["response.content_part.added", "response.content_part.done"]),
      ...place,
      part: outputPartSchema,
    }),
    z.object({
      type: z.literal("response.output_text.delta"),
      ...place,
      delta: z.string(),
      logprobs: z.array(z.never()),
    }),
    z.object({
      type: z.literal("response.output_text.done"),
      ...place,
      text: z.string(),
      logprobs: z.array(z.never()),
    }),
  ])
  .meta({ id: "ResponseEvent" });

export const responseDeletedSchema = z.object({
  id: z.string(),
  object: z.literal("response"),
  deleted: z.literal(true),
});
