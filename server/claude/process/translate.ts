import type { ModelInfo, SDKMessage, SlashCommand } from "@anthropic-ai/claude-agent-sdk";
import { withoutDepths } from "../../domain/cutJson.ts";
import type { Failure } from "../../domain/errors.ts";
import type { ClaudeModel, ProcessSignal, Refusal, TurnResult } from "../../domain/processes/process.ts";
import type { ClaudeCommand } from "../../domain/prompts/commands.ts";
import type { AgentRef } from "../../domain/sessions/agent.ts";
import { permissionModes } from "../../domain/sessions/session.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";
import { headOf } from "../../domain/visibleText.ts";
import { outcomeOf, shownInput } from "./toolOutcome.ts";

type ResultMessage = Extract<SDKMessage, { type: "result" }>;

/** The CLI's list of models, in the domain's words. */
export const claudeModels = (models: readonly ModelInfo[]): ClaudeModel[] =>
  models.map(({ value, displayName, description }) => ({ id: value, name: displayName, description }));

/** The CLI's list of commands, in the domain's words. */
export const claudeCommands = (commands: readonly SlashCommand[]): ClaudeCommand[] =>
  commands.map(({ name, description, argumentHint, aliases = [], builtin = false }) => ({
    name,
    description,
    argumentHint,
    aliases,
    builtin,
  }));

/**
 * The CLI's words for a conversation that cannot be gone on with: its transcript is gone or damaged, or its tool uses
 * and their results do not pair, which the API answers with 400 for ever. The CLI (2.1.330) puts the API's own words
 * for the latter into three of its own; those that pass through a gateway may still be the API's.
 */
const lostWords = new RegExp(
  [
    "No conversation found with session ID",
    "400 due to tool use concurrency issues",
    "400 orphaned tool_result in conversation history",
    "400 duplicate tool_use ID in conversation history",
    "tool_use.{0,80}without.{0,20}tool_result",
    "unexpected .?tool_use_id",
    "tool_use.{0,4} ids must be unique",
  ].join("|"),
  "s",
);
export const isLostConversation = (said: string): boolean => lostWords.test(said);

/** The CLI's words (2.1.330) for a model that the API answers 404 for. */
const unknownModelWords = /^There's an issue with the selected model \(/;

function failureOf(message: ResultMessage): Failure {
  const said = message.subtype === "success" ? message.result : message.errors.join("; ");
  if (isLostConversation(said)) return { code: "conversation_lost", detail: headOf(said, 500) };
  if (unknownModelWords.test(said)) return { code: "model_not_found", detail: headOf(said, 500) };
  switch (message.subtype) {
    case "error_max_turns":
      return { code: "turn_limit", detail: "The session's limit of model turns was reached." };
    case "error_max_budget_usd":
      return { code: "turn_limit", detail: "The session's budget was reached." };
    default:
      return { code: "claude_error", detail: headOf(said || "Claude gave no reason.", 2_000) };
  }
}

/** How a turn ended, in the domain's words. */
export function resultOf(message: ResultMessage): TurnResult {
  const usage = message.usage;
  const aborted = message.terminal_reason?.startsWith("aborted") ?? false;
  const completed = message.subtype === "success" && !message.is_error;
  return {
    text: completed && message.subtype === "success" ? message.result.toWellFormed() : "",
    totalCostUsd: message.total_cost_usd,
    usage: {
      inputTokens: usage.input_tokens ?? 0,
      outputTokens: usage.output_tokens ?? 0,
      cacheReadTokens: usage.cache_read_input_tokens ?? 0,
      cacheCreationTokens: usage.cache_creation_input_tokens ?? 0,
    },
    durationMs: message.duration_ms,
    numTurns: message.num_turns,
    outcome: aborted ? "interrupted" : completed ? "completed" : "failed",
    failure: completed || aborted ? undefined : failureOf(message),
  };
}

const loginAdvice =
  "Claude has to be logged in again: run `claude /login` on the computer, or mend its ANTHROPIC_API_KEY.";

/** The refusal that a failed request of Claude's stands for, if it concerns all sessions; most failures do not. */
function refusalOf(
  error: string,
  status: number | null,
  rest: { refusals: number; final: boolean; waitMs: number },
): Refusal[] {
  switch (error) {
    case "authentication_failed":
    case "oauth_org_not_allowed":
    case "account_on_hold":
    case "verification_required":
    case "cloud_credential_error":
      return [{ kind: "login-refused", detail: loginAdvice, ...rest }];
    case "rate_limit":
      return [{ kind: "limit-hit", limit: "rate_limit", detail: limitDetail("rate limit"), ...rest }];
    case "billing_error":
      return [{ kind: "limit-hit", limit: "billing", detail: limitDetail("credit"), ...rest }];
    default:
      // These two statuses have one meaning, under any name that the CLI gives them.
      if (status === 401) return refusalOf("authentication_failed", null, rest);
      return status === 429 ? refusalOf("rate_limit", null, rest) : [];
  }
}

const limitDetail = (name: string): string =>
  `Claude's ${name} is used up. Messages wait and go on by themselves.`;

/** A login's usage limit that lets nothing through any more. */
function usageLimitOf({
  rate_limit_info: info,
}: Extract<SDKMessage, { type: "rate_limit_event" }>): Refusal[] {
  // Beyond the limit the owner may have bought more.
  if (info.status !== "rejected" || info.isUsingOverage === true) return [];
  const limit = info.rateLimitType ?? "usage";
  // The header that it comes from counts seconds.
  const resetsAt = info.resetsAt === undefined ? undefined : info.resetsAt * 1_000;
  const detail = limitDetail(`usage limit (${limit.replaceAll("_", " ")})`);
  return [{ kind: "limit-hit", limit, detail, refusals: 1, final: true, waitMs: 0, resetsAt }];
}

/** A mode that Claude went into by itself: into planning, or out of it with an approved plan. */
function modeOf(mode: string | undefined): ProcessSignal[] {
  const permissionMode = permissionModes.find((known) => known === mode);
  return permissionMode === undefined ? [] : [{ kind: "mode", permissionMode }];
}

/** The subagent that a message comes from; `undefined`: Claude itself. */
function agentOf(message: { parent_tool_use_id: string | null }): AgentRef | undefined {
  const { agent_id, subagent_type, task_description } = message as {
    agent_id?: string;
    subagent_type?: string;
    task_description?: string;
  };
  if (message.parent_tool_use_id === null && agent_id === undefined) return undefined;
  const agentId = agent_id ?? message.parent_tool_use_id ?? "";
  return { agentId, type: subagent_type, description: task_description };
}

/** Signals of a turn whose id is not known yet. */
type WithoutTurn<Signal> = Signal extends { turnId: string } ? Omit<Signal, "turnId"> : never;
export type TurnContent = WithoutTurn<
  Extract<
    ProcessSignal,
    { kind: "delta" | "thinking" | "message" | "agent-message" | "tool-started" | "tool-finished" }
  >
>;

/** What a message of the SDK says inside a turn. Pure; a message without such content gives nothing. */
export function contentOf(message: SDKMessage): TurnContent[] {
  switch (message.type) {
    case "stream_event": {
      // A subagent's words belong to its own conversation, not to the reply.
      if (message.parent_tool_use_id !== null) return [];
      const event = message.event;
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
        return [{ kind: "delta", text: event.delta.text }];
      }
      if (event.type === "content_block_start" && event.content_block.type === "thinking")
        return [{ kind: "thinking" }];
      return [];
    }
    case "assistant": {
      // With `error` the text is the CLI's own notice of a failed request; the result reports it as the failure.
      if (message.error !== undefined) return [];
      const agent = agentOf(message);
      const parentToolUseId = message.parent_tool_use_id ?? undefined;
      return message.message.content.flatMap((block): TurnContent[] => {
        if (block.type === "text" && block.text !== "") {
          const text = block.text.toWellFormed();
          return [
            agent === undefined
              ? { kind: "message", messageId: message.uuid, text }
              : { kind: "agent-message", agent, text, parentToolUseId },
          ];
        }
        if (block.type !== "tool_use") return [];
        const input = withoutDepths((block.input ?? {}) as Record<string, unknown>);
        const title = toolTitle(block.name, input);
        const named = { kind: "tool-started", toolUseId: block.id, toolName: block.name, title } as const;
        const use = { ...named, ...shownInput(input) };
        return [agent === undefined ? use : { ...use, parentToolUseId, agent }];
      });
    }
    case "user": {
      const content = message.message.content;
      if (typeof content === "string") return [];
      return content.flatMap((block): TurnContent[] =>
        block.type === "tool_result"
          ? [
              {
                kind: "tool-finished",
                toolUseId: block.tool_use_id,
                failed: block.is_error === true,
                ...outcomeOf(block.content, message.tool_use_result),
              },
            ]
          : [],
      );
    }
    default:
      return [];
  }
}

/** The signals of a message of the SDK that belong to no turn. Pure; a message that means nothing (yet) gives none. */
export function translate(message: SDKMessage): ProcessSignal[] {
  switch (message.type) {
    case "assistant":
      return message.error === undefined
        ? []
        : refusalOf(message.error, null, { refusals: 1, final: true, waitMs: 0 });
    case "rate_limit_event":
      return usageLimitOf(message);
    case "system":
      if (message.subtype === "status") return modeOf(message.permissionMode);
      return message.subtype === "api_retry"
        ? refusalOf(message.error, message.error_status, {
            refusals: message.attempt,
            final: false,
            waitMs: message.retry_delay_ms,
          })
        : [];
    case "auth_status":
      return message.error === undefined
        ? []
        : refusalOf("authentication_failed", null, { refusals: 1, final: true, waitMs: 0 });
    default:
      return [];
  }
}
