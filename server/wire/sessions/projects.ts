import { z } from "zod";
import { projectStandings } from "../../domain/sessions/trust.ts";
import { countSchema, instantSchema } from "../instants.ts";

const standingSchema = z.enum(projectStandings).meta({
  description:
    "Whether the project's own settings act: it brings none, the owner has not said so, what it says to Claude lies outside it, or the owner trusts it.",
});

/** A directory Claude can work in. */
export const projectSchema = z
  .object({
    projectId: z.string(),
    path: z.string(),
    name: z.string(),
    sessionCount: countSchema,
    lastActivityAt: instantSchema.nullable(),
    trust: standingSchema,
    rules: z
      .array(z.string())
      .meta({ description: "What was answered with “always”, in Claude's own notation." }),
  })
  .meta({ id: "Project" });
