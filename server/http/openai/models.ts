import { z } from "zod";
import { DaylongError } from "../../domain/errors.ts";
import { modelListSchema, modelSchema } from "../../wire/openai/models.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { defineRoute, json, type Route } from "../framework/route.ts";
import { defaultModel } from "./startCompletion.ts";

/** The models that Claude offers, in OpenAI's shape. */
export function openAiModelRoutes({ models, startedAt }: HttpDependencies): Route[] {
  const offered = () =>
    [
      { id: defaultModel, name: "Default", description: "What the session or the computer is set to." },
      ...models().filter(({ id }) => id !== defaultModel),
    ].map((model) => ({
      ...model,
      object: "model",
      created: Math.floor(startedAt / 1_000),
      owned_by: "anthropic",
    }));
  return [
    defineRoute({
      method: "GET",
      path: "/v1/models",
      scope: "read",
      summary: "The models that Claude offers; any other name is handed to it as it is.",
      response: modelListSchema,
      handle: () => json({ object: "list", data: offered() }),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/models/:id",
      scope: "read",
      summary: "A model that Claude offers.",
      params: z.object({ id: z.string().min(1).max(200) }),
      refusals: ["model_not_found"],
      response: modelSchema,
      handle({ params }) {
        const model = offered().find(({ id }) => id === params.id);
        if (model === undefined)
          throw new DaylongError(
            "model_not_found",
            `Claude offers no model ${params.id}; GET /v1/models lists them.`,
          );
        return json(model);
      },
    }),
  ];
}
