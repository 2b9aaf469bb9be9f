import { z } from "zod";
import { permissionModeSchema } from "./sessions.ts";

/** What a session may be set to. */
export const modelsSchema = z.object({
  models: z.array(z.object({ id: z.string(), name: z.string(), description: z.string() })),
  /** The model of sessions that name none, where the owner has set one. */
  default: z.string().nullable(),
  modes: z.array(permissionModeSchema),
});
