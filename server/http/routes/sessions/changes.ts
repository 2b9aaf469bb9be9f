import { z } from "zod";
import type { ChangesRequest } from "../../../domain/sessions/changes.ts";
import { idSchema } from "../../../wire/ids.ts";
import { changesSchema, diffQuerySchema, fileDiffSchema } from "../../../wire/sessions/changes.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const refusals = [...errorSets.session, ...errorSets.project, "changes_timed_out", "shutting_down"] as const;

/** What changed in the working tree of a session's project. */
export function changesRoutes({ pool, changes, stopping }: HttpDependencies): Route[] {
  /** A client that has gone is answered nothing, and that is no failure of the server. */
  const answer = async <T>(gone: AbortSignal, reading: Promise<T>) => {
    try {
      return json(await reading);
    } catch (error) {
      if (gone.aborted && !stopping.aborted) return json({});
      throw error;
    }
  };
  const requestOf = (sessionId: string, deviceId: string, signal: AbortSignal): ChangesRequest => ({
    projectPath: pool.session(sessionId).projectPath,
    deviceId,
    signal,
  });

  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/changes",
      scope: "read",
      summary: "The files of the project's working tree that differ from the last commit.",
      params: z.object({ id: idSchema }),
      refusals,
      response: changesSchema,
      handle: ({ params, caller, gone }) =>
        answer(gone, changes.list(requestOf(params.id, caller.deviceId, gone))),
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/changes/diff",
      scope: "read",
      summary: "The unified diff of one changed file, cut at 256 KiB.",
      params: z.object({ id: idSchema }),
      query: diffQuerySchema,
      refusals: [...refusals, "changes_unavailable"],
      response: fileDiffSchema,
      handle: ({ params, query, caller, gone }) =>
        answer(gone, changes.diff(requestOf(params.id, caller.deviceId, gone), query.path)),
    }),
  ];
}
