import { DaylongError } from "./errors.ts";

/** Where a page of rows ended: the sort key of its last row. */
export type PageCursor = readonly [at: number, id: string];

/** The cursor as the opaque `nextBefore` of an answer. */
export const encodePageCursor = (cursor: readonly (number | string)[]): string =>
  Buffer.from(JSON.stringify(cursor)).toString("base64url");

/**
 * The cursor in a caller's `before`, as `read` makes it of the decoded JSON. Throws `invalid_request` when that is not JSON
 * or when `read` returns `undefined`.
 */
export function decodeCursor<Cursor>(before: string, read: (decoded: unknown) => Cursor | undefined): Cursor {
  let cursor: Cursor | undefined;
  try {
    cursor = read(JSON.parse(Buffer.from(before, "base64url").toString("utf8")));
  } catch (error) {
    throw badCursor(error);
  }
  if (cursor === undefined) throw badCursor();
  return cursor;
}

/** The cursor of rows that are ordered by a number and an id. Throws `invalid_request`. */
export const decodePageCursor = (before: string): PageCursor => decodeCursor(before, rowCursor);

function rowCursor(decoded: unknown): PageCursor | undefined {
  if (!Array.isArray(decoded) || decoded.length !== 2) return undefined;
  const [at, id] = decoded as unknown[];
  return Number.isSafeInteger(at) && typeof id === "string" ? [at as number, id] : undefined;
}

/** The error for a `before` that names no page. */
export function badCursor(cause?: unknown): DaylongError {
  const message = "must be the nextBefore of an earlier page";
  return new DaylongError("invalid_request", `before ${message}.`, {
    cause,
    faults: [{ path: "before", message }],
  });
}

/** Cuts rows fetched with one more than `limit` to a page; `nextBefore` is the cursor of its last row when there are more. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => PageCursor,
): { rows: Row[]; nextBefore?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: page };
  return { rows: page, nextBefore: encodePageCursor(cursorOf(last)) };
}
