import { z } from "zod";
import type { Task } from "../../../domain/sessions/task.ts";
import { anyIdSchema, idSchema } from "../../../wire/ids.ts";
import { taskOutputSchema, tasksSchema } from "../../../wire/sessions/tasks.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const taskParams = z.object({ id: idSchema, taskId: anyIdSchema });

const taskView = ({ sessionId: _sessionId, ...shown }: Task) => shown;

/** Background work of a session. */
export function taskRoutes({ pool }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/tasks",
      scope: "read",
      summary: "Background work of Claude's: running tasks first, then the newest that have ended.",
      params: z.object({ id: idSchema }),
      refusals: errorSets.session,
      response: tasksSchema,
      handle: ({ params }) => json({ tasks: pool.tasks(params.id).map(taskView) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/tasks/:taskId/output",
      scope: "read",
      summary: "The end of a task's output.",
      params: taskParams,
      refusals: [...errorSets.session, "task_not_found"],
      response: taskOutputSchema,
      handle: async ({ params }) => json(await pool.taskOutput(params.id, params.taskId)),
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/sessions/:id/tasks/:taskId",
      scope: "chat",
      summary: "Stop one task; the turn and other tasks go on.",
      params: taskParams,
      refusals: [...errorSets.session, "task_not_found"],
      response: z.object({ stopped: z.boolean() }),
      handle: async ({ params, caller }) =>
        json({ stopped: await pool.stopTask(params.id, params.taskId, caller) }),
    }),
  ];
}
