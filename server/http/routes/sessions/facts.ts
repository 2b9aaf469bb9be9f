import { z } from "zod";
import { idSchema } from "../../../wire/ids.ts";
import { commandsSchema, todosSchema } from "../../../wire/sessions/facts.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** What Claude last said about a session beside its turns. Nothing is woken for it. */
export function sessionFactRoutes({ pool }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/todos",
      scope: "read",
      summary: "Claude's list of what it is about to do; empty where its tools for that are not offered.",
      params: z.object({ id: idSchema }),
      refusals: errorSets.session,
      response: todosSchema,
      handle: ({ params }) => json({ todos: pool.todos(params.id) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/commands",
      scope: "read",
      summary: "The slash commands that the session knows; the last known ones when it has no process.",
      params: z.object({ id: idSchema }),
      refusals: errorSets.session,
      response: commandsSchema,
      handle: ({ params }) => json({ commands: pool.commands(params.id) }),
    }),
  ];
}
