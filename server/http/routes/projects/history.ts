import { z } from "zod";
import { findProject } from "../../../access/projectUse.ts";
import { DaylongError } from "../../../domain/errors.ts";
import {
  badCursor,
  decodeCursor,
  decodePageCursor,
  encodePageCursor,
  pageOf,
} from "../../../domain/pageCursor.ts";
import { type PastConversation, placeInList } from "../../../domain/sessions/history.ts";
import { idSchema } from "../../../wire/ids.ts";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import { pastMessageListSchema, projectSessionListSchema } from "../../../wire/sessions/history.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const projectIdSchema = z.string().min(1).max(200);
/** Where a page of messages ended: the id of its last one. */
const messageCursorSchema = z.tuple([z.string()]);

/** Claude's own transcripts: conversations of terminals and editors too, to look at and to go on with. */
export const historyRoutes = (parts: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/projects/:projectId/sessions",
    scope: "read",
    summary:
      "The conversations that Claude keeps of a project, those of the terminal included, the latest first.",
    params: z.object({ projectId: projectIdSchema }),
    query: z.object({ before: beforeSchema, limit: limitSchema(50, 200) }),
    refusals: [...errorSets.project, "history_unavailable"],
    response: projectSessionListSchema,
    async handle({ params, query }) {
      const { path } = await findProject(parts, params.projectId);
      const begin = query.before === undefined ? undefined : decodePageCursor(query.before);
      // One more than the page tells whether there is a next one.
      const asked = { before: begin, limit: query.limit + 1 };
      const found = await parts.history.conversations(path, asked);
      const { rows, nextBefore } = pageOf(found, query.limit, placeInList);
      const held = await parts.heldElsewhere();
      const sessions = rows.map((one) => conversationView(parts, one, held.has(one.sessionId)));
      return json({ sessions, nextBefore });
    },
  }),
  defineRoute({
    method: "GET",
    path: "/api/projects/:projectId/sessions/:id/messages",
    scope: "read",
    summary: "A page of a conversation as Claude wrote it down, the newest message first.",
    params: z.object({ projectId: projectIdSchema, id: idSchema }),
    query: z.object({ before: beforeSchema, limit: limitSchema(50, 200) }),
    refusals: [...errorSets.project, ...errorSets.session, "history_unavailable"],
    response: pastMessageListSchema,
    async handle({ params, query }) {
      const { path: projectPath } = await findProject(parts, params.projectId);
      const before = query.before === undefined ? undefined : messageBefore(query.before);
      const conversation = { sessionId: params.id, projectPath };
      const found =
        z.uuid().safeParse(params.id).success &&
        (await parts.history.messages(conversation, before, query.limit));
      if (!found) {
        // Perhaps only the cursor is unknown; the conversation is looked for without it.
        if (before !== undefined && (await parts.history.messages(conversation, undefined, 1)))
          throw badCursor();
        throw new DaylongError("session_not_found", "Claude keeps no such conversation of this project.");
      }
      const last = found.messages.at(-1);
      const nextBefore = found.hasMore && last !== undefined ? encodePageCursor([last.messageId]) : undefined;
      return json({ messages: found.messages, nextBefore });
    },
  }),
];

function conversationView({ store }: HttpDependencies, one: PastConversation, held: boolean) {
  const own = store.sessions.ofConversation(one.sessionId);
  return {
    sessionId: one.sessionId,
    title: own?.title ?? one.title,
    firstMessage: one.firstMessage ?? null,
    createdAt: one.createdAt ?? null,
    lastActivityAt: one.lastActivityAt,
    sizeBytes: one.sizeBytes ?? null,
    gitBranch: one.gitBranch ?? null,
    state: own?.state ?? null,
    held,
  };
}

const messageBefore = (before: string): string =>
  decodeCursor(before, (decoded) => messageCursorSchema.safeParse(decoded).data)[0];
