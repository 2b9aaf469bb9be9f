import { z } from "zod";
import { countSchema, secondsSchema } from "../instants.ts";
import { sessionSchema, sessionStateSchema } from "../sessions/sessions.ts";
import { chosenIdSchema } from "../text.ts";

/** The name a tool gives to a conversation: any string. */
export const conversationIdSchema = chosenIdSchema.min(1).max(500);

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
