import { z } from "zod";
import { usageDaysSchema, usageSchema } from "../../../wire/usage.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Use of the plan, and cost. */
export function usageRoutes({ pool }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/usage",
      scope: "read",
      isOfTheMoment: true,
      summary: "The plan's windows as last told, and cost and tokens by day, project and model.",
      query: z.object({ days: usageDaysSchema }),
      response: usageSchema,
      handle: async ({ query }) => json(await pool.usage(query.days)),
    }),
  ];
}
