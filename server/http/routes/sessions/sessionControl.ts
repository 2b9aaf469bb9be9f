import { z } from "zod";
import { idSchema } from "../../../wire/ids.ts";
import { sessionIdSchema } from "../../../wire/sessions/chat.ts";
import {
  contextUseSchema,
  forkSchema,
  keepAliveActionSchema,
  keptAliveFields,
  rewindReportSchema,
  rewindSchema,
  sessionSchema,
} from "../../../wire/sessions/sessions.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Keeping sessions alive, copying them, taking their files back, stopping their processes, closing them. */
export function sessionControlRoutes({ pool }: HttpDependencies): Route[] {
  const closeSession = (path: string) =>
    defineRoute({
      method: "DELETE",
      path,
      scope: "chat",
      summary:
        "Close a session: its turns end, its process is gone. With erase nothing of it is kept, for an admin Claude's transcript neither.",
      params: z.object({ id: idSchema }),
      query: z.object({ erase: z.enum(["true", "false"]).optional() }),
      refusals: [...errorSets.session, "conversation_held"],
      response: z.object({ success: z.literal(true), sessionId: z.string() }),
      async handle({ params, query, caller }) {
        if (query.erase === "true") await pool.eraseSession(params.id, caller);
        else await pool.closeSession(params.id, caller);
        return json({ success: true, sessionId: params.id });
      },
    });

  return [
    defineRoute({
      method: "POST",
      path: "/api/sessions/keep-alive",
      scope: "chat",
      summary:
        "Open the session's next lease term without a model turn; with the action recap after a recap of it.",
      body: z.object({ sessionId: sessionIdSchema, action: keepAliveActionSchema.default("extend") }),
      refusals: [
        ...errorSets.openSession,
        ...errorSets.process,
        ...errorSets.asked,
        "nothing_to_recap",
        "recap_failed",
      ],
      response: z.object(keptAliveFields),
      async handle({ body, caller }) {
        const { sessionId, action } = body;
        if (action === "extend") {
          const { lease } = pool.keepAlive(sessionId, caller);
          return json({ success: true, sessionId, extended: true, expiresAt: lease.expiresAt });
        }
        const recap = await pool.recap(sessionId);
        const { expiresAt } = pool.keepAlive(sessionId, caller).lease;
        return json({ success: true, sessionId, extended: true, expiresAt, recap });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions/cancel",
      scope: "chat",
      summary: "Stop the process of one session, or of all; the sessions stay.",
      body: z.object({ sessionId: sessionIdSchema.optional() }),
      refusals: errorSets.session,
      response: z.object({ cancelled: z.array(z.string()) }),
      handle: async ({ body, caller }) =>
        json({ cancelled: await pool.stopProcesses(body.sessionId, caller) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions/:id/fork",
      scope: "chat",
      summary: "A new session that begins as a copy of this one, up to a message or as it is now.",
      params: z.object({ id: idSchema }),
      body: forkSchema,
      refusals: [
        ...errorSets.openSession,
        ...errorSets.project,
        ...errorSets.allowances,
        "message_not_found",
        "session_busy",
        "shutting_down",
      ],
      response: { 201: sessionSchema },
      handle: async ({ params, body, caller }) =>
        json(await pool.forkSession(params.id, body.atMessageId, caller), 201),
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions/:id/rewind",
      scope: "chat",
      summary: "Take the project's files back to before a message, or count what that would change.",
      params: z.object({ id: idSchema }),
      body: rewindSchema,
      refusals: [
        ...errorSets.openSession,
        ...errorSets.project,
        ...errorSets.process,
        "message_not_found",
        "session_busy",
        "nothing_running",
        "conversation_lost",
      ],
      response: rewindReportSchema,
      handle: async ({ params, body, caller }) =>
        json(await pool.rewind(params.id, body.messageId, body.dryRun ?? false, caller)),
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/context",
      // A parked session is woken for it.
      scope: "chat",
      summary: "How full Claude's context window is.",
      params: z.object({ id: idSchema }),
      refusals: [
        ...errorSets.openSession,
        ...errorSets.project,
        ...errorSets.process,
        "session_busy",
        "nothing_running",
        "conversation_lost",
      ],
      response: contextUseSchema,
      handle: async ({ params }) => json(await pool.contextUse(params.id)),
    }),
    closeSession("/api/sessions/:id"),
    closeSession("/api/sessions/interactive/:id"),
  ];
}
