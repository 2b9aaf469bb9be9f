import { z } from "zod";
import { durationMsSchema } from "../../../wire/instants.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const checkSchema = z.object({ state: z.string(), detail: z.string().optional() });
const healthSchema = z
  .object({
    status: z.enum(["ok", "degraded", "failing"]),
    version: z.string(),
    uptimeMs: durationMsSchema,
    checks: z.record(z.string(), checkSchema).optional(),
  })
  .meta({ id: "Health" });

/** Whether the server can do its work. */
export const healthRoutes = (parts: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/health",
    scope: "open",
    isOfTheMoment: true,
    summary: "The state of the server; its parts are named only to holders of a token.",
    response: { 200: healthSchema, 503: healthSchema },
    async handle({ caller }) {
      const { status, checks } = await parts.health();
      const body = { status, version: parts.version, uptimeMs: parts.uptimeMs() };
      return json(caller === undefined ? body : { ...body, checks }, status === "failing" ? 503 : 200);
    },
  }),
];
