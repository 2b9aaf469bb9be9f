import { z } from "zod";

const lowerCase = (id: string): string => id.toLowerCase();

/** A UUID in letters of either size (RFC 9562, 4: read so, written in lower case). Apple's clients write them in capitals. */
export const uuidSchema = z.uuid().transform(lowerCase);

/** An id in a path. An id that does not exist is answered as missing, also when it is malformed. */
export const idSchema = z.string().min(1).max(200).transform(lowerCase);

/** An id that may be another program's, whose letters count, or a UUID, whose do not. */
export const anyIdSchema = z
  .string()
  .min(1)
  .max(200)
  .transform((id) => (uuidSchema.safeParse(id).success ? lowerCase(id) : id));
