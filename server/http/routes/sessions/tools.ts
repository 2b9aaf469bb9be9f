import { z } from "zod";
import { pause } from "../../../domain/deadline.ts";
import { DaylongError } from "../../../domain/errors.ts";
import type { ToolRecord } from "../../../domain/sessions/history.ts";
import { idSchema } from "../../../wire/ids.ts";
import { toolRecordSchema } from "../../../wire/sessions/history.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/**
 * The CLI tells of a tool's end before it writes the result into its transcript. For so long after the end, a record without
 * a result is read again, so often and at most so many times: the result of a tool that was cut off never comes.
 */
const recentMs = 10_000;
const rereadEveryMs = 100;
const rereads = 30;

/** The route of one use of a tool. */
export const toolRoutes = ({ store, pool, history, clock }: HttpDependencies): Route[] => {
  const find = async (id: string, toolUseId: string): Promise<ToolRecord | undefined> => {
    const { sessionId, projectPath } = pool.session(id);
    const now = store.sessions.get(sessionId)?.claudeSessionId ?? sessionId;
    // After a `/clear` the uses before it are in the conversation under the session's own id.
    for (const claudeSessionId of new Set([now, sessionId])) {
      const found = await history.tool({ sessionId: claudeSessionId, projectPath }, toolUseId);
      if (found !== undefined) return found;
    }
    return undefined;
  };

  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/tools/:toolUseId",
      scope: "read",
      summary:
        "What a use of a tool was given and what came of it, those of subagents included; of an edit its diff.",
      params: z.object({ id: idSchema, toolUseId: z.string().regex(/^[\w-]{1,200}$/) }),
      refusals: [...errorSets.session, "tool_not_found", "history_unavailable"],
      response: toolRecordSchema,
      async handle({ params: { id, toolUseId } }) {
        let found = await find(id, toolUseId);
        for (let left = rereads; left > 0 && found?.output === undefined; left -= 1) {
          if (!store.events.hasToolEndSince(id, toolUseId, clock.now() - recentMs)) break;
          await pause(clock, rereadEveryMs);
          found = await find(id, toolUseId);
        }
        if (found !== undefined) return json(found);
        throw new DaylongError("tool_not_found", "Claude's transcript holds no use of a tool with this id.");
      },
    }),
  ];
};
