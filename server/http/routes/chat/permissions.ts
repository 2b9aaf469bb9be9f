import { z } from "zod";
import { DaylongError } from "../../../domain/errors.ts";
import { idSchema } from "../../../wire/ids.ts";
import {
  permissionAnsweredSchema,
  permissionAnswerFields,
  permissionSchema,
} from "../../../wire/sessions/permissions.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** What Claude asks before it goes on, and the owner's answers. */
export const permissionRoutes = ({ store, pool }: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/permissions",
    scope: "read",
    summary: "The open permissions, questions, plans and forms.",
    response: z.object({ permissions: z.array(permissionSchema) }),
    handle: () => json({ permissions: store.permissions.open() }),
  }),
  defineRoute({
    method: "GET",
    path: "/api/permissions/:permissionId",
    scope: "read",
    summary: "One permission, question, plan or form, whole.",
    params: z.object({ permissionId: idSchema }),
    refusals: ["permission_not_found"],
    response: permissionSchema,
    handle({ params }) {
      const permission = store.permissions.get(params.permissionId);
      if (permission === undefined)
        throw new DaylongError(
          "permission_not_found",
          `There is no permission request ${params.permissionId}.`,
        );
      return json(permission);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/permissions/:permissionId",
    scope: "chat",
    summary: "Answer one; the same answer again is no error.",
    params: z.object({ permissionId: idSchema }),
    body: z.object(permissionAnswerFields),
    refusals: [
      "permission_not_found",
      "permission_already_resolved",
      "permission_expired",
      "invalid_answers",
      "scope_unavailable",
    ],
    response: permissionAnsweredSchema,
    handle: ({ params, body, caller }) => json(pool.answerPermission(params.permissionId, body, caller)),
  }),
];
