import { z } from "zod";

/** A success that is not one JSON document, or not only: its media type, and what it consists of. */
export interface MediaResponse {
  mediaType: string;
  /** Of the whole, or of each line or event of a stream. */
  schema: z.ZodType;
}

/**
 * What a route answers when all is well: a lone schema is the JSON of a 200; else by status. Refusals are problem
 * documents everywhere and need no word here.
 */
export type ResponseSchemas =
  | z.ZodType
  | Readonly<Record<number, z.ZodType | MediaResponse | ReadonlyArray<z.ZodType | MediaResponse>>>;

/** One success of a route, as the documents name it. */
export interface DocumentedResponse extends MediaResponse {
  status: number;
}

const isSchema = (response: object): response is z.ZodType => response instanceof z.ZodType;

/** The successes of a route, one row per status and media type. */
export function documentedResponses(response: ResponseSchemas): DocumentedResponse[] {
  if (isSchema(response)) return documentedResponses({ 200: response });
  return Object.entries(response).flatMap(([status, described]) =>
    (Array.isArray(described) ? described : [described]).map((one: z.ZodType | MediaResponse) => ({
      status: Number(status),
      ...(isSchema(one) ? { mediaType: "application/json", schema: one } : one),
    })),
  );
}

/** A page for browsers. */
export const htmlResponse: MediaResponse = { mediaType: "text/html", schema: z.string() };

/** JSON documents, one a line. */
export const linesResponse = (line: z.ZodType): MediaResponse => ({
  mediaType: "application/x-ndjson",
  schema: line,
});
