import type { ModelInfo } from "@anthropic-ai/claude-agent-sdk";
import type { ClaudeModel } from "../../domain/processes/process.ts";

/** The CLI's own list, in our words. */
export const claudeModels = (models: readonly ModelInfo[]): ClaudeModel[] =>
  models.map(({ value, displayName, description }) => ({ id: value, name: displayName, description }));
