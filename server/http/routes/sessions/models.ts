import { z } from "zod";
import { refuseBeyondScope } from "../../../domain/sessions/allowances.ts";
import { permissionModes } from "../../../domain/sessions/session.ts";
import { modelsSchema } from "../../../wire/sessions/models.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** What a new session may be set to. */
export const modelRoutes = ({ models, allowances, defaultModel }: HttpDependencies): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/models",
    scope: "read",
    summary:
      "The models that Claude offers (known after its first start), and the permission modes that this token may choose.",
    query: z.object({}),
    response: modelsSchema,
    handle: ({ caller }) =>
      json({
        models: models(),
        default: defaultModel,
        modes: permissionModes.filter((permissionMode) => {
          try {
            refuseBeyondScope({ permissionMode }, caller.scope, allowances);
            return true;
          } catch {
            return false;
          }
        }),
      }),
  }),
];
