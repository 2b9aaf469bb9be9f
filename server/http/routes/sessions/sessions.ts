import { z } from "zod";
import { DaylongError } from "../../../domain/errors.ts";
import type { SessionOptions } from "../../../domain/sessions/session.ts";
import { idSchema } from "../../../wire/ids.ts";
import { countSchema } from "../../../wire/instants.ts";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import {
  type NewSession,
  newSessionSchema,
  poolStatsFields,
  projectPathSchema,
  sessionPatchSchema,
  sessionSchema,
  sessionStateSchema,
} from "../../../wire/sessions/sessions.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Parked sessions beside the active ones; all there are: GET /api/sessions. */
const mostParked = 200;

const sessionParams = z.object({ id: idSchema });

const optionsOf = (wanted: NewSession): SessionOptions => ({
  systemPrompt: wanted.systemPrompt,
  appendSystemPrompt: wanted.appendSystemPrompt,
  allowedTools: wanted.allowedTools,
  disallowedTools: wanted.disallowedTools,
  maxTurns: wanted.maxTurns,
  maxBudgetUsd: wanted.maxBudgetUsd,
  origin:
    wanted.resume === undefined || wanted.resume === "latest"
      ? undefined
      : { resume: wanted.resume, fork: wanted.fork ?? false, resumeAt: wanted.resumeAt },
});

/** Conversations: made, listed, looked at, changed. */
export function sessionRoutes({ store, pool, access, markRead }: HttpDependencies): Route[] {
  const showSession = (path: string) =>
    defineRoute({
      method: "GET",
      path,
      scope: "read",
      summary: "A session.",
      params: sessionParams,
      refusals: errorSets.session,
      response: sessionSchema,
      handle: ({ params }) => json(pool.session(params.id)),
    });

  return [
    defineRoute({
      method: "POST",
      path: "/api/sessions",
      scope: "chat",
      summary:
        "Make a session in a project, or go on with a conversation of it: `resume` names it, or is `latest` (404 when none).",
      body: newSessionSchema,
      refusals: [
        ...errorSets.project,
        ...errorSets.session,
        "message_not_found",
        "conversation_held",
        ...errorSets.allowances,
        "shutting_down",
      ],
      response: { 201: sessionSchema },
      async handle({ body, caller }) {
        const projectPath = await access.resolveProject(body.projectPath);
        const { title, model, permissionMode } = body;
        const options = optionsOf(body);
        const wanted = { caller, projectPath, title, model, permissionMode, options };
        const latest =
          body.resume === "latest" ? { fork: body.fork ?? false, resumeAt: body.resumeAt } : undefined;
        return json(await pool.createSession(latest ? { ...wanted, latest } : wanted), 201);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions",
      scope: "read",
      summary: "Sessions, the latest first.",
      query: z.object({
        state: sessionStateSchema.optional(),
        projectPath: projectPathSchema.optional(),
        limit: limitSchema(50, 200),
        before: beforeSchema,
      }),
      response: z.object({ sessions: z.array(sessionSchema), nextBefore: z.string().optional() }),
      async handle({ query }) {
        const projectPath = query.projectPath && (await knownPath(query.projectPath));
        const { sessions, nextBefore } = store.sessions.list({ ...query, projectPath });
        return json({ sessions: pool.views(sessions), nextBefore });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/active",
      scope: "read",
      summary:
        "Sessions that have a process, and how much room is left; with parked=true also those that live without one.",
      query: z.object({ parked: z.enum(["true", "false"]).optional() }),
      response: z.object({ sessions: z.array(sessionSchema), stats: z.object(poolStatsFields) }),
      handle: ({ query }) =>
        json({ sessions: query.parked === "true" ? living() : pool.active(), stats: pool.stats() }),
    }),
    showSession("/api/sessions/:id"),
    showSession("/api/sessions/interactive/:id/status"),
    defineRoute({
      method: "POST",
      path: "/api/sessions/:id/read",
      scope: "chat",
      summary: "Say that the owner has read the session up to an event; all devices share it.",
      params: sessionParams,
      body: z.object({ seq: countSchema }),
      refusals: errorSets.session,
      response: z.object({ sessionId: z.string(), readSeq: countSchema, unread: countSchema }),
      handle({ params, body, caller }) {
        const { sessionId } = pool.session(params.id);
        markRead(caller.deviceId, sessionId, body.seq);
        const { readSeq, unread } = pool.session(sessionId);
        return json({ sessionId, readSeq, unread });
      },
    }),
    defineRoute({
      method: "PATCH",
      path: "/api/sessions/:id",
      scope: "chat",
      summary: "Change a session; model and permission mode switch live.",
      params: sessionParams,
      body: sessionPatchSchema,
      refusals: [...errorSets.openSession, "permission_mode_forbidden", "session_busy"],
      response: sessionSchema,
      handle: async ({ params, body, caller }) => json(await pool.updateSession(params.id, body, caller)),
    }),
  ];

  /** Sessions that a message goes on with at once or after a wake: those with a process first, the others the latest first. */
  function living() {
    const active = pool.active();
    const known = new Set(active.map(({ sessionId }) => sessionId));
    const { sessions } = store.sessions.list({ state: "parked", limit: mostParked });
    return [...active, ...pool.views(sessions.filter(({ sessionId }) => !known.has(sessionId)))];
  }

  /** Sessions outlive their directories: a path that cannot be resolved any more still finds them. */
  async function knownPath(path: string): Promise<string> {
    try {
      return await access.resolveProject(path);
    } catch (error) {
      if (error instanceof DaylongError && error.code !== "invalid_request") return path;
      throw error;
    }
  }
}
