import { z } from "zod";
import { limitReasons } from "../../domain/processes/machine.ts";
import { permissionModes, sessionStates } from "../../domain/sessions/session.ts";
import { uuidSchema } from "../ids.ts";
import { countSchema, durationMsSchema, instantSchema } from "../instants.ts";
import { argumentSchema, textSchema } from "../text.ts";
import { contextFillSchema, suggestedPromptsSchema } from "./facts.ts";
import { failureSchema, turnOriginSchema } from "./turns.ts";

const toolNamesSchema = z.array(argumentSchema.min(1).max(200)).max(200);
const systemTextSchema = argumentSchema.max(65_536);
const titleSchema = textSchema.trim().min(1).max(200);
/** It follows an option among the arguments of the CLI, and must not look like one. */
export const modelSchema = argumentSchema
  .min(1)
  .max(200)
  .refine((name) => !name.startsWith("-"), "must not begin with a hyphen");

export const projectPathSchema = argumentSchema.min(1).max(4096);
export const permissionModeSchema = z.enum(permissionModes).meta({ id: "PermissionMode" });
export const sessionStateSchema = z.enum(sessionStates).meta({ id: "SessionState" });

/** A new session, and what it is fixed to for its life. */
export const newSessionSchema = z
  .object({
    projectPath: projectPathSchema,
    title: titleSchema.optional(),
    model: modelSchema.optional(),
    permissionMode: permissionModeSchema.optional(),
    resume: z
      .union([uuidSchema, z.literal("latest")])
      .optional()
      .meta({ description: "Id of the Claude conversation to go on with; latest is the project's newest." }),
    fork: z.boolean().optional().meta({ description: "Goes on in a copy of the conversation." }),
    resumeAt: uuidSchema.optional().meta({ description: "The last message that is taken over." }),
    systemPrompt: systemTextSchema
      .optional()
      .meta({ description: "Stands in the place of Claude's own system prompt; an admin's only." }),
    appendSystemPrompt: systemTextSchema.optional(),
    allowedTools: toolNamesSchema.optional().meta({
      description: "Tools that run without asking. A chat token may name such that only look at files.",
    }),
    disallowedTools: toolNamesSchema.optional(),
    maxTurns: z.number().int().positive().max(100_000).optional(),
    maxBudgetUsd: z.number().positive().max(1_000_000).optional(),
  })
  .refine((wanted) => wanted.resume !== undefined || (!wanted.fork && wanted.resumeAt === undefined), {
    path: ["resume"],
    message: "must be given with fork or resumeAt",
  });
export type NewSession = z.infer<typeof newSessionSchema>;

export const sessionPatchSchema = z.object({
  title: titleSchema.optional(),
  model: modelSchema.nullable().optional(),
  permissionMode: permissionModeSchema.optional(),
  muted: z.boolean().optional(),
  autoKeepAlive: z.boolean().optional(),
});

/** Where a fork ends: after this message, or as the conversation is now. */
export const forkSchema = z.object({ atMessageId: uuidSchema.optional() });

/** A message before which the project's files are to be as they were; `dryRun` only counts. */
export const rewindSchema = z.object({ messageId: uuidSchema, dryRun: z.boolean().optional() });

export const rewindReportSchema = z.object({
  canRewind: z.boolean(),
  filesChanged: z.array(z.string()),
  insertions: z.number().int(),
  deletions: z.number().int(),
  detail: z.string().optional(),
});

export const contextUseSchema = z.object({
  model: z.string(),
  totalTokens: z.number(),
  maxTokens: z.number(),
  percentage: z.number(),
  categories: z.array(z.object({ name: z.string(), tokens: z.number() })),
});

/** What a keep-alive does: open the next lease term, or tell what the session was about. */
export const keepAliveActionSchema = z.enum(["extend", "recap"]);

export const leaseSchema = z
  .object({
    term: countSchema,
    startedAt: instantSchema,
    warnAt: instantSchema,
    expiresAt: instantSchema,
    warnedAt: instantSchema.optional(),
  })
  .meta({ id: "Lease" });

/** What was chosen for a session at its beginning, as clients see it. */
export const chosenOptionFields = {
  systemPrompt: z.string().optional().meta({ description: "In lists at most its first 1,000 characters." }),
  appendSystemPrompt: z
    .string()
    .optional()
    .meta({ description: "In lists at most its first 1,000 characters." }),
  allowedTools: z.array(z.string()).optional().meta({ description: "Tools that run without asking." }),
};

/** A session as clients see it. */
export const sessionSchema = z
  .object({
    sessionId: z.string(),
    projectPath: z.string(),
    title: z.string(),
    state: sessionStateSchema,
    model: z.string().nullable(),
    permissionMode: permissionModeSchema,
    createdAt: instantSchema,
    lastActivityAt: instantSchema,
    lease: leaseSchema,
    timeRemainingMs: durationMsSchema,
    turnCount: countSchema,
    queuedTurns: countSchema,
    lastSeq: countSchema,
    costUsd: z.number(),
    tokens: z.object({ input: countSchema, output: countSchema }),
    muted: z.boolean(),
    autoKeepAlive: z.boolean(),
    openPermissions: countSchema,
    readSeq: countSchema.meta({ description: "The owner has read up to this event, on any device." }),
    unread: countSchema.meta({ description: "Events beyond it that call for the owner." }),
    lastText: z
      .string()
      .optional()
      .meta({ description: "What Claude said last, at most 200 characters of it." }),
    lastError: failureSchema
      .extend({ at: instantSchema })
      .optional()
      .meta({ description: "Why the last turn failed, until another one is completed." }),
    turn: z
      .object({
        turnId: z.string(),
        origin: turnOriginSchema,
        startedAt: instantSchema,
        lastTool: z.string().optional(),
      })
      .optional()
      .meta({ description: "What runs now." }),
    runningTasks: countSchema.meta({ description: "Background work that outlives turns." }),
    ...chosenOptionFields,
    suggestedPrompts: suggestedPromptsSchema.meta({
      description: "What Claude proposes to say next; empty again with the next message.",
    }),
    context: contextFillSchema.optional().meta({ description: "Absent until a turn has ended." }),
    gitBranch: z.string().optional().meta({ description: "The branch of the project's repository." }),
    compacting: z.boolean().meta({ description: "The conversation is being summed up to make room." }),
    process: z
      .object({
        pid: z.number().int(),
        startedAt: instantSchema,
        rssBytes: z.number().meta({ description: "Memory of the CLI alone, which its limit is about." }),
        toolsRssBytes: z.number().meta({ description: "Memory of what it started: tools and MCP servers." }),
        cpuPercent: z.number(),
        processCount: countSchema,
      })
      .optional()
      .meta({ description: "Absent while the session has no process." }),
  })
  .meta({ id: "Session", description: "A conversation with Claude in one project directory." });

/** What the pool holds. */
export const poolStatsFields = {
  totalSessions: countSchema,
  maxSessions: countSchema,
  maxSessionsLimitedBy: z.enum(limitReasons).optional().meta({
    description: "With `MAX_CONCURRENT_SESSIONS=auto`: what keeps `maxSessions` from being higher.",
  }),
  availableSlots: countSchema,
  queuedTurns: countSchema,
  memoryUsageBytes: z.number(),
  memoryLimitBytes: z.number(),
  cpuPercent: z.number(),
};

export const recapSchema = z
  .object({ text: z.string(), createdAt: instantSchema, turnCount: countSchema, cached: z.boolean() })
  .meta({ id: "Recap" });

/** The result of a keep-alive. */
export const keptAliveFields = {
  success: z.literal(true),
  sessionId: z.string(),
  extended: z.boolean(),
  expiresAt: instantSchema,
  recap: recapSchema.optional(),
};
