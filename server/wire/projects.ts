import { z } from "zod";
import { countSchema, instantSchema } from "./instants.ts";

/** A directory Claude can work in. */
export const projectSchema = z
  .object({
    projectId: z.string(),
    path: z.string(),
    name: z.string(),
    sessionCount: countSchema,
    lastActivityAt: instantSchema.nullable(),
  })
  .meta({ id: "Project" });
