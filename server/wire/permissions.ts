import { z } from "zod";
import { permissionScopes } from "../domain/permission.ts";
import { textSchema } from "./text.ts";

/** An answer to a permission, a question or a plan, whether it comes as a POST or as a frame. */
export const permissionAnswerFields = {
  decision: z.enum(["allow", "deny"]),
  message: textSchema.max(10_000).optional(),
  updatedInput: z.record(z.string(), z.unknown()).optional(),
  scope: z.enum(permissionScopes).optional(),
  answers: z.record(textSchema, textSchema).optional(),
};
