import { z } from "zod";
import { sessionIdSchema } from "../wire/chat.ts";
import { idSchema } from "../wire/paging.ts";
import { keepAliveActionSchema } from "../wire/sessions.ts";
import type { HttpParts } from "./parts.ts";
import { defineRoute, json, type Route } from "./route.ts";

/** Keeping sessions alive, stopping their processes, closing them. */
export function sessionControlRoutes({ pool }: HttpParts): Route[] {
  const closeSession = (path: string) =>
    defineRoute({
      method: "DELETE",
      path,
      scope: "chat",
      summary: "Close a session: its turns end, its process is gone.",
      params: z.object({ id: idSchema }),
      response: z.object({ success: z.literal(true), sessionId: z.string() }),
      async handle({ params, caller }) {
        await pool.closeSession(params.id, caller);
        return json({ success: true, sessionId: params.id });
      },
    });

  return [
    defineRoute({
      method: "POST",
      path: "/api/sessions/keep-alive",
      scope: "chat",
      summary: "Open the session's next lease term without a model turn, or ask for a recap.",
      body: z.object({ sessionId: sessionIdSchema, action: keepAliveActionSchema.default("extend") }),
      async handle({ body, caller }) {
        const { sessionId, action } = body;
        if (action === "extend") {
          const { lease } = pool.keepAlive(sessionId, caller);
          return json({ success: true, sessionId, extended: true, expiresAt: lease.expiresAt });
        }
        const recap = await pool.recap(sessionId);
        const { expiresAt } = pool.session(sessionId).lease;
        return json({ success: true, sessionId, extended: false, expiresAt, recap });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions/cancel",
      scope: "chat",
      summary: "Stop the process of one session, or of all; the sessions stay.",
      body: z.object({ sessionId: sessionIdSchema.optional() }),
      response: z.object({ cancelled: z.array(z.string()) }),
      handle: async ({ body, caller }) =>
        json({ cancelled: await pool.stopProcesses(body.sessionId, caller) }),
    }),
    closeSession("/api/sessions/:id"),
    closeSession("/api/sessions/interactive/:id"),
  ];
}
