import { z } from "zod";
import { countSchema, instantSchema } from "./instants.ts";

const sum = {
  costUsd: z.number(),
  tokens: z.object({ input: countSchema, output: countSchema }),
  turns: countSchema,
};

/** Days that are looked back, today included. */
export const usageDaysSchema = z.coerce.number().int().min(1).max(90).default(30);

/** Use of the plan, and cost by day, project and model. */
export const usageSchema = z
  .object({
    asOf: instantSchema.meta({ description: "Instant of the plan's figures." }),
    plan: z.object({
      available: z
        .boolean()
        .meta({ description: "False with an API key, and until Claude has told its plan." }),
      windows: z.array(
        z
          .object({
            id: z.string(),
            label: z.string(),
            utilizationPercent: z.number(),
            resetsAt: instantSchema.optional(),
          })
          .meta({ id: "PlanWindow" }),
      ),
    }),
    days: z.array(
      z.object({ day: z.string().meta({ description: "YYYY-MM-DD in the computer's time zone." }), ...sum }),
    ),
    byProject: z.array(z.object({ projectPath: z.string(), ...sum })),
    byModel: z.array(z.object({ model: z.string(), ...sum })),
  })
  .meta({ id: "UsageReport" });
