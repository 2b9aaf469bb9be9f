import { z } from "zod";
import { DaylongError } from "../../../domain/errors.ts";
import { idSchema } from "../../../wire/ids.ts";
import { toolRecordSchema } from "../../../wire/sessions/history.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** The route of one use of a tool. */
export const toolRoutes = ({ store, pool, history }: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/sessions/:id/tools/:toolUseId",
    scope: "read",
    summary:
      "What a use of a tool was given and what came of it, those of subagents included; of an edit its diff.",
    params: z.object({ id: idSchema, toolUseId: z.string().regex(/^[\w-]{1,200}$/) }),
    refusals: [...errorSets.session, "tool_not_found", "history_unavailable"],
    response: toolRecordSchema,
    async handle({ params }) {
      const { sessionId, projectPath } = pool.session(params.id);
      const now = store.sessions.get(sessionId)?.claudeSessionId ?? sessionId;
      // After a `/clear` the uses before it are in the conversation under the session's own id.
      for (const claudeSessionId of new Set([now, sessionId])) {
        const conversation = { sessionId: claudeSessionId, projectPath };
        const found = await history.tool(conversation, params.toolUseId);
        if (found !== undefined) return json(found);
      }
      throw new DaylongError("tool_not_found", "Claude's transcript holds no use of a tool with this id.");
    },
  }),
];
