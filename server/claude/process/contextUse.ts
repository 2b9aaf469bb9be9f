import type { Query } from "@anthropic-ai/claude-agent-sdk";
import type { ContextUse } from "../../domain/processes/process.ts";

type CliContextUse = Awaited<ReturnType<Query["getContextUsage"]>>;
/** The fields of the CLI's answer that are read. */
export type ContextFigures = Pick<
  CliContextUse,
  "model" | "totalTokens" | "maxTokens" | "percentage" | "apiUsage"
> & { categories: Array<Pick<CliContextUse["categories"][number], "name" | "tokens" | "kind" | "id">> };

/**
 * The use of the context window now. The CLI (2.1.330) counts the tokens that it sent with the last request, and not those
 * of the answer, which the next request will carry too: after a long answer its figure would be that of before. Pure.
 */
export function contextUseOf(figures: ContextFigures): ContextUse {
  const { model, maxTokens, apiUsage } = figures;
  const sentTokens =
    apiUsage === null
      ? 0
      : apiUsage.input_tokens + apiUsage.cache_read_input_tokens + apiUsage.cache_creation_input_tokens;
  const totalTokens = Math.max(figures.totalTokens, sentTokens + (apiUsage?.output_tokens ?? 0));
  const answerTokens = totalTokens - figures.totalTokens;
  const categories = figures.categories.map(({ id, kind, name, tokens }) => ({
    name,
    tokens:
      id === "messages"
        ? tokens + answerTokens
        : kind === "free"
          ? Math.max(0, tokens - answerTokens)
          : tokens,
  }));
  // Before anything was said the CLI lists no messages.
  if (answerTokens > 0 && !figures.categories.some(({ id }) => id === "messages"))
    categories.push({ name: "Messages", tokens: answerTokens });
  const percentage =
    answerTokens === 0 || maxTokens === 0 ? figures.percentage : Math.round((totalTokens / maxTokens) * 100);
  return { model, totalTokens, maxTokens, percentage, categories };
}
