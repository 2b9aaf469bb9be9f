import type { z } from "zod";
import { invalidRequest } from "./problem.ts";

/** Where a page ended, as the opaque `nextBefore` of an answer. */
export const encodePageCursor = (mark: unknown): string =>
  Buffer.from(JSON.stringify(mark)).toString("base64url");

/** The mark in a caller's `before`. Throws `invalid_request` for anything that is not one of ours. */
export function decodePageCursor<T extends z.ZodType>(before: string, schema: T): z.output<T> {
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(before, "base64url").toString("utf8")));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: no mark of ours either.
  }
  throw invalidRequest([{ path: "before", message: "must be the nextBefore of an earlier page" }]);
}
