import type { Turn } from "../../domain/sessions/turn.ts";
import {
  type CompletionRequest,
  completionSchema,
  ignoredParameters,
  saidIn,
  unsupportedParameters,
} from "../../wire/openai/completionRequest.ts";
import { chatCompletionSchema, completionFrameSchema } from "../../wire/openai/completionResponse.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { openAiErrorOf } from "../framework/problem.ts";
import { defineRoute, type Route } from "../framework/route.ts";
import { promptOf } from "./prompt.ts";
import {
  ignoredHeaders,
  keyOf,
  pathOf,
  refuseUnsupported,
  turnHeaders,
  turnRefusals,
} from "./requestParts.ts";
import { chunkOf, completionOf, headOf, usageChunkOf } from "./responseShapes.ts";
import { startCompletion } from "./startCompletion.ts";
import type { AnswerForm, TurnAnswers } from "./turnAnswers.ts";

/** Room for a long list of messages and 5 MB of images in base64. */
export const maxCompletionBytes = 8 * 1024 * 1024;

/** Chat completions: each is a turn of the pool. */
export const completionRoutes = (parts: HttpDependencies, answers: TurnAnswers): Route[] => [
  defineRoute({
    method: "POST",
    path: "/v1/chat/completions",
    scope: "chat",
    summary: "A completion in OpenAI's shape; with stream, as server-sent events.",
    body: completionSchema,
    headers: turnHeaders,
    refusals: turnRefusals,
    response: {
      200: [chatCompletionSchema, { mediaType: "text/event-stream", schema: completionFrameSchema }],
    },
    maxBodyBytes: maxCompletionBytes,
    async handle({ body, caller, header, gone }) {
      refuseUnsupported(unsupportedParameters, body);
      const { conversationId, ...begun } = await startCompletion(parts, {
        model: body.model,
        prompt: promptOf(body.messages.map(saidIn)),
        conversationId: body.conversation_id ?? undefined,
        caller,
        key: keyOf(header("idempotency-key")),
        projectPath: body.project_path ?? pathOf(header("x-project-path")),
      });
      return answers.answer({
        begun: { conversationId, ...begun },
        caller,
        gone,
        headers: ignoredHeaders(ignoredParameters, body),
        isStream: body.stream === true,
        waitsForTasks: body.wait_tasks === true,
        formOf: (turn) => completionForm(turn, body, conversationId),
      });
    },
  }),
];

/** Answers as `chat.completion`, and frames as `chat.completion.chunk`. */
function completionForm(turn: Turn, body: CompletionRequest, conversationId: string): AnswerForm {
  const withUsage = body.stream_options?.include_usage === true;
  const head = headOf(turn, body.model, conversationId);
  const chunk = (...rest: [delta: Parameters<typeof chunkOf>[2], finishReason?: "stop"]) =>
    frameOf(chunkOf(head, withUsage, ...rest));
  return {
    whole: (text, reply) => completionOf(head, text, reply),
    opening: () => [chunk({ role: "assistant", content: "" })],
    more: (text) => [chunk({ content: text })],
    closing: (reply) => [
      chunk({}, "stop"),
      ...(withUsage ? [frameOf(usageChunkOf(head, reply))] : []),
      "data: [DONE]\n\n",
    ],
    broken: (error) => [frameOf(openAiErrorOf(error))],
  };
}

const frameOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
