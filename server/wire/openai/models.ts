import { z } from "zod";
import { secondsSchema } from "../instants.ts";

export const modelSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    object: z.literal("model"),
    created: secondsSchema,
    owned_by: z.string(),
  })
  .meta({ id: "Model" });

export const modelListSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema) });
