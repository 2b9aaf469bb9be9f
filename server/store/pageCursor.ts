import { DaylongError } from "../domain/errors.ts";

/** Where a page ended: the sort key of its last row. */
export type PageCursor = readonly [at: number, id: string];

/** The mark as the opaque `nextBefore` of an answer. */
export function encodePageCursor(mark: PageCursor): string {
  return Buffer.from(JSON.stringify(mark)).toString("base64url");
}

/** The mark in a caller's `before`. Throws `invalid_request` for anything that is not one of ours. */
export function decodePageCursor(before: string): PageCursor {
  let mark: unknown;
  try {
    mark = JSON.parse(Buffer.from(before, "base64url").toString("utf8"));
  } catch (error) {
    throw badMark(error);
  }
  if (!Array.isArray(mark) || mark.length !== 2) throw badMark();
  const [at, id] = mark as unknown[];
  if (!Number.isSafeInteger(at) || typeof id !== "string") throw badMark();
  return [at as number, id];
}

function badMark(cause?: unknown): DaylongError {
  const message = "must be the nextBefore of an earlier page";
  return new DaylongError("invalid_request", `before ${message}.`, {
    cause,
    faults: [{ path: "before", message }],
  });
}

/** Cuts rows fetched with one more than `limit` to a page, and marks where the next one begins. */
export function pageOf<Row>(
  rows: Row[],
  limit: number,
  markOf: (row: Row) => PageCursor,
): { rows: Row[]; nextBefore?: string } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { rows: page };
  return { rows: page, nextBefore: encodePageCursor(markOf(last)) };
}
