import { DaylongError } from "../../../domain/errors.ts";
import { type AskResult, askResponseSchema, askSchema } from "../../../wire/sessions/ask.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { waitWhilePaired } from "../../framework/authorise.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Room for a batch. */
const maxAskBodyBytes = 8 * 1024 * 1024;

/** Prompts without a session. */
export const askRoutes = ({ pool, access }: HttpDependencies): Route[] => [
  defineRoute({
    method: "POST",
    path: "/api/ask",
    scope: "chat",
    summary:
      "Ask Claude one thing, or several at once; no session is kept, and what needs a permission is denied.",
    body: askSchema,
    refusals: [...errorSets.project, ...errorSets.process, ...errorSets.asked],
    response: askResponseSchema,
    maxBodyBytes: maxAskBodyBytes,
    async handle({ body, caller, gone }) {
      const { prompt, prompts, model, timeoutMs, concurrency } = body;
      const projectPath = await access.resolveProject(body.projectPath);
      return waitWhilePaired({ access, caller, gone }, async (over) => {
        const ask = (one: string) => pool.ask({ projectPath, prompt: one, model, timeoutMs }, caller, over);
        if (prompt !== undefined) return json(await ask(prompt));
        const work = (one: string) => result(ask(one));
        return json({ results: await inOrder(prompts ?? [], concurrency, over, work) });
      });
    },
  }),
];

async function result(asked: Promise<AskResult>): Promise<AskResult> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof DaylongError) || error.code === "internal_error") throw error;
    return { error: { code: error.code, detail: error.message } };
  }
}

/** Does the work for each item, so many at once, until it is over; the results are in the order of the items. */
async function inOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  over: AbortSignal,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  const left = items.entries();
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const [index, item] of left) {
      if (over.aborted) return;
      results[index] = await work(item);
    }
  });
  await Promise.all(workers);
  return results;
}
