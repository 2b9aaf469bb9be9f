import { z } from "zod";
import type { EventType, LoggedEvent } from "../../domain/delivery/event.ts";
import { countSchema, cursorSchema, durationMsSchema, instantSchema } from "../instants.ts";
import { agentSchema } from "../sessions/agents.ts";
import { contextFillSchema, suggestedPromptsSchema, todoSchema } from "../sessions/facts.ts";
import { openPermissionSchema } from "../sessions/permissions.ts";
import { chosenOptionFields, permissionModeSchema } from "../sessions/sessions.ts";
import { taskSchema } from "../sessions/tasks.ts";
import { errorCodeSchema, failureSchema, replySchema, turnOriginSchema } from "../sessions/turns.ts";

const detail = z.object({ detail: z.string() });
const heardText = z.string().optional().meta({ description: "What was heard of the answer." });
const by = z.object({ by: z.string() });
const terminalSchema = z.literal("terminal");
const terminalOrigin = terminalSchema.optional().meta({
  description: "Of what another program did in the conversation: no device sent it.",
});
const namedDevice = z.object({ deviceId: z.string(), name: z.string() });

/** The schema of each event type's data. */
const dataByType = {
  "session.created": z.object({
    projectPath: z.string(),
    title: z.string(),
    model: z.string().nullable(),
    permissionMode: permissionModeSchema,
    ...chosenOptionFields,
  }),
  "session.renewed": z.object({
    term: countSchema,
    expiresAt: instantSchema,
    reason: z.enum(["keep-alive", "activity", "revived"]),
  }),
  "session.expiring": z.object({
    expiresAt: instantSchema,
    timeRemainingMs: durationMsSchema,
    final: z.boolean(),
  }),
  "session.expired": z.object({ term: countSchema, expiredAt: instantSchema }),
  "session.parked": z.object({
    reason: z.enum(["evicted", "idle", "cancelled", "server_restarted", "server_stopped", "process_ended"]),
  }),
  "session.woken": z.object({
    pid: z.number().int(),
    resumed: z.boolean(),
    spare: z.boolean().optional(),
    /** What the owner is to know about the start. */
    notes: z.array(z.string()).optional(),
  }),
  "session.crashed": detail,
  "session.recovered": detail,
  "session.recycled": detail,
  "session.quarantined": z.object({ detail: z.string(), retryAt: instantSchema.optional() }),
  "session.closed": by.extend({
    erased: z.boolean().optional().meta({ description: "Nothing of the session is kept: forget it." }),
  }),
  "session.updated": z.object({
    title: z.string().optional(),
    model: z.string().nullable().optional(),
    permissionMode: permissionModeSchema.optional(),
    muted: z.boolean().optional(),
    autoKeepAlive: z.boolean().optional(),
    runningTasks: countSchema.optional(),
    allowedTools: z.array(z.string()).optional(),
    suggestedPrompts: suggestedPromptsSchema.optional(),
    gitBranch: z.string().nullable().optional(),
    context: contextFillSchema.optional(),
    compacting: z.boolean().optional(),
  }),
  "session.compacted": z.object({
    trigger: z.enum(["manual", "auto"]),
    tokensBefore: countSchema,
    tokensAfter: countSchema.optional(),
  }),
  "session.commands": z.object({}),
  "todos.changed": z.object({ todos: z.array(todoSchema) }),
  notice: z.object({ text: z.string() }),
  "session.recap": z.object({ text: z.string(), turnCount: countSchema }),
  "session.continued": z.object({
    by: terminalSchema,
    turns: countSchema,
    lastText: z
      .string()
      .optional()
      .meta({ description: "The last thing Claude said there, 200 characters." }),
  }),
  "session.held": z.object({ by: terminalSchema, pid: z.number().int() }),
  "session.released": z.object({}),
  "turn.accepted": z.object({
    messageId: z.string(),
    message: z.string(),
    clientMessageId: z.string(),
    deviceId: z.string(),
    attachments: z.array(z.string()),
    sendAt: instantSchema.optional(),
    timeoutMs: durationMsSchema.optional(),
    contextFiles: z.array(z.string()).optional(),
    origin: terminalOrigin,
  }),
  "turn.queued": z.object({
    queuePosition: countSchema,
    reason: z.enum(["tasks", "held"]).optional().meta({
      description:
        "tasks: every process has a turn, or a task that would be cut off; held: another program has the conversation open.",
    }),
  }),
  "turn.started": z.object({ origin: turnOriginSchema }),
  "turn.completed": replySchema.extend({
    origin: turnOriginSchema
      .exclude(["user"])
      .optional()
      .meta({ description: "Only of a turn that Claude began by itself: why it did." }),
  }),
  "turn.failed": z.object({
    code: errorCodeSchema,
    detail: z.string(),
    retryable: z.boolean(),
    text: heardText,
  }),
  "turn.interrupted": failureSchema.extend({ text: heardText }),
  "turn.cancelled": by.extend({ text: heardText }),
  message: z.object({
    messageId: z.string(),
    text: z.string(),
    partial: z.boolean().optional().meta({ description: "The turn ended in the middle of it." }),
    origin: terminalOrigin,
  }),
  "agent.message": z.object({ agent: agentSchema, text: z.string() }),
  "tool.started": z.object({
    toolUseId: z.string(),
    toolName: z.string(),
    title: z.string(),
    input: z.record(z.string(), z.unknown()).optional().meta({ description: "Up to 4 KB of it." }),
    truncated: z.boolean().optional(),
    edited: z.boolean().optional().meta({
      description: "A device allowed another input: this one runs. Replaces the line of the same toolUseId.",
    }),
    parentToolUseId: z.string().optional(),
    agent: agentSchema.optional(),
  }),
  "tool.finished": z.object({
    toolUseId: z.string(),
    toolName: z.string(),
    failed: z.boolean(),
    summary: z.string().optional(),
    insertions: countSchema.optional(),
    deletions: countSchema.optional(),
  }),
  "task.started": taskSchema.pick({ taskId: true, kind: true, description: true, state: true }),
  "task.finished": taskSchema
    .pick({ taskId: true, kind: true, description: true, state: true, summary: true })
    .extend({
      cutOff: z
        .boolean()
        .optional()
        .meta({ description: "Nobody asked for its end: its process had to go, or went." }),
    }),
  "permission.requested": openPermissionSchema,
  "permission.resolved": z.object({
    permissionId: z.string(),
    decision: z.enum(["allow", "deny"]),
    by: z.string(),
    updatedInput: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: "What runs instead of the input that was asked about." }),
  }),
  "permission.expired": z.object({
    permissionId: z.string(),
    reason: z.enum(["timed_out", "turn_ended", "process_gone", "server_restarted"]),
  }),
  "resource.warning": z.object({ kind: z.string(), detail: z.string() }),
  "limit.reached": z.object({
    kind: z.string(),
    resetsAt: instantSchema.optional(),
    retryAt: instantSchema,
    detail: z.string(),
  }),
  "limit.warning": z.object({
    windowId: z.string(),
    utilizationPercent: z.number(),
    resetsAt: instantSchema.optional(),
  }),
  "limit.lifted": z.object({ kind: z.string() }),
  "login.required": detail,
  "device.paired": namedDevice.extend({ platform: z.string() }),
  "device.revoked": namedDevice.extend({
    cancelledTurns: countSchema.optional(),
    interruptedTurns: countSchema.optional(),
    restrictedSessions: countSchema
      .optional()
      .meta({ description: "Sessions that ask again about what the device had allowed them." }),
    stoppedTasks: countSchema
      .optional()
      .meta({ description: "Background tasks and wake-ups that followed from its turns." }),
    withdrawnRules: countSchema
      .optional()
      .meta({ description: "Rules of its answers to permissions with `session` and `always`." }),
    pairedDevices: z
      .array(namedDevice)
      .optional()
      .meta({ description: "Devices that were paired with its codes: they stay, look at them." }),
    trustedProjects: z
      .array(z.string())
      .optional()
      .meta({ description: "Projects that it trusted: they stay so, look at them." }),
  }),
  "device.push_lost": namedDevice.extend({
    by: z.string().meta({ description: "The device that has registered the same push target." }),
    provider: z.enum(["apns", "webpush"]),
  }),
} as const satisfies { [T in EventType]: z.ZodType<Extract<LoggedEvent, { type: T }>["data"]> };

export const eventTypes = Object.keys(dataByType) as EventType[];

const eventOf = (type: EventType) =>
  z
    .object({
      cursor: cursorSchema,
      sessionId: z.string().nullable(),
      seq: z.number().int().positive().nullable(),
      type: z.literal(type),
      at: instantSchema,
      turnId: z.string().optional(),
      data: dataByType[type] as z.ZodType,
      truncated: z.boolean().optional().meta({
        description:
          "Only in a frame that would be over 1 MiB: texts of data are cut; they are whole over HTTP.",
      }),
    })
    .meta({ id: componentNameOf(type) });

/** `turn.completed` -> `TurnCompletedEvent`. */
const componentNameOf = (type: EventType): string =>
  `${type
    .split(".")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")}Event`;

const [first, ...rest] = eventTypes.map(eventOf);

/** One row of the log, of any type. */
export const loggedEventSchema = z.discriminatedUnion("type", [first!, ...rest]).meta({
  id: "Event",
  description:
    "One row of the log. cursor grows over the whole log; seq is gap-free in its session from 1. Events about no session have sessionId and seq null.",
});
