import { z } from "zod";
import { retryReasons } from "../../domain/processes/factSignal.ts";
import { countSchema, cursorSchema, durationMsSchema, instantSchema } from "../instants.ts";
import { agentSchema } from "../sessions/agents.ts";
import { acceptedFields } from "../sessions/chat.ts";
import { permissionAnsweredSchema } from "../sessions/permissions.ts";
import { keptAliveFields } from "../sessions/sessions.ts";
import { errorCodeSchema } from "../sessions/turns.ts";
import type { ServerFrame } from "./clientFrames.ts";
import { refSchema } from "./clientFrames.ts";
import { loggedEventSchema } from "./events.ts";

const ref = refSchema.optional();
const result = { type: z.literal("result"), ref };
const activity = { type: z.literal("activity"), sessionId: z.string(), turnId: z.string() };

/** What the answer to each order but `send` says, in the order of the orders. */
export const resultFrameSchemas = {
  ack: z.object({ ...result, cursor: cursorSchema }),
  permission: z.object({ ...result, ...permissionAnsweredSchema.shape }),
  interrupt: z.object({ ...result, sessionId: z.string(), interrupted: z.boolean(), turnId: z.string() }),
  keepalive: z.object({ ...result, ...keptAliveFields, truncated: z.boolean().optional() }),
  presence: z.object({ ...result, foreground: z.boolean() }),
} as const;

/** Every frame the server may send, with what it is for. */
export const serverFrameSchemas = {
  welcome: z
    .object({
      type: z.literal("welcome"),
      ref,
      deviceId: z.string(),
      epoch: z.string(),
      cursor: cursorSchema.meta({ description: "The tip of the log." }),
      recovered: z.boolean().meta({
        description: "False: events may be missing; the client starts over from GET /api/sessions.",
      }),
    })
    .meta({
      description: "The first frame: where the device stands. The missed events follow, then live ones.",
    }),
  event: z
    .object({ type: z.literal("event"), event: loggedEventSchema })
    .meta({ description: "A row of the log, missed or live. Only what is committed is sent." }),
  delta: z
    .object({
      type: z.literal("delta"),
      sessionId: z.string(),
      turnId: z.string(),
      offset: z.number().int().nonnegative().meta({
        description: "In UTF-16 units into the assistant text that is being written.",
      }),
      text: z.string(),
    })
    .meta({ description: "Text that is being written. Never stored, never the only copy." }),
  activity: z
    .union([
      z.object({ ...activity, kind: z.literal("thinking") }),
      z.object({
        ...activity,
        kind: z.literal("tool"),
        toolName: z.string(),
        title: z.string(),
        agent: agentSchema.optional(),
      }),
      z.object({ ...activity, kind: z.literal("task"), taskId: z.string(), text: z.string().optional() }),
      z.object({ ...activity, kind: z.literal("compacting") }),
      z.object({
        ...activity,
        kind: z.literal("retrying"),
        attempt: countSchema,
        reason: z.enum(retryReasons),
        nextAt: instantSchema.meta({ description: "When the failed request is tried again." }),
      }),
    ])
    .meta({ description: "What Claude does now. Never stored." }),
  accepted: z
    .object({ type: z.literal("accepted"), ref, ...acceptedFields })
    .meta({ description: "The answer to send: the message is kept and ends in one reply or one failure." }),
  result: z
    .union([
      resultFrameSchemas.ack,
      resultFrameSchemas.permission,
      resultFrameSchemas.interrupt,
      resultFrameSchemas.keepalive,
      resultFrameSchemas.presence,
    ])
    .meta({ description: "The answer to every other order." }),
  error: z
    .object({
      type: z.literal("error"),
      ref,
      code: errorCodeSchema,
      detail: z.string(),
      retryAfterMs: durationMsSchema.optional(),
    })
    .meta({ description: "The refusal of a frame, with its ref if it had one. The connection stays." }),
  pong: z.object({ type: z.literal("pong"), ref }).meta({ description: "The answer to ping." }),
} as const satisfies { [T in ServerFrame["type"]]: z.ZodType };
