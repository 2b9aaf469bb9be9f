import type { SessionCommand, TodoChange } from "../sessions/facts.ts";
import type { ModelUse, PlanWindow } from "./usage.ts";

/** Why a request of Claude's failed and is tried again. */
export const retryReasons = [
  /** No answer at all: no network, a closed port, a connection that broke. */
  "no_connection",
  "overloaded",
  "server_error",
  "rate_limit",
  "login",
  "other",
] as const;
export type RetryReason = (typeof retryReasons)[number];

/** Signal of a live process about its session, beside its turns; made from the CLI's messages by `claude/facts`. */
export type FactSignal =
  | { kind: "todos"; change: TodoChange }
  | { kind: "commands"; commands: SessionCommand[] }
  | { kind: "context"; usedTokens: number; windowTokens: number }
  | { kind: "compacting"; isOn: boolean }
  | { kind: "compacted"; trigger: "manual" | "auto"; tokensBefore: number; tokensAfter?: number }
  | { kind: "suggested"; prompts: string[] }
  /** A request failed and is tried again after `waitMs`. */
  | { kind: "retrying"; attempt: number; reason: RetryReason; waitMs: number }
  /** Claude tells the owner something, by a tool of its own. */
  | { kind: "notice"; text: string }
  | { kind: "plan"; windows: PlanWindow[] }
  /** What a result adds to the use of each model, subagents included. */
  | { kind: "used"; models: ModelUse[] };
