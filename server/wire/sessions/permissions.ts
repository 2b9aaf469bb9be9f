import { z } from "zod";
import { type Permission, permissionKinds, permissionScopes } from "../../domain/sessions/permission.ts";
import { instantSchema } from "../instants.ts";
import { textSchema } from "../text.ts";
import { agentSchema } from "./agents.ts";

/** Deeper than any tool's input, and not so deep that a client's parser could fail on it. */
const maxInputDepth = 32;
/** Largest input that is edited by hand: as long as a message. */
const maxInputBytes = 256 * 1024;

/** The input that a tool gets instead of its own: JSON that every part of the way reads in the same way. */
const toolInputSchema = z
  .record(z.string(), z.unknown())
  // Stops here, because an input that is nested too deeply cannot even be measured.
  .refine((input) => isPlain(input, maxInputDepth), {
    message: "must be JSON of whole characters, not nested too deeply",
    abort: true,
  })
  .refine(
    (input) => Buffer.byteLength(JSON.stringify(input)) <= maxInputBytes,
    "must not be larger than 256 KB",
  );

function isPlain(value: unknown, depthLeft: number): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  if (depthLeft === 0) return false;
  return Object.entries(value).every(([key, one]) => key.isWellFormed() && isPlain(one, depthLeft - 1));
}

/** An answer to a permission, a question or a plan, whether it comes as a POST or as a frame. */
export const permissionAnswerFields = {
  decision: z.enum(["allow", "deny"]),
  message: textSchema.max(10_000).optional(),
  updatedInput: toolInputSchema.optional(),
  scope: z.enum(permissionScopes).optional(),
  answers: z.record(textSchema, textSchema).optional(),
};

/** What Claude asks, as it is told when it asks. */
export const openPermissionSchema = z.object({
  permissionId: z.string(),
  sessionId: z.string(),
  turnId: z.string(),
  kind: z.enum(permissionKinds),
  agent: agentSchema.optional().meta({
    description: "The subagent that asks. Its turn is the one that started it, and may have ended.",
  }),
  toolName: z.string(),
  title: z.string(),
  description: z.string().optional(),
  input: z.record(z.string(), z.unknown()),
  plan: z.string().optional(),
  questions: z.array(z.unknown()).optional(),
  suggestions: z.array(z.unknown()),
  requestedAt: instantSchema,
  expiresAt: instantSchema,
});

export const permissionSchema = openPermissionSchema
  .extend({
    state: z.enum(["open", "resolved", "expired"]),
    decision: z
      .object({
        decision: z.enum(["allow", "deny"]),
        message: z.string().optional(),
        updatedInput: z.record(z.string(), z.unknown()).optional(),
        scope: z.enum(permissionScopes).optional(),
        answers: z.record(z.string(), z.string()).optional(),
      })
      .optional(),
  })
  .meta({ id: "Permission" }) satisfies z.ZodType<Permission>;

export const permissionAnsweredSchema = z.object({
  permissionId: z.string(),
  state: z.literal("resolved"),
  decision: z.enum(["allow", "deny"]),
  scope: z.enum(permissionScopes).meta({
    description: "How long it holds in truth: once, where Claude suggested no rule that could hold longer.",
  }),
});
