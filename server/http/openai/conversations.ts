import { z } from "zod";
import type { NamedConversation } from "../../domain/sessions/conversation.ts";
import {
  conversationDeletedSchema,
  conversationIdSchema,
  conversationListSchema,
  conversationSchema,
  conversationSessionSchema,
} from "../../wire/openai/conversations.ts";
import { statsSchema } from "../../wire/openai/stats.ts";
import { limitSchema } from "../../wire/paging.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { defineRoute, json, type Route } from "../framework/route.ts";
import { conversationView } from "./responseShapes.ts";
import { conversationNotFound } from "./startCompletion.ts";

/** Messages of a conversation that are shown with it. */
const shownMessages = 200;

const params = z.object({ id: conversationIdSchema });

/** Conversations and figures, in OpenAI's shapes. */
export function conversationRoutes({ store, pool, metrics }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/v1/conversations",
      scope: "read",
      summary: "The conversations, the newest first; after takes the last_id of the page before.",
      query: z.object({ limit: limitSchema(50, 200), after: conversationIdSchema.optional() }),
      response: conversationListSchema,
      handle({ query }) {
        const found = store.conversations.list(query.after, query.limit + 1);
        const data = found.slice(0, query.limit).map(view);
        return json({
          object: "list",
          data,
          first_id: data[0]?.id ?? null,
          last_id: data.at(-1)?.id ?? null,
          has_more: found.length > query.limit,
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/conversations/:id",
      scope: "read",
      summary: "A conversation and its latest messages, the oldest first.",
      params,
      refusals: ["conversation_not_found"],
      response: conversationSchema,
      handle({ params }) {
        const conversation = existing(params.id);
        const events = store.events.transcript(conversation.sessionId, undefined, shownMessages + 1);
        const messages = events.slice(0, shownMessages).flatMap((event) => {
          const created_at = Math.floor(event.at / 1_000);
          if (event.type === "turn.accepted")
            return [{ id: event.data.messageId, role: "user", content: event.data.message, created_at }];
          if (event.type === "message")
            return [{ id: event.data.messageId, role: "assistant", content: event.data.text, created_at }];
          return [];
        });
        return json({
          ...view(conversation),
          messages: messages.reverse(),
          has_earlier_messages: events.length > shownMessages,
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/sessions/:id",
      scope: "read",
      summary: "The session behind a conversation.",
      params,
      refusals: ["conversation_not_found"],
      response: conversationSessionSchema,
      handle({ params }) {
        const { conversationId, sessionId } = existing(params.id);
        return json({ conversation_id: conversationId, ...pool.session(sessionId) });
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/v1/sessions/:id",
      scope: "chat",
      summary: "Close a conversation's session; the next message under the name begins anew.",
      params,
      refusals: ["conversation_not_found"],
      response: conversationDeletedSchema,
      async handle({ params, caller }) {
        const { conversationId, sessionId } = existing(params.id);
        await pool.closeSession(sessionId, caller);
        return json({
          id: conversationId,
          object: "conversation.deleted",
          deleted: true,
          session_id: sessionId,
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/stats",
      scope: "read",
      summary: "How much is in use, and what happened since the server started.",
      response: statsSchema,
      handle() {
        const { totalSessions, maxSessions, sinceAt, turns, starts, ...rest } = metrics();
        const { availableSlots, queuedTurns, memoryUsageBytes, memoryLimitBytes, cpuPercent } = rest;
        const { wakes, crashes, recoveries, recycles, expiries } = rest;
        return json({
          activeSessions: totalSessions,
          maxConcurrentSessions: maxSessions,
          availableSlots,
          queuedTurns,
          memoryUsageBytes,
          memoryLimitBytes,
          cpuPercent,
          totals: { sinceAt, turns, starts, wakes, crashes, recoveries, recycles, expiries },
        });
      },
    }),
  ];

  function existing(conversationId: string): NamedConversation {
    const conversation = store.conversations.get(conversationId);
    if (conversation === undefined) throw conversationNotFound();
    return conversation;
  }

  function view(conversation: NamedConversation) {
    return conversationView(conversation, pool.session(conversation.sessionId));
  }
}
