import { z } from "zod";
import { type Form, formFieldTypes, formFormats } from "../../domain/sessions/form.ts";
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

/** The value of a form's field. */
const formValueSchema = z.union([textSchema, z.number(), z.boolean(), z.array(textSchema).max(1_000)]);

export const formSchema = z
  .object({
    message: z.string(),
    server: z.string().optional(),
    url: z.string().optional().meta({
      description: "An https address to open; the server does not fetch it. allow says that it was opened.",
    }),
    fields: z.array(
      z.object({
        name: z.string(),
        label: z.string(),
        description: z.string().optional(),
        type: z.enum(formFieldTypes),
        options: z.array(z.object({ value: z.string(), label: z.string() })).optional(),
        required: z.boolean(),
        default: formValueSchema.optional(),
        min: z.number().optional(),
        max: z
          .number()
          .optional()
          .meta({ description: "Of a text its length in characters, of choices how many." }),
        format: z.enum(formFormats).optional(),
      }),
    ),
  })
  .meta({
    id: "Form",
    description: "What an MCP server asks a person to fill in.",
  }) satisfies z.ZodType<Form>;

/** An answer to a permission, a question or a plan, whether it comes as a POST or as a frame. */
export const permissionAnswerFields = {
  decision: z.enum(["allow", "deny"]),
  message: textSchema.max(10_000).optional(),
  updatedInput: toolInputSchema.optional(),
  scope: z.enum(permissionScopes).optional(),
  answers: z.record(textSchema, formValueSchema).optional(),
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
  toolUseId: z.string().optional(),
  title: z
    .string()
    .meta({ description: "One line; control, bidirectional and invisible characters are escapes." }),
  description: z.string().optional(),
  server: z.string().optional().meta({ description: "The MCP server whose tool, or whose form, it is." }),
  input: z.record(z.string(), z.unknown()),
  plan: z.string().optional(),
  questions: z.array(z.unknown()).optional(),
  suggestions: z.array(z.unknown()),
  form: formSchema.optional(),
  scopes: z.array(z.enum(permissionScopes)).meta({ description: "How long an allow can hold." }),
  lookFirst: z.boolean().meta({
    description:
      "Not to be allowed by its title alone: something is hidden or cut, or Claude's own default is no.",
  }),
  truncated: z.boolean().meta({ description: "The title does not show all that would be done." }),
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
        answers: z.record(z.string(), formValueSchema).optional(),
      })
      .optional(),
  })
  .meta({ id: "Permission" }) satisfies z.ZodType<Permission>;

export const permissionAnsweredSchema = z.object({
  permissionId: z.string(),
  state: z.literal("resolved"),
  decision: z.enum(["allow", "deny"]),
  scope: z.enum(permissionScopes).meta({ description: "How long it holds." }),
});
