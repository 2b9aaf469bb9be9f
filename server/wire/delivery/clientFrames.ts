import { z } from "zod";
import type { ActivityFrame, DeltaFrame, EventFrame, WelcomeFrame } from "../../domain/delivery/frames.ts";
import type { ErrorCode } from "../../domain/errors.ts";
import type { TurnState } from "../../domain/sessions/turn.ts";
import { anyIdSchema } from "../ids.ts";
import { messageFields, sessionIdSchema } from "../sessions/chat.ts";
import { permissionAnswerFields } from "../sessions/permissions.ts";
import { chosenIdSchema } from "../text.ts";
import { apnsPushSchema } from "./devices.ts";

/** The subprotocol of `/ws`; a change that old clients cannot tolerate gets a new name. */
export const socketProtocol = "daylong.v1";
/** Largest frame, in bytes (docs/api.md, WebSocket: 16 MB; beyond it the close code is 1009). */
export const maxFrameBytes = 16 * 1024 * 1024;

/** Close codes of `/ws`; those below 4000 are RFC 6455's (7.4.1) and its registry's. */
export const closeCodes = {
  badFrame: 4400,
  notAuthorised: 4401,
  tooSlow: 4408,
  replacedProtocol: 4409,
  tooBig: 1009,
  broken: 1011,
  serverRestart: 1012,
  tooMany: 1013,
} as const;

/** Chosen by the client; the answer to the frame repeats it. */
export const refSchema = chosenIdSchema.max(100);
const ref = refSchema.optional();
const cursorSchema = z.number().int().nonnegative();

export const helloFrameSchema = z.object({
  type: z.literal("hello"),
  ref,
  token: z.string().min(1).max(500).optional(),
  cursor: cursorSchema.optional(),
  epoch: anyIdSchema.or(z.literal("")).optional(),
  device: z.object({ push: apnsPushSchema.nullable().optional() }).optional(),
});

export const sendFrameSchema = z.object({
  type: z.literal("send"),
  ref,
  ...messageFields,
  // A frame has no second chance by its connection: without an id of its own a resend could not be told from a new one.
  clientMessageId: messageFields.clientMessageId.unwrap(),
});

export const ackFrameSchema = z.object({ type: z.literal("ack"), ref, cursor: cursorSchema });

export const permissionFrameSchema = z.object({
  type: z.literal("permission"),
  ref,
  permissionId: anyIdSchema,
  ...permissionAnswerFields,
});

export const interruptFrameSchema = z.object({
  type: z.literal("interrupt"),
  ref,
  sessionId: sessionIdSchema,
  turnId: anyIdSchema.optional(),
});

export const keepAliveFrameSchema = z.object({
  type: z.literal("keepalive"),
  ref,
  sessionId: sessionIdSchema,
  action: z.enum(["extend", "recap"]).default("extend"),
});

export const presenceFrameSchema = z.object({
  type: z.literal("presence"),
  ref,
  foreground: z.boolean(),
  sessionId: sessionIdSchema.optional(),
});

export const pingFrameSchema = z.object({ type: z.literal("ping"), ref });

/** Every frame a client may send. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  helloFrameSchema,
  sendFrameSchema,
  ackFrameSchema,
  permissionFrameSchema,
  interruptFrameSchema,
  keepAliveFrameSchema,
  presenceFrameSchema,
  pingFrameSchema,
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;
export type HelloFrame = z.infer<typeof helloFrameSchema>;
export type ClientFrameType = ClientFrame["type"];

export const clientFrameTypes: ReadonlySet<string> = new Set(
  clientFrameSchema.options.map((option) => option.shape.type.value),
);

/** The answer to `send`: the message is kept and will end in one reply or one failure. */
export interface AcceptedFrame {
  type: "accepted";
  ref?: string;
  sessionId: string;
  turnId: string;
  clientMessageId: string;
  state: TurnState;
  queuePosition: number;
  duplicate: boolean;
  expiresAt: number;
}
/** The answer to every other order; its fields are those of the REST answer. */
export interface ResultFrame {
  type: "result";
  ref?: string;
  [field: string]: unknown;
}
export interface ErrorFrame {
  type: "error";
  ref?: string;
  code: ErrorCode;
  detail: string;
  retryAfterMs?: number;
}
export interface PongFrame {
  type: "pong";
  ref?: string;
}

/** Every frame the server may send. */
export type ServerFrame =
  | WelcomeFrame
  | EventFrame
  | DeltaFrame
  | ActivityFrame
  | AcceptedFrame
  | ResultFrame
  | ErrorFrame
  | PongFrame;
