import { z } from "zod";
import type { LoggedEvent } from "../../../domain/delivery/event.ts";
import { DaylongError } from "../../../domain/errors.ts";
import { anyIdSchema, idSchema } from "../../../wire/ids.ts";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import { messageSchema } from "../../../wire/sessions/messages.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { invalidRequest } from "../../framework/problem.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";
import { maxPageChars } from "../sessions/events.ts";
import { transcriptLineOf } from "../sessions/transcriptLine.ts";

const sessionParams = z.object({ id: idSchema });
const messageView = (event: LoggedEvent) => {
  const spoken = transcriptLineOf(event);
  return spoken && { ...spoken, turnId: event.turnId, createdAt: event.at };
};

/** Routes of a session's transcript and of single messages. */
export function messageRoutes({ store, pool }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/messages",
      scope: "read",
      summary: "A page of the transcript, the newest message first.",
      params: sessionParams,
      query: z.object({ before: beforeSchema, limit: limitSchema(50, 200) }),
      refusals: errorSets.session,
      response: z.object({ messages: z.array(messageSchema), nextBefore: z.string().optional() }),
      handle({ params, query }) {
        pool.session(params.id);
        const before = query.before === undefined ? undefined : cursorOf(query.before);
        const events = store.events.transcript(params.id, before, query.limit, maxPageChars);
        const messages = events.map(messageView).filter((message) => message !== undefined);
        const last = events.at(-1);
        const hasMore = last !== undefined && store.events.transcript(params.id, last.cursor, 1).length > 0;
        return json({ messages, nextBefore: hasMore ? markOf(last.cursor) : undefined });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/messages/:messageId",
      scope: "read",
      summary: "The full text of a message: what a cut push leads to.",
      params: z.object({ messageId: anyIdSchema }),
      refusals: ["message_not_found"],
      response: messageSchema.extend({ sessionId: z.string().nullable() }),
      handle({ params }) {
        const event = store.events.message(params.messageId);
        const message = event && messageView(event);
        if (event === undefined || message === undefined) {
          throw new DaylongError("message_not_found", "There is no message with this id in the log.");
        }
        return json({ ...message, sessionId: event.sessionId });
      },
    }),
  ];
}

const markOf = (cursor: number): string => Buffer.from(`m${cursor}`).toString("base64url");

function cursorOf(mark: string): number {
  const match = /^m(\d{1,15})$/.exec(Buffer.from(mark, "base64url").toString("latin1"));
  if (match === null)
    throw invalidRequest([{ path: "before", message: "must be the nextBefore of an earlier page" }]);
  return Number(match[1]);
}
