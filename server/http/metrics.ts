import { sessionMetricsSchema } from "../wire/metrics.ts";
import type { HttpParts } from "./parts.ts";
import { defineRoute, json, type Route } from "./route.ts";

/** Figures for whoever runs the server. */
export function metricsRoutes({ metrics }: HttpParts): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/metrics/sessions",
      scope: "read",
      summary: "What the pool holds now, and what happened since the server started.",
      response: sessionMetricsSchema,
      handle: () => json(metrics()),
    }),
  ];
}
