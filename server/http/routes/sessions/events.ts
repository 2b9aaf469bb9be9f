import { z } from "zod";
import { resumePoint } from "../../../delivery/sockets/resumePoint.ts";
import type { LoggedEvent } from "../../../domain/delivery/event.ts";
import type { Clock, Store } from "../../../domain/ports.ts";
import { loggedEventSchema } from "../../../wire/delivery/events.ts";
import { anyIdSchema, idSchema } from "../../../wire/ids.ts";
import { countSchema, cursorSchema } from "../../../wire/instants.ts";
import { limitSchema, wholeNumberSchema } from "../../../wire/paging.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { waitWhilePaired } from "../../framework/authorise.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { longestWaitSeconds } from "../../framework/preferHeader.ts";
import { invalidRequest } from "../../framework/problem.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Longest long poll. */
const maxPollSeconds = 60;

/** Most characters of an answer, below any `limit`, unless it is one event: a thousand long replies are no page. */
export const maxPageChars = 4 * 1024 * 1024;

/** The event log over plain HTTP, with long polling. */
export function eventRoutes(parts: HttpDependencies): Route[] {
  const { store, pool, access, acknowledge, beginPoll } = parts;
  const { events } = store;

  return [
    defineRoute({
      method: "GET",
      path: "/api/events",
      scope: "read",
      summary: "Events after a cursor; with wait, held open until there are some.",
      query: z.object({
        after: wholeNumberSchema.optional(),
        epoch: anyIdSchema.optional(),
        limit: limitSchema(100, 1000),
        wait: z
          .string()
          .regex(/^\d{1,6}(\.\d{1,3})?$/, "must be a number of seconds")
          .transform(Number)
          .optional(),
      }),
      response: z.object({
        epoch: z.string(),
        events: z.array(loggedEventSchema),
        cursor: cursorSchema,
        recovered: z.boolean(),
      }),
      async handle({ query, caller, isForwarded, gone }) {
        const { deviceId } = caller;
        const { cursor: after, recovered } = resumePoint({
          cursor: query.after,
          epoch: query.epoch,
          ackedCursor: store.devices.get(deviceId)?.ackedCursor ?? null,
          log: { epoch: events.epoch, tip: events.tip(), floor: events.floor() },
        });
        if (!recovered) {
          return json({ epoch: events.epoch, events: [], cursor: events.tip(), recovered: false });
        }
        const endPoll = beginPoll(deviceId);
        try {
          // Asking for what comes after is the word that everything before has arrived.
          if (query.after !== undefined) acknowledge(deviceId, after);
          const waitSeconds = Math.min(query.wait ?? 0, longestWaitSeconds(isForwarded, maxPollSeconds));
          const wanted = { after, limit: query.limit, waitMs: waitSeconds * 1_000 };
          const found = await waitWhilePaired({ access, caller, gone }, (over) =>
            eventsAfter(parts, { ...wanted, over }),
          );
          const cursor = found.at(-1)?.cursor ?? after;
          return json({ epoch: events.epoch, events: found, cursor, recovered: true });
        } finally {
          endPoll();
        }
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/events/ack",
      scope: "read",
      summary: "Say that the device holds everything up to a cursor.",
      body: z.object({ cursor: cursorSchema }),
      response: z.object({ cursor: cursorSchema }),
      handle({ body, caller }) {
        const tip = events.tip();
        if (body.cursor > tip) {
          throw invalidRequest([{ path: "cursor", message: `is beyond the end of the log, ${tip}` }]);
        }
        return json({ cursor: acknowledge(caller.deviceId, body.cursor) });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/events",
      scope: "read",
      summary: "A session's events after a sequence number.",
      params: z.object({ id: idSchema }),
      query: z.object({ after: wholeNumberSchema.default(0), limit: limitSchema(100, 1000) }),
      refusals: errorSets.session,
      response: z.object({ events: z.array(loggedEventSchema), lastSeq: countSchema }),
      handle({ params, query }) {
        const { lastSeq } = pool.session(params.id);
        return json({ events: events.ofSession(params.id, query.after, query.limit, maxPageChars), lastSeq });
      },
    }),
  ];
}

/** The events after a cursor, waited for up to `waitMs` when there are none yet. */
async function eventsAfter(
  { store, clock }: { store: Store; clock: Clock },
  wanted: { after: number; limit: number; waitMs: number; over: AbortSignal },
): Promise<LoggedEvent[]> {
  const found = store.events.after(wanted.after, wanted.limit, maxPageChars);
  if (found.length > 0 || wanted.waitMs === 0 || wanted.over.aborted) return found;
  // Nothing can be committed between the look above and the subscription: both happen in one go.
  await new Promise<void>((resolve) => {
    const unsubscribe = store.events.subscribe(finish);
    const cancelTimer = clock.after(wanted.waitMs, finish);
    wanted.over.addEventListener("abort", finish);
    function finish(): void {
      unsubscribe();
      cancelTimer();
      wanted.over.removeEventListener("abort", finish);
      resolve();
    }
  });
  return store.events.after(wanted.after, wanted.limit, maxPageChars);
}
