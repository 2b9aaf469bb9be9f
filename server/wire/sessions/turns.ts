import { z } from "zod";
import { errorCatalogue } from "../../domain/errors.ts";
import { type Reply, type Turn, turnOrigins, turnStates } from "../../domain/sessions/turn.ts";
import { countSchema, durationMsSchema, instantSchema } from "../instants.ts";

/** A code of the one catalogue. */
export const errorCodeSchema = z.enum(Object.keys(errorCatalogue) as [keyof typeof errorCatalogue]).meta({
  id: "ErrorCode",
  description: "What clients branch on; a code is never reused for something else.",
});

export const turnOriginSchema = z.enum(turnOrigins).meta({
  id: "TurnOrigin",
  description:
    "user: a message. Else Claude began the turn by itself: a task had something to say, a scheduled wake-up was due, another agent sent a message, or another reason.",
});

export const turnStateSchema = z.enum(turnStates).meta({ id: "TurnState" });

export const usageSchema = z
  .object({
    inputTokens: countSchema,
    outputTokens: countSchema,
    cacheReadTokens: countSchema,
    cacheCreationTokens: countSchema,
  })
  .meta({ id: "Usage" });

/** Claude's answer to a message, with what it cost. */
export const replySchema = z
  .object({
    messageId: z.string(),
    text: z.string(),
    costUsd: z.number(),
    usage: usageSchema,
    durationMs: durationMsSchema,
    numTurns: countSchema,
  })
  .meta({ id: "Reply" }) satisfies z.ZodType<Reply>;

export const failureSchema = z
  .object({ code: errorCodeSchema, detail: z.string() })
  .meta({ id: "Failure" }) satisfies z.ZodType<NonNullable<Turn["error"]>>;

export const turnSchema = z
  .object({
    turnId: z.string(),
    sessionId: z.string(),
    origin: turnOriginSchema,
    clientMessageId: z.string().optional(),
    state: turnStateSchema,
    acceptedAt: instantSchema,
    sendAt: instantSchema.optional(),
    timeoutMs: durationMsSchema.optional(),
    contextFiles: z.array(z.string()).optional(),
    startedAt: instantSchema.optional(),
    endedAt: instantSchema.optional(),
    queuePosition: countSchema.optional().meta({ description: "0 runs now, 1 is next." }),
    reply: replySchema.optional(),
    error: failureSchema.optional(),
  })
  .meta({ id: "Turn" });
