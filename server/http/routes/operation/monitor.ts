import { z } from "zod";
import { decodeCursor, encodePageCursor } from "../../../domain/pageCursor.ts";
import { deliveryLogSchema } from "../../../wire/delivery/devices.ts";
import { loggedEventSchema } from "../../../wire/delivery/events.ts";
import { resourceHistorySchema } from "../../../wire/metrics.ts";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const lifecycleCursor = (decoded: unknown): number | undefined =>
  Array.isArray(decoded) && Number.isSafeInteger(decoded[0]) ? (decoded[0] as number) : undefined;

/** What the monitor shows besides the figures: samples of the last minutes, the lifecycle log, every device's pushes. */
export function monitorRoutes({ pool, store, access }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/metrics/history",
      scope: "read",
      isOfTheMoment: true,
      summary: "Memory and CPU of the last ten minutes, of the pool and of each session that has a process.",
      response: resourceHistorySchema,
      handle: () => json(pool.resourceHistory()),
    }),
    defineRoute({
      method: "GET",
      path: "/api/lifecycle",
      scope: "read",
      summary: "What happened to sessions, processes and devices, newest first; nothing of what was said.",
      query: z.object({ before: beforeSchema, limit: limitSchema(50, 200) }),
      response: z.object({ events: z.array(loggedEventSchema), nextBefore: z.string().optional() }),
      handle({ query }) {
        const before = query.before === undefined ? undefined : decodeCursor(query.before, lifecycleCursor);
        const found = store.events.lifecycle(before, query.limit + 1);
        const events = found.slice(0, query.limit);
        const last = events.at(-1);
        if (found.length <= query.limit || last === undefined) return json({ events });
        return json({ events, nextBefore: encodePageCursor([last.cursor]) });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/deliveries",
      scope: "admin",
      summary: "What became of the newest pushes of all devices.",
      query: z.object({ limit: limitSchema(50, 200) }),
      response: z.object({ deliveries: z.array(deliveryLogSchema) }),
      handle({ query }) {
        const names = new Map(access.list().map(({ deviceId, name }) => [deviceId, name]));
        const deliveries = store.outbox.newest(query.limit).map((delivery) => ({
          deliveryId: delivery.deliveryId,
          deviceId: delivery.deviceId,
          deviceName: names.get(delivery.deviceId) ?? "revoked",
          createdAt: delivery.createdAt,
          cursor: delivery.cursor,
          kind: delivery.kind,
          state: delivery.state,
          attempts: delivery.attempts,
          ...(delivery.nextAttemptAt === null ? {} : { nextAttemptAt: delivery.nextAttemptAt }),
        }));
        return json({ deliveries });
      },
    }),
  ];
}
