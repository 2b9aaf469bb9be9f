import { z } from "zod";
import { DaylongError } from "../../domain/errors.ts";
import { isTerminal, type Turn } from "../../domain/sessions/turn.ts";
import { isHarmless } from "../../wire/openai/parameters.ts";
import {
  responseDeletedSchema,
  responseEventSchema,
  responseSchema,
} from "../../wire/openai/responseObject.ts";
import {
  ignoredResponseParameters,
  type ResponseRequest,
  responseRequestSchema,
  saidInInput,
  unsupportedResponseParameters,
} from "../../wire/openai/responseRequest.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { refuseUnpaired } from "../framework/authorise.ts";
import { invalidRequest } from "../framework/problem.ts";
import { defineRoute, json, type Route } from "../framework/route.ts";
import { maxCompletionBytes } from "./completions.ts";
import { promptOf } from "./prompt.ts";
import {
  ignoredHeaders,
  keyOf,
  pathOf,
  refuseUnsupported,
  turnHeaders,
  turnRefusals,
  unsupported,
} from "./requestParts.ts";
import { ResponseForm, responseOf, turnIdOf } from "./responseForm.ts";
import { defaultModel, startCompletion } from "./startCompletion.ts";
import type { TurnAnswers } from "./turnAnswers.ts";

const params = z.object({ id: z.string().min(1).max(200) });

/** The Responses API: each response is a turn of the pool. */
export function responseRoutes(parts: HttpDependencies, answers: TurnAnswers): Route[] {
  const { store, pool, clock, access } = parts;
  return [
    defineRoute({
      method: "POST",
      path: "/v1/responses",
      scope: "chat",
      summary: "A response in OpenAI's shape; with stream, as server-sent events.",
      body: responseRequestSchema,
      headers: turnHeaders,
      refusals: [...turnRefusals, "response_not_found"],
      response: {
        200: [responseSchema, { mediaType: "text/event-stream", schema: responseEventSchema }],
      },
      maxBodyBytes: maxCompletionBytes,
      async handle({ body, caller, header, gone }) {
        refuseUnsupported(unsupportedResponseParameters, body);
        if (!isHarmless(body.text?.format)) throw unsupported("text.format");
        const said = saidInInput(body.input, textOfItem);
        const { instructions } = body;
        if (instructions) said.unshift({ role: "system", text: instructions, images: [] });
        const wanted = conversationOf(body);
        const begun = await startCompletion(parts, {
          model: body.model,
          prompt: promptOf(said, "input"),
          conversationId: wanted,
          caller,
          key: keyOf(header("idempotency-key")),
          projectPath: body.project_path ?? pathOf(header("x-project-path")),
        });
        const { conversationId, sessionId } = begun;
        const session = pool.session(sessionId);
        // The system prompt of a session is fixed when it begins.
        const isDropped = Boolean(instructions) && !session.appendSystemPrompt?.includes(instructions ?? "");
        const facts = {
          model: body.model,
          conversationId,
          instructions: instructions ?? null,
          previousResponseId: body.previous_response_id ?? null,
          metadata: body.metadata ?? {},
          isStored: true,
          user: body.user ?? null,
        };
        return answers.answer({
          begun,
          caller,
          gone,
          headers: ignoredHeaders(ignoredResponseParameters, body, [
            ...(isDropped ? ["instructions"] : []),
            ...(body.store === false ? ["store"] : []),
          ]),
          isStream: body.stream === true,
          waitsForTasks: body.wait_tasks === true,
          formOf: (turn) => new ResponseForm(turn, facts),
        });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/v1/responses/:id",
      scope: "read",
      summary: "A response: whole when its turn has ended, else what there is of it.",
      params,
      refusals: ["response_not_found"],
      response: responseSchema,
      handle({ params }) {
        const { turn, conversationId } = existing(params.id);
        const session = pool.session(turn.sessionId);
        const facts = {
          model: session.model ?? defaultModel,
          conversationId,
          instructions: session.appendSystemPrompt ?? null,
          previousResponseId: null,
          metadata: {},
          isStored: true,
          user: null,
        };
        return json(responseOf(turn, facts, answers.textOf(turn)));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/v1/responses/:id",
      scope: "chat",
      summary:
        "Take a response out of this interface; its turn ends if it runs, and stays in the session until that is erased.",
      params,
      refusals: ["response_not_found"],
      response: responseDeletedSchema,
      async handle({ params, caller }) {
        const { turn } = existing(params.id);
        const { sessionId, turnId } = turn;
        if (turn.state === "queued") pool.cancelTurn(sessionId, turnId, caller);
        else if (!isTerminal(turn.state)) await pool.interrupt(sessionId, turnId, caller);
        refuseUnpaired(access, caller);
        const { deviceId } = caller;
        store.transaction(() => {
          store.conversations.deleteResponse(turnId);
          store.audit.add({
            at: clock.now(),
            deviceId,
            action: "response.delete",
            target: turnId,
            detail: "",
          });
        });
        return json({ id: params.id, object: "response", deleted: true });
      },
    }),
  ];

  function existing(id: string): { turn: Turn; conversationId: string } {
    const turnId = turnIdOf(id);
    const turn = turnId === undefined ? undefined : store.turns.get(turnId);
    const conversation = turn && store.conversations.ofSession(turn.sessionId);
    if (
      turn === undefined ||
      conversation === undefined ||
      store.conversations.isResponseDeleted(turn.turnId)
    )
      throw new DaylongError("response_not_found", "There is no response with this id.");
    return { turn, conversationId: conversation.conversationId };
  }

  /** The conversation that the request goes on with, or begins by name. */
  function conversationOf({
    conversation,
    previous_response_id: previous,
  }: ResponseRequest): string | undefined {
    const named = typeof conversation === "object" && conversation !== null ? conversation.id : conversation;
    if (previous === null || previous === undefined) return named ?? undefined;
    if (named !== null && named !== undefined) {
      throw invalidRequest([
        {
          path: "conversation",
          message: "must be left out beside previous_response_id, which is in a conversation",
        },
      ]);
    }
    return existing(previous).conversationId;
  }

  function textOfItem(id: string): string {
    return answers.textOf(existing(id).turn);
  }
}
