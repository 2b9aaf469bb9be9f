import { z } from "zod";
import { DaylongError } from "../../../domain/errors.ts";
import type { Turn } from "../../../domain/sessions/turn.ts";
import { idSchema } from "../../../wire/ids.ts";
import { turnSchema } from "../../../wire/sessions/turns.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const turnParams = z.object({ id: idSchema, turnId: idSchema });

/** One message's way to its end. */
export function turnRoutes({ store, pool }: HttpDependencies): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/turns/:turnId",
      scope: "read",
      summary: "A turn: its state, and its reply or error.",
      params: turnParams,
      refusals: errorSets.turn,
      response: turnSchema,
      handle: ({ params }) => json(turnView(params.id, params.turnId)),
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/sessions/:id/turns/:turnId",
      scope: "chat",
      summary: "Cancel a queued or scheduled turn.",
      params: turnParams,
      refusals: [...errorSets.turn, "turn_not_cancellable"],
      response: turnSchema,
      handle({ params, caller }) {
        turnOf(params.id, params.turnId);
        pool.cancelTurn(params.id, params.turnId, caller);
        return json(turnView(params.id, params.turnId));
      },
    }),
  ];

  function turnOf(sessionId: string, turnId: string): Turn {
    // First the session, so that an unknown one is called by its name.
    pool.session(sessionId);
    const turn = store.turns.get(turnId);
    if (turn === undefined || turn.sessionId !== sessionId) {
      throw new DaylongError("turn_not_found", "The session has no turn with this id.");
    }
    return turn;
  }

  function turnView(sessionId: string, turnId: string) {
    const turn = turnOf(sessionId, turnId);
    const { origin, state, acceptedAt, sendAt, startedAt, endedAt, reply, clientMessageId } = turn;
    return {
      turnId,
      sessionId,
      origin,
      clientMessageId,
      state,
      acceptedAt,
      sendAt,
      timeoutMs: turn.timeoutMs,
      contextFiles: turn.contextFiles,
      startedAt,
      endedAt,
      queuePosition: state === "queued" ? store.turns.queuePosition(turnId) : undefined,
      reply,
      error: turn.error && { code: turn.error.code, detail: turn.error.detail },
    };
  }
}
