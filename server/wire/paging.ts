import { z } from "zod";

/** A whole number in a query string; fifteen digits are exact in a double. */
export const wholeNumberSchema = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number")
  .transform(Number)
  .meta({ type: "integer", minimum: 0 });

/** How many rows a page may have: `fallback` when not said, never more than `most`. */
export const limitSchema = (fallback: number, most: number) =>
  wholeNumberSchema
    .optional()
    .transform((limit) => Math.min(Math.max(limit ?? fallback, 1), most))
    .meta({
      type: "integer",
      minimum: 0,
      description: `How many at most; ${fallback} when not said, never more than ${most}.`,
    });

/** The opaque `nextBefore` of an earlier page. */
export const beforeSchema = z.string().min(1).max(300).optional();

/** An id in a path: one that does not exist is answered as missing, whatever it looks like. */
export const idSchema = z
  .string()
  .min(1)
  .max(200)
  .transform((id) => id.toLowerCase());
