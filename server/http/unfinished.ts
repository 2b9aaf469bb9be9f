import { z } from "zod";
import { DaylongError } from "../domain/errors.ts";
import { idSchema } from "../wire/paging.ts";
import { defineRoute, type Method, type Route, type RouteScope } from "./route.ts";

/** The refusal of what the contract names and this version cannot do. */
export const notImplemented = (what: string): DaylongError =>
  new DaylongError("not_implemented", `${what}: this version of the server cannot do it yet.`);

const unfinished: ReadonlyArray<[Method, string, RouteScope, string]> = [
  ["PUT", "/api/sessions/:id/live-activity", "chat", "Live Activities"],
  ["DELETE", "/api/sessions/:id/live-activity", "chat", "Live Activities"],
];

/** Routes of the contract that are still to come: they say so, after the same checks as every other route. */
export const unfinishedRoutes: Route[] = unfinished.map(([method, path, scope, what]) =>
  defineRoute({
    method,
    path,
    scope,
    summary: `${what} (not implemented yet).`,
    params: z.object(Object.fromEntries([...path.matchAll(/:(\w+)/g)].map((match) => [match[1], idSchema]))),
    response: z.unknown(),
    handle() {
      throw notImplemented(what);
    },
  }),
);
