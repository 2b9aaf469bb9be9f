import type { Readable } from "node:stream";
import type { Request, Response, Router } from "express";
import type { z } from "zod";
import type { Caller, Scope } from "../../domain/delivery/device.ts";
import { DaylongError, type ErrorCode, type FieldFault } from "../../domain/errors.ts";
import { withoutAbsentNulls } from "../../wire/absentNulls.ts";
import { faultsOf, invalidRequest } from "./problem.ts";
import { type DocumentedResponse, documentedResponses, type ResponseSchemas } from "./responseSchemas.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** The scope a token needs; `open` needs none, and a valid token is recognised all the same. */
export type RouteScope = Scope | "open";

/** The answer of a route. Lines are sent as `application/x-ndjson`, as fast as the client takes them. */
export type Answer =
  | { kind: "json"; status: number; body: unknown; headers?: Record<string, string> }
  | { kind: "page"; html: string; headers?: Record<string, string> }
  /** Anything else that is there as a whole. */
  | { kind: "content"; mediaType: string; content: string | Buffer; headers?: Record<string, string> }
  /** `isLive`: what waits for further lines; each is sent at once, and nothing is held in memory between them. */
  | { kind: "lines"; lines: Iterable<unknown> | AsyncIterable<unknown>; isLive?: boolean }
  /** Frames of server-sent events, as fast as the client takes them; `close` is called once, also when sending fails. */
  | { kind: "sse"; frames: AsyncIterable<string>; close(): void; headers?: Record<string, string> };

export const json = (body: unknown, status = 200, headers?: Record<string, string>): Answer => ({
  kind: "json",
  status,
  body,
  headers,
});

/** What every route is given besides its own input. */
export interface RequestFacts<C> {
  caller: C;
  requestId: string;
  /** Of the socket; a proxy's own when there is one in front. */
  address: string;
  header(name: string): string | undefined;
  /** It came through a proxy, which may not wait as long as the client would. */
  isForwarded: boolean;
  /** Aborted when the client goes away or the server stops: a route that waits ends then. */
  gone: AbortSignal;
  /** The body as it comes, for a route that takes bytes. */
  bytes: Readable;
  /** Sets a header of the answer, also of a refusal. */
  setHeader(name: string, value: string): void;
  /** Sends an interim answer at once (RFC 9110, 15.2), to clients that know such. */
  inform(status: string, headers: Readonly<Record<string, string>>): void;
}

type CallerOf<S extends RouteScope> = S extends "open" ? Caller | undefined : Caller;
type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface RouteDefinition<S extends RouteScope, P, Q, B> {
  method: Method;
  /** As in express: `/api/sessions/:id`. */
  path: string;
  scope: S;
  summary: string;
  params?: P;
  query?: Q;
  /** Absent: a body that is sent all the same is ignored. */
  body?: B;
  /** Request headers that mean something here, and what. */
  headers?: Readonly<Record<string, string>>;
  /** What it answers when all is well; the API document and the tests hold it to that. */
  response: ResponseSchemas;
  /** Codes it may refuse with, besides those that every route of its kind has. */
  refusals?: readonly ErrorCode[];
  /** Largest body; 1 MB when not said. */
  maxBodyBytes?: number;
  /** The body is a file of any type: it is not read before, but by the route itself, from `bytes`. */
  takesBytes?: boolean;
  /** It tells of nothing that was committed: it answers also while the disk does not. */
  isOfTheMoment?: boolean;
  /** It may revoke its own caller, which is answered all the same. */
  mayEndCaller?: boolean;
  handle(
    input: { params: Parsed<P>; query: Parsed<Q>; body: Parsed<B> } & RequestFacts<CallerOf<S>>,
  ): Answer | Promise<Answer>;
}

/** A request before zod has seen it. */
export interface RawInput extends RequestFacts<Caller | undefined> {
  params: unknown;
  query: unknown;
  body: unknown;
}

/** A route of the table; what it says of itself is enough to document it. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly scope: RouteScope;
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly headers: Readonly<Record<string, string>>;
  readonly responses: readonly DocumentedResponse[];
  readonly refusals: readonly ErrorCode[];
  readonly maxBodyBytes: number;
  readonly takesBytes: boolean;
  readonly isOfTheMoment: boolean;
  readonly mayEndCaller: boolean;
  /** Validates, then handles. Throws `invalid_request` with every fault of the request. */
  answer(input: RawInput): Promise<Answer>;
}

/** Largest body of a route that does not say otherwise (docs/api.md, General rules: 413 beyond). */
const defaultMaxBodyBytes = 1024 * 1024;

/** Describes one route; its input types follow from its schemas. */
export function defineRoute<
  S extends RouteScope,
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: RouteDefinition<S, P, Q, B>): Route {
  const { method, path, scope, summary } = definition;
  const { params, query, body } = definition;
  return {
    method,
    path,
    scope,
    summary,
    params,
    query,
    body,
    headers: definition.headers ?? {},
    responses: documentedResponses(definition.response),
    refusals: definition.refusals ?? [],
    maxBodyBytes: definition.maxBodyBytes ?? defaultMaxBodyBytes,
    takesBytes: definition.takesBytes ?? false,
    isOfTheMoment: definition.isOfTheMoment ?? false,
    mayEndCaller: definition.mayEndCaller ?? false,
    async answer(input) {
      const faults: FieldFault[] = [];
      const parsed = {
        params: parse(params as P, input.params, faults),
        query: parse(query as Q, input.query, faults),
        // No body means no fields: the missing ones are named field by field.
        body: parse(body as B, input.body === undefined ? {} : input.body, faults),
      };
      if (faults.length > 0) throw invalidRequest(faults);
      if (scope !== "open" && input.caller === undefined)
        throw new Error(`${path} was reached without a caller.`);
      return definition.handle({ ...input, ...parsed, caller: input.caller as CallerOf<S> });
    },
  };
}

function parse<T extends z.ZodType | undefined>(schema: T, value: unknown, faults: FieldFault[]): Parsed<T> {
  if (schema === undefined) return undefined as Parsed<T>;
  const result = schema.safeParse(withoutAbsentNulls(schema, value));
  if (!result.success) faults.push(...faultsOf(result.error));
  // With faults the value is not used.
  return result.data as Parsed<T>;
}

/** Puts a table of routes on a router: 405 with `Allow` for a known path, 404 for any other. */
export function mountRoutes(
  router: Router,
  routes: readonly Route[],
  run: (route: Route, request: Request, response: Response) => Promise<void>,
): void {
  const byPath = new Map<string, Route[]>();
  for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);
  for (const path of [...byPath.keys()].sort(bySpecificity)) {
    const here = byPath.get(path) ?? [];
    const point = router.route(path);
    for (const route of here) {
      point[verbOf(route.method)]((request: Request, response: Response) => run(route, request, response));
    }
    const allow = allowed(here);
    point.all((request: Request, response: Response) => {
      response.setHeader("Allow", allow);
      if (request.method === "OPTIONS") {
        response.status(204).end();
        return;
      }
      throw new DaylongError("method_not_allowed", `This address takes ${allow}.`);
    });
  }
  router.use(() => {
    throw new DaylongError(
      "not_found",
      "There is nothing at this address. GET /api/docs lists what there is.",
    );
  });
}

const verbs = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const;
const verbOf = (method: Method) => verbs[method];

const allowed = (routes: readonly Route[]): string =>
  [...new Set(routes.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method])))].join(
    ", ",
  );

/** A named segment comes before a parameter in its place: `/api/sessions/active` is no session's id. */
function bySpecificity(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  for (const [index, segment] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = Number(segment.startsWith(":")) - Number(other.startsWith(":"));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
