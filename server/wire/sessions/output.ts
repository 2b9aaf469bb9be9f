import { z } from "zod";

export const outputQuerySchema = z.object({
  /** Goes on with later lines as they come, until the session is closed or has expired. */
  follow: z
    .enum(["true", "false", "1", "0"])
    .optional()
    .transform((value) => value === "true" || value === "1"),
});
