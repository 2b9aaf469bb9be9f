import { z } from "zod";
import { deliveryMetricsSchema, sessionMetricsSchema } from "../../../wire/metrics.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Metrics: figures of sessions as JSON, and all figures in Prometheus' format. */
export function metricsRoutes({ metrics, prometheus }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/metrics",
      scope: "read",
      isOfTheMoment: true,
      summary: "The same and more in Prometheus' format; scrape it with a token of the scope read.",
      response: { 200: { mediaType: "text/plain", schema: z.string() } },
      handle: async () => ({
        kind: "content",
        mediaType: prometheus.contentType,
        content: await prometheus.text(),
      }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/metrics/sessions",
      scope: "read",
      isOfTheMoment: true,
      summary: "What the pool holds now, and what happened since the server started.",
      response: sessionMetricsSchema,
      handle: () => json(metrics()),
    }),
    defineRoute({
      method: "GET",
      path: "/api/metrics/delivery",
      scope: "read",
      isOfTheMoment: true,
      summary:
        "How long events take to connections, acks and push services, and what got lost or came twice.",
      response: deliveryMetricsSchema,
      handle: () => json(prometheus.delivery()),
    }),
  ];
}
