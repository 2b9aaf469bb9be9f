import { z } from "zod";
import type { ProjectStanding } from "../domain/trust.ts";
import { countSchema, instantSchema } from "./instants.ts";

const standingSchema = z.enum(["plain", "untrusted", "trusted"]).meta({
  description: "Whether the project's own settings act: there are none, the owner has not said so, or has.",
}) satisfies z.ZodType<ProjectStanding>;

/** A directory Claude can work in. */
export const projectSchema = z
  .object({
    projectId: z.string(),
    path: z.string(),
    name: z.string(),
    sessionCount: countSchema,
    lastActivityAt: instantSchema.nullable(),
    trust: standingSchema,
  })
  .meta({ id: "Project" });
