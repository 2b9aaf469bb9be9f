import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { FactSignal, RetryReason } from "../../domain/processes/factSignal.ts";
import { isCommandAllowed } from "../../domain/prompts/commands.ts";
import type { SessionCommand } from "../../domain/sessions/facts.ts";
import { headOf } from "../../domain/visibleText.ts";
import { planWindowsOf } from "./planWindows.ts";
import { TodoReader } from "./todoReader.ts";
import { UsageMeter, type UseByModel } from "./usageMeter.ts";

/** A command's description is one line of a list; some of the CLI's are essays for the model. */
const mostDescriptionUnits = 300;
const mostPromptUnits = 500;
const mostNoticeUnits = 1_000;

/** A command as the CLI lists it. */
export interface CliCommand {
  name: string;
  description: string;
  argumentHint: string;
  aliases?: string[];
  builtin?: boolean;
}

/** The CLI's list of commands in the domain's words, without those that a message may not be. */
export const sessionCommands = (commands: readonly CliCommand[]): SessionCommand[] =>
  commands
    // Names with two underscores are the CLI's own plumbing.
    .filter(({ name, builtin }) => !name.startsWith("__") && isCommandAllowed(name, builtin))
    .map(({ name, description, argumentHint, aliases, builtin }) => ({
      name,
      description: headOf(description, mostDescriptionUnits),
      argumentHint: headOf(argumentHint, mostDescriptionUnits),
      aliases: (aliases ?? []).filter((alias) => isCommandAllowed(alias)),
      builtin: builtin === true,
    }));

/** Why the CLI tries again; `status` is `null` when there was no answer at all. */
export function retryReasonOf(error: string, status: number | null): RetryReason {
  if (status === 401 || error === "authentication_failed") return "login";
  if (status === 429 || error === "rate_limit") return "rate_limit";
  if (status === 529 || error === "overloaded") return "overloaded";
  if (status === null) return "no_connection";
  return status >= 500 ? "server_error" : "other";
}

/**
 * The context window of the model that answered a request. The API may name it more precisely than the CLI does; 0 when
 * the CLI has no figures.
 */
function windowOf(models: Readonly<Record<string, ModelFigures>>, model: string): number {
  const alike = ([name, { canonicalModel }]: [string, ModelFigures]) =>
    model.startsWith(name) || (canonicalModel !== undefined && model.startsWith(canonicalModel));
  const found = models[model] ?? Object.entries(models).find(alike)?.[1];
  return (
    found?.contextWindow ?? Math.max(0, ...Object.values(models).map(({ contextWindow }) => contextWindow))
  );
}

interface ModelFigures {
  contextWindow: number;
  canonicalModel?: string;
}

interface RequestUse {
  input_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  output_tokens?: number | null;
}

export interface FactReaderParts {
  /** What was used in the conversation before this process. */
  usedBefore: UseByModel;
}

/**
 * Reader of what a CLI process says about its session beside its turns: todos, commands, the context window, compaction,
 * suggestions, retries, notices, the plan's windows, the use of each model. Pure but for its own state. What belongs to a
 * result is told before it, so that it can share the commit of the turn's end.
 */
export class FactReader {
  readonly #todos = new TodoReader();
  readonly #meter: UsageMeter;
  /** The last request of the main conversation: its model, and the tokens that it sent and got. */
  #request: { model: string; sentTokens: number; gotTokens: number } | undefined;
  #isCompacting = false;
  /** Uses of Claude's own notification tool that have no result yet, with their texts. */
  readonly #notices = new Map<string, string>();

  constructor(parts: FactReaderParts) {
    this.#meter = new UsageMeter(parts.usedBefore);
  }

  read(message: SDKMessage): FactSignal[] {
    switch (message.type) {
      case "stream_event":
        if (message.parent_tool_use_id === null) this.#noteRequest(message.event);
        return [];
      case "assistant":
        this.#noteNotices(message);
        return this.#todosOf(message);
      case "user":
        return [...this.#todosOf(message), ...this.#noticesOf(message)];
      case "prompt_suggestion":
        return [{ kind: "suggested", prompts: [headOf(message.suggestion, mostPromptUnits)] }];
      case "rate_limit_event": {
        const windows = planWindowsOf(message.rate_limit_info);
        return windows.length === 0 ? [] : [{ kind: "plan", windows }];
      }
      case "result":
        return this.#resultOf(message);
      case "system":
        return this.#systemOf(message);
      case "conversation_reset":
        return [{ kind: "todos", change: { kind: "cleared" } }];
      default:
        return [];
    }
  }

  #todosOf(message: SDKMessage): FactSignal[] {
    return this.#todos.read(message).map((change) => ({ kind: "todos", change }));
  }

  #noteRequest(event: Extract<SDKMessage, { type: "stream_event" }>["event"]): void {
    if (event.type === "message_start") {
      const usage: RequestUse = event.message.usage;
      const sentTokens =
        (usage.input_tokens ?? 0) +
        (usage.cache_read_input_tokens ?? 0) +
        (usage.cache_creation_input_tokens ?? 0);
      this.#request = { model: event.message.model, sentTokens, gotTokens: usage.output_tokens ?? 0 };
      return;
    }
    if (event.type === "message_delta" && this.#request !== undefined)
      this.#request.gotTokens = event.usage.output_tokens ?? this.#request.gotTokens;
  }

  #resultOf(message: Extract<SDKMessage, { type: "result" }>): FactSignal[] {
    const { modelUsage } = message;
    const request = this.#request;
    // A request is told once: a result without one of its own (a command) says nothing about the window.
    this.#request = undefined;
    const models = this.#meter.read(modelUsage);
    const windowTokens = request === undefined ? 0 : windowOf(modelUsage, request.model);
    return [
      ...this.#compactionOver(),
      ...(request !== undefined && windowTokens > 0
        ? [{ kind: "context" as const, usedTokens: request.sentTokens + request.gotTokens, windowTokens }]
        : []),
      ...(models.length > 0 ? [{ kind: "used" as const, models }] : []),
    ];
  }

  #systemOf(message: Extract<SDKMessage, { type: "system" }>): FactSignal[] {
    switch (message.subtype) {
      case "status":
        if (message.status === "compacting") {
          if (this.#isCompacting) return [];
          this.#isCompacting = true;
          return [{ kind: "compacting", isOn: true }];
        }
        return this.#compactionOver();
      case "compact_boundary": {
        const { trigger, pre_tokens: tokensBefore, post_tokens: tokensAfter } = message.compact_metadata;
        // Whatever the last request sent, the next one sends the summary.
        this.#request = undefined;
        return [
          ...this.#compactionOver(),
          {
            kind: "compacted",
            trigger,
            tokensBefore,
            ...(tokensAfter !== undefined && { tokensAfter }),
          },
        ];
      }
      case "commands_changed":
        return [{ kind: "commands", commands: sessionCommands(message.commands) }];
      case "api_retry":
        return [
          {
            kind: "retrying",
            attempt: message.attempt,
            reason: retryReasonOf(message.error, message.error_status),
            waitMs: message.retry_delay_ms,
          },
        ];
      default:
        return [];
    }
  }

  #compactionOver(): FactSignal[] {
    if (!this.#isCompacting) return [];
    this.#isCompacting = false;
    return [{ kind: "compacting", isOn: false }];
  }

  #noteNotices({ message }: Extract<SDKMessage, { type: "assistant" }>): void {
    for (const block of message.content) {
      if (block.type !== "tool_use" || block.name !== "PushNotification") continue;
      const input = block.input as { message?: unknown } | null;
      if (typeof input?.message === "string" && input.message.trim() !== "")
        this.#notices.set(block.id, input.message);
    }
  }

  #noticesOf({ message }: Extract<SDKMessage, { type: "user" }>): FactSignal[] {
    if (this.#notices.size === 0 || typeof message.content === "string") return [];
    return message.content.flatMap((block): FactSignal[] => {
      if (block.type !== "tool_result") return [];
      const text = this.#notices.get(block.tool_use_id);
      this.#notices.delete(block.tool_use_id);
      if (text === undefined || block.is_error === true) return [];
      return [{ kind: "notice", text: headOf(text, mostNoticeUnits) }];
    });
  }
}
