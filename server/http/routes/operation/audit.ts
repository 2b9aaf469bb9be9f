import { z } from "zod";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** The audit log: which device changed what. */
export const auditRoutes = ({ store }: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/audit",
    scope: "admin",
    summary: "State changes by devices, newest first.",
    query: z.object({ before: beforeSchema, limit: limitSchema(100, 500) }),
    response: z.object({
      entries: z.array(
        z.object({
          at: z.number(),
          deviceId: z.string(),
          action: z.string(),
          target: z.string(),
          detail: z.string(),
        }),
      ),
      nextBefore: z.string().optional(),
    }),
    handle: ({ query }) => json(store.audit.list(query.before, query.limit)),
  }),
];
