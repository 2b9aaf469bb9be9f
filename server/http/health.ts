import { z } from "zod";
import type { HttpParts } from "./parts.ts";
import { defineRoute, json, type Route } from "./route.ts";

/** Whether the server can do its work. */
export const healthRoutes = (parts: HttpParts): Route[] => [
  defineRoute({
    method: "GET",
    path: "/health",
    scope: "open",
    summary: "The state of the server; its parts are named only to holders of a token.",
    response: z.object({
      status: z.enum(["ok", "degraded", "failing"]),
      version: z.string(),
      uptimeMs: z.number(),
      checks: z.record(z.string(), z.object({ state: z.string(), detail: z.string().optional() })).optional(),
    }),
    async handle({ caller }) {
      const { status, checks } = await parts.health();
      const body = { status, version: parts.version, uptimeMs: parts.clock.now() - parts.startedAt };
      return json(caller === undefined ? body : { ...body, checks }, status === "failing" ? 503 : 200);
    },
  }),
];
