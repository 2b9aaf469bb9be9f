import { z } from "zod";
import { uuidSchema } from "../ids.ts";
import { chosenInstantSchema, countSchema, instantSchema } from "../instants.ts";
import { chosenIdSchema, textSchema } from "../text.ts";
import { modelSchema, permissionModeSchema, projectPathSchema } from "./sessions.ts";
import { failureSchema, replySchema, turnStateSchema } from "./turns.ts";

/** Longest message, in bytes of UTF-8 (docs/api.md, Chat: 256 KB). */
export const maxMessageBytes = 256 * 1024;
export const sessionIdSchema = uuidSchema;

/**
 * `type/subtype`; parameters (RFC 9110, 8.3.1) are left out. Browsers say nothing of a file whose type they do not know: that
 * is bytes of no type.
 */
export const mimeTypeSchema = z
  .string()
  .max(255)
  .transform((said) => said.split(";", 1)[0]!.trim().toLowerCase() || "application/octet-stream")
  .refine(
    (type) => /^[\w!#$&^.+-]{1,80}\/[\w!#$&^.+-]{1,80}$/.test(type),
    "must be a media type such as image/png",
  )
  .meta({ description: "A media type such as image/png; with parameters, or empty, is right too." });

export const attachmentSchema = z.union([
  z.object({ attachmentId: uuidSchema }),
  z.object({ name: textSchema.min(1).max(255), mimeType: mimeTypeSchema, data: z.base64() }),
]);

/** An upload as its sender is told of it; `mimeType` is what the bytes say, where they say it. */
export const uploadedSchema = z.object({
  attachmentId: z.uuid(),
  name: z.string(),
  mimeType: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** How far an upload has come that may go on after it was cut off. */
export const uploadStateSchema = z
  .object({
    attachmentId: z.uuid(),
    sizeBytes: countSchema.meta({ description: "The bytes that are here; the next part begins there." }),
    complete: z.boolean(),
    attachment: uploadedSchema.optional().meta({ description: "When it is complete." }),
  })
  .meta({ id: "UploadState" });

/** What a message says, whether it comes as a POST or as a frame. */
export const messageFields = {
  message: textSchema.min(1),
  sessionId: sessionIdSchema.optional(),
  projectPath: projectPathSchema.optional(),
  clientMessageId: chosenIdSchema.min(1).max(200).optional(),
  /** More than five are refused by their own name (`message_too_large`). */
  attachments: z.array(attachmentSchema).max(100).optional(),
  model: modelSchema.optional(),
  permissionMode: permissionModeSchema.optional(),
  sendAt: chosenInstantSchema
    .optional()
    .meta({ description: "The instant at which it is to run; at once without it." }),
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(24 * 3_600_000)
    .optional()
    .meta({ description: "How long the turn may run before it is ended as failed (timed_out)." }),
  contextFiles: z
    .array(textSchema.min(1).max(4_096))
    .max(20)
    .optional()
    .meta({ description: "Paths in the project, whose contents go to Claude with the message." }),
};

/** The word that a message is kept and will end in one reply or one failure. */
export const acceptedFields = {
  sessionId: z.string(),
  turnId: z.string(),
  clientMessageId: z.string(),
  state: turnStateSchema,
  queuePosition: countSchema,
  duplicate: z.boolean(),
  expiresAt: instantSchema,
};

export const acceptedSchema = z
  .object({
    success: z.literal(true),
    ...acceptedFields,
    requestId: z.string(),
    deliveryMethod: z.array(z.string()).meta({ description: "How news will reach the device now." }),
    pushWarning: z.string().optional().meta({ description: "Why the deviceToken was not registered." }),
  })
  .meta({ id: "Accepted" });

/** The same with the turn's end, for requests that waited for it. */
export const finishedSchema = acceptedSchema
  .extend({
    reply: replySchema.optional(),
    error: failureSchema.optional(),
    ownTurns: z
      .array(z.object({ turnId: z.string(), reply: replySchema }))
      .optional()
      .meta({
        description: "Under Prefer: tasks, the turns in which Claude spoke of the tasks that the turn began.",
      }),
  })
  .meta({ id: "Finished" });
