import { z } from "zod";
import { instantSchema } from "../instants.ts";

export const speakerSchema = z.enum(["user", "assistant"]);

const partialSchema = z
  .boolean()
  .optional()
  .meta({ description: "The turn ended in the middle of the text." });

/** What one side said. */
export const messageSchema = z
  .object({
    messageId: z.string(),
    role: speakerSchema,
    text: z.string(),
    turnId: z.string().optional(),
    origin: z
      .literal("terminal")
      .optional()
      .meta({ description: "Said in another program that went on with the conversation." }),
    createdAt: instantSchema,
    partial: partialSchema,
  })
  .meta({ id: "Message" });

/** A line of a session's output. */
export const outputLineSchema = z
  .object({
    role: speakerSchema,
    content: z.string(),
    timestamp: z.iso.datetime().meta({ description: "ISO 8601, in UTC." }),
    partial: partialSchema,
  })
  .meta({ id: "OutputLine" });
