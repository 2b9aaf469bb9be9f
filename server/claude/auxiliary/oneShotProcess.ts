import { type Query, query, type SDKUserMessage } from "@anthropic-ai/claude-agent-sdk/core";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";
import type { OneShotAnswer, OneShotPrompt, ProcessSpec } from "../../domain/processes/process.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import type { UseByModel } from "../facts/usageMeter.ts";
import type { OperatingSystem } from "../os/operatingSystem.ts";
import type { Reaper } from "../os/reaper.ts";
import { prepareSpawn } from "../os/spawn.ts";
import { claudeCommands, contentOf } from "../process/translate.ts";
import type { PreparedStart } from "../start/cliStarts.ts";

export interface OneShotProcessParts {
  spec: ProcessSpec;
  start: PreparedStart;
  clock: Clock;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  ladderMs: number;
  /** Told the CLI's cumulative figures with the result, of an answer or a failure. */
  used(total: UseByModel): void;
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
    const { spec, clock, processStore, os } = parts;
    this.#parts = parts;
    this.#cli = prepareSpawn(spec.processId, spec.sessionId, clock.now(), processStore, os);
  }

  get processId(): string {
    return this.#parts.spec.processId;
  }

  get pid(): number {
    return this.#cli.child?.pid ?? 0;
  }

  /** The CLI process, for the sampler and the reaper. */
  get root() {
    return { processId: this.processId, ...this.#cli.identity };
  }

  /** Resolves when it is answered, has failed, or was given up, and nothing is left of it. Never rejects. */
  async ask(prompt: OneShotPrompt, givenUp: Promise<unknown>): Promise<OneShotEnd> {
    const denied: OneShotAnswer["denied"] = [];
    let refuse: (reason: unknown) => void = () => {};
    const refused = new Promise<never>((_resolve, reject) => {
      refuse = reject;
    });
    try {
      this.#query = query({
        prompt: this.#words(prompt, refuse),
        options: {
          ...this.#parts.start.options,
          canUseTool: async (toolName, input) => {
            denied.push({ toolName, title: toolTitle(toolName, input) });
            return { behavior: "deny", message: denial };
          },
          spawnClaudeCodeProcess: this.#cli.spawnClaudeCodeProcess,
        },
      });
      return await Promise.race([
        answerOf(this.#query, denied, (total) => this.#parts.used(total)),
        refused,
        givenUp.then((): OneShotEnd => ({ kind: "given-up" })),
      ]);
    } catch (cause) {
      if (cause instanceof DaylongError) return { kind: "failed", detail: cause.message, cause };
      return { kind: "failed", detail: this.#cli.stderrTail.slice(-300).trim() || String(cause), cause };
    } finally {
      await this.#end();
    }
  }

  /** The one prompt, when the CLI has said which commands it has; nothing when it may not be given. */
  async *#words(prompt: OneShotPrompt, refuse: (reason: unknown) => void): AsyncGenerator<SDKUserMessage> {
    // The query that asks for it is there in the next turn of the event loop.
    await Promise.resolve();
    let content: string;
    try {
      const started = await this.#query?.initializationResult();
      content = await prompt(claudeCommands(started?.commands ?? []));
    } catch (error) {
      refuse(error);
      return;
    }
    yield { type: "user", message: { role: "user", content }, parent_tool_use_id: null };
  }

  /** Ends what it is asked; `ask` resolves as failed. */
  close(): void {
    this.#query?.close();
  }

  async #end(): Promise<void> {
    const { clock, processStore, reaper, ladderMs, start } = this.#parts;
    this.#query?.close();
    if (this.#cli.child) await reaper.end([this.root], ladderMs);
    await start.release();
    processStore.ended(this.processId, clock.now());
  }
}

/** The answer is the result's text; when Claude said it before its last tool, the last text that was heard. */
async function answerOf(
  asked: Query,
  denied: OneShotAnswer["denied"],
  used: (total: UseByModel) => void,
): Promise<OneShotEnd> {
  let lastText = "";
  for await (const message of asked) {
    for (const content of contentOf(message)) if (content.kind === "message") lastText = content.text;
    if (message.type !== "result") continue;
    used(message.modelUsage ?? {});
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
