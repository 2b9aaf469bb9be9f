import { z } from "zod";
import { type Permission, permissionKinds, permissionScopes } from "../domain/permission.ts";
import { instantSchema } from "./instants.ts";
import { textSchema } from "./text.ts";

/** An answer to a permission, a question or a plan, whether it comes as a POST or as a frame. */
export const permissionAnswerFields = {
  decision: z.enum(["allow", "deny"]),
  message: textSchema.max(10_000).optional(),
  updatedInput: z.record(z.string(), z.unknown()).optional(),
  scope: z.enum(permissionScopes).optional(),
  answers: z.record(textSchema, textSchema).optional(),
};

/** What Claude asks, as it is told when it asks. */
export const openPermissionSchema = z.object({
  permissionId: z.string(),
  sessionId: z.string(),
  turnId: z.string(),
  kind: z.enum(permissionKinds),
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
});
