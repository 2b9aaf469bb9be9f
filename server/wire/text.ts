import { z } from "zod";

/**
 * Text that people or models wrote. JSON can carry half a character (an unpaired surrogate, such as a client makes by
 * cutting an emoji), UTF-8 cannot: it becomes U+FFFD here, so that the text that is kept, hashed and sent on is the same.
 */
export const textSchema = z.string().overwrite((text) => text.toWellFormed());

/**
 * Text that becomes an argument of a program, a variable of its environment or a path, none of which can hold NUL: a start
 * or a look at the file system would fail with words of the operating system's.
 */
export const argumentSchema = textSchema.refine(
  (text) => !text.includes("\0"),
  "must not hold a NUL character",
);

/** An id that the client chose. Mended, two of them could become one: half a character is a fault instead. */
export const chosenIdSchema = z
  .string()
  .refine((id) => id.isWellFormed(), "must not hold an unpaired surrogate");
