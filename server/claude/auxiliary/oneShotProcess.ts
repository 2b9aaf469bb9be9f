import { type Options, type Query, query } from "@anthropic-ai/claude-agent-sdk";
import type { Clock } from "../../domain/ports.ts";
import type { OneShotAnswer, ProcessSpec } from "../../domain/processes/process.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";
import type { ProjectStanding } from "../../domain/sessions/trust.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import { endBelongings } from "../os/reaper.ts";
import { prepareSpawn } from "../os/spawn.ts";
import { contentOf } from "../process/translate.ts";
import { baseOptions } from "../start/options.ts";

export interface OneShotProcessParts {
  spec: ProcessSpec;
  standing: ProjectStanding;
  /** The permission rules that always hold in the project. */
  rules: readonly string[];
  environment: Record<string, string>;
  binary?: string;
  clock: Clock;
  processStore: ProcessStore;
  ladderMs: number;
  /** Further options of its start, such as the conversation it forks. */
  options?: Options;
}

/** The outcome of the process; its last words on standard error help to say why. */
export type OneShotEnd =
  | { kind: "answered"; answer: OneShotAnswer }
  | { kind: "failed"; detail: string; cause?: unknown }
  | { kind: "given-up" };

const denial =
  "This prompt is answered without a person who could be asked, so nothing is allowed that would need one. " +
  "Answer with what can be known without it, and say what could not be done.";

/**
 * A CLI process for one prompt, of which nothing is kept: no session, no transcript. Every permission that it asks for
 * is denied.
 */
export class OneShotProcess {
  readonly #parts: OneShotProcessParts;
  readonly #cli: ReturnType<typeof prepareSpawn>;
  #query: Query | undefined;

  constructor(parts: OneShotProcessParts) {
    const { spec, clock, processStore } = parts;
    this.#parts = parts;
    this.#cli = prepareSpawn(spec.processId, spec.sessionId, clock.now(), processStore);
  }

  get processId(): string {
    return this.#parts.spec.processId;
  }

  get pid(): number {
    return this.#cli.child?.pid ?? 0;
  }

  /** Resolves when it is answered, has failed, or was given up, and nothing is left of it. Never rejects. */
  async ask(prompt: string, givenUp: Promise<unknown>): Promise<OneShotEnd> {
    const { spec, standing, rules, environment, binary, options } = this.#parts;
    const denied: OneShotAnswer["denied"] = [];
    try {
      this.#query = query({
        prompt,
        options: {
          ...baseOptions(spec, environment, binary, standing, rules),
          canUseTool: async (toolName, input) => {
            denied.push({ toolName, title: toolTitle(toolName, input) });
            return { behavior: "deny", message: denial };
          },
          ...options,
          persistSession: false,
          spawnClaudeCodeProcess: this.#cli.spawnClaudeCodeProcess,
        },
      });
      return await Promise.race([
        answerOf(this.#query, denied),
        givenUp.then((): OneShotEnd => ({ kind: "given-up" })),
      ]);
    } catch (cause) {
      return { kind: "failed", detail: this.#cli.stderrTail.slice(-300).trim() || String(cause), cause };
    } finally {
      await this.#end();
    }
  }

  /** Ends what it is asked; `ask` resolves as failed. */
  close(): void {
    this.#query?.close();
  }

  async #end(): Promise<void> {
    const { clock, processStore, ladderMs } = this.#parts;
    this.#query?.close();
    const { child, identity } = this.#cli;
    if (child) await endBelongings([{ processId: this.processId, ...identity }], clock, ladderMs);
    processStore.ended(this.processId, clock.now());
  }
}

/** The answer is the result's text; when Claude said it before its last tool, the last text that was heard. */
async function answerOf(asked: Query, denied: OneShotAnswer["denied"]): Promise<OneShotEnd> {
  let lastText = "";
  for await (const message of asked) {
    for (const content of contentOf(message)) if (content.kind === "message") lastText = content.text;
    if (message.type !== "result") continue;
    if (message.subtype === "success" && !message.is_error) {
      const { total_cost_usd: costUsd, duration_ms: durationMs } = message;
      const text = message.result.toWellFormed() || lastText;
      return { kind: "answered", answer: { text, costUsd, durationMs, denied } };
    }
    const said = message.subtype === "success" ? message.result : message.errors.join("; ");
    return { kind: "failed", detail: said.slice(0, 500).toWellFormed() };
  }
  return { kind: "failed", detail: "It ended without an answer." };
}
