import { z } from "zod";

/** A whole number in a query string; fifteen digits are exact in a double. */
export const wholeNumberSchema = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number")
  .transform(Number)
  .meta({ type: "integer", minimum: 0 });

/** How many rows a page may have: `fallback` when not said, never more than `most`. A page without rows is refused. */
export const limitSchema = (fallback: number, most: number) =>
  wholeNumberSchema
    .refine((limit) => limit >= 1, "must be at least 1")
    .optional()
    .transform((limit) => Math.min(limit ?? fallback, most))
    .meta({
      type: "integer",
      minimum: 1,
      description: `How many at most; ${fallback} when not said, never more than ${most}.`,
    });

/** The opaque `nextBefore` of an earlier page. */
export const beforeSchema = z.string().min(1).max(300).optional();
