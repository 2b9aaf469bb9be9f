import type { CanUseTool } from "@anthropic-ai/claude-agent-sdk";
import type { PermissionRequest } from "../../domain/processes/process.ts";
import { permissionKindOf } from "../../domain/sessions/permission.ts";
import { toolTitle } from "./translate.ts";

/**
 * The permission request that the CLI makes before a tool, in our words. A lock screen shows its title, which therefore has
 * to say what would be done.
 */
export function permissionRequestOf(
  toolName: string,
  input: Record<string, unknown>,
  context: Parameters<CanUseTool>[2],
  of: Pick<PermissionRequest, "turnId" | "agent">,
): PermissionRequest {
  return {
    turnId: of.turnId,
    agent: of.agent,
    toolName,
    toolUseId: context.toolUseID,
    title: titleOf(toolName, input, context.title ?? undefined),
    description: context.description ?? context.decisionReason,
    input,
    suggestions: context.suggestions ?? [],
    signal: context.signal,
  };
}

function titleOf(toolName: string, input: Record<string, unknown>, said: string | undefined): string {
  switch (permissionKindOf(toolName)) {
    case "question":
      return said ?? firstQuestionOf(input) ?? "Claude has a question";
    case "plan":
      return said ?? "Claude has made a plan";
    case "tool":
      return said ?? toolTitle(toolName, input);
  }
}

function firstQuestionOf({ questions }: Record<string, unknown>): string | undefined {
  const first: unknown = Array.isArray(questions) ? questions[0] : undefined;
  const isAsked = typeof first === "object" && first !== null && "question" in first;
  return isAsked && typeof first.question === "string"
    ? first.question.slice(0, 500).toWellFormed()
    : undefined;
}
