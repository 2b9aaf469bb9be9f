import { z } from "zod";
import { turnStates } from "../../../domain/sessions/turn.ts";
import { apnsTokenSchema } from "../../../wire/delivery/devices.ts";
import { idSchema } from "../../../wire/ids.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const path = "/api/sessions/:id/live-activity";
const params = z.object({ id: idSchema });

/** Where the caller's Live Activity of a session is reached. Starting one from afar: `PATCH /api/devices/me`. */
export function liveActivityRoutes({ activityRegistrations }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "PUT",
      path,
      scope: "chat",
      summary: "Name the push token of the caller's Live Activity, which shows the session's turn.",
      params,
      refusals: [...errorSets.session, ...errorSets.pushTarget, "nothing_running"],
      body: z.object({ activityToken: apnsTokenSchema }),
      response: z.object({
        sessionId: z.string(),
        turnId: z.string(),
        state: z.enum(["waiting", ...turnStates]),
      }),
      handle: ({ params, body, caller }) =>
        json(activityRegistrations.put(caller.deviceId, params.id, body.activityToken, caller)),
    }),
    defineRoute({
      method: "DELETE",
      path,
      scope: "chat",
      summary: "The caller's Live Activity was ended by the app; without a token, all of this session.",
      params,
      refusals: [...errorSets.session, ...errorSets.pushTarget, "nothing_running"],
      body: z.object({ activityToken: apnsTokenSchema.optional() }),
      response: z.object({ success: z.literal(true), sessionId: z.string(), removed: z.boolean() }),
      handle({ params, body, caller }) {
        const removed = activityRegistrations.remove(caller.deviceId, params.id, body.activityToken, caller);
        return json({ success: true, sessionId: params.id, removed });
      },
    }),
  ];
}
