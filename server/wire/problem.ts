import { z } from "zod";
import { errorCodeSchema } from "./sessions/turns.ts";

/** An error as RFC 9457 has it; `code` is of the one catalogue and is what clients branch on. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: errorCodeSchema,
    detail: z.string(),
    requestId: z.string(),
    retryAfterMs: z.number().int().nonnegative().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

/** The same error as tools that speak OpenAI's protocol read it, under `/v1` and `/stats`. */
export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: errorCodeSchema,
    }),
  })
  .meta({ id: "OpenAiError" });
export type OpenAiError = z.infer<typeof openAiErrorSchema>;
