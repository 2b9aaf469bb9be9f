import { describe, expect, test } from "@jest/globals";
import { type ContextFigures, contextUseOf } from "../../../../server/claude/process/contextUse.ts";

const figures = (more: Partial<ContextFigures> = {}): ContextFigures => ({
  model: "claude-x",
  totalTokens: 12_000,
  maxTokens: 200_000,
  percentage: 6,
  categories: [
    { id: "system_tools", kind: "used", name: "System tools", tokens: 10_000 },
    { id: "messages", kind: "used", name: "Messages", tokens: 2_000 },
    { id: "free_space", kind: "free", name: "Free space", tokens: 155_000 },
    { id: "autocompact_buffer", kind: "buffer", name: "Autocompact buffer", tokens: 33_000 },
  ],
  apiUsage: {
    input_tokens: 3,
    output_tokens: 0,
    cache_creation_input_tokens: 997,
    cache_read_input_tokens: 11_000,
  },
  ...more,
});
const tokensOf = (use: ReturnType<typeof contextUseOf>) =>
  Object.fromEntries(use.categories.map(({ name, tokens }) => [name, tokens]));

describe("S27 the use of the context window", () => {
  test("S27: counts the last answer, which the next request carries", () => {
    const apiUsage = { ...figures().apiUsage!, output_tokens: 20_000 };
    const use = contextUseOf(figures({ apiUsage }));
    expect(use).toMatchObject({ model: "claude-x", totalTokens: 32_000, maxTokens: 200_000, percentage: 16 });
    expect(tokensOf(use)).toEqual({
      "System tools": 10_000,
      Messages: 22_000,
      "Free space": 135_000,
      "Autocompact buffer": 33_000,
    });
  });

  test("S27: is what the CLI says where that is more, or nothing was answered yet", () => {
    const { model, totalTokens, maxTokens, percentage } = figures();
    const said = { model, totalTokens, maxTokens, percentage };
    expect(contextUseOf(figures())).toMatchObject(said);
    expect(contextUseOf(figures({ apiUsage: null }))).toMatchObject(said);
    const apiUsage = { ...figures().apiUsage!, cache_read_input_tokens: 0, output_tokens: 500 };
    expect(contextUseOf(figures({ apiUsage }))).toMatchObject(said);
  });

  test("S27: has a place for the answer when the CLI lists no messages, and never less than no free space", () => {
    const apiUsage = { ...figures().apiUsage!, output_tokens: 180_000 };
    const categories = figures().categories.filter(({ id }) => id !== "messages");
    expect(tokensOf(contextUseOf(figures({ apiUsage, categories })))).toMatchObject({
      Messages: 180_000,
      "Free space": 0,
    });
  });
});
