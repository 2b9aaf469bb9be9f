import { unlessAborted } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { OneShotAnswer, ProcessHost } from "../../domain/processes/process.ts";
import { type ClaudeCommand, judgeCommand } from "../../domain/prompts/commands.ts";
import { interpretationsOf, judgePrompt, type MentionResolver } from "../../domain/prompts/judgePrompt.ts";
import type { AskRequest } from "../port.ts";
import { type Gate, isHeld } from "../state/gate.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { OneShotProcess, ProcessRegistry } from "../state/processRegistry.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import type { Capacity } from "./capacity.ts";

export interface OneShotsParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  registry: ProcessRegistry;
  observer: ProcessObserver;
  gates: readonly Gate[];
  capacity: Capacity;
  facts: Pick<FactWriter, "addUseOf">;
  newId: () => string;
  mentions: MentionResolver;
  checkProject(path: string): Promise<void>;
  /** A place became free. */
  advance(): void;
}

/** A one-shot prompt that waits for a place. */
interface Waiting {
  oneShot: OneShotProcess;
  begin(): void;
}

const refusedAs = {
  late: (timeoutMs: number) =>
    new DaylongError("ask_timed_out", `Claude gave no answer within ${timeoutMs} ms.`),
  gone: () => new DaylongError("interrupted", "The caller went away, and the prompt was given up."),
  stopping: () => new DaylongError("shutting_down", "The server is stopping."),
};

/**
 * One-shot prompts, of which nothing is kept. Each has a place of the pool for as long as anything of its process is
 * left, so the ceiling of processes holds. Sessions come first, because a person waits for them; one place is reserved
 * for them.
 *
 *   waiting -> running (a place) -> answered | failed | given up (time over, too much memory, caller gone, server stops)
 */
export class OneShots {
  readonly #parts: OneShotsParts;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Set<AbortController>();
  #isStopped = false;

  constructor(parts: OneShotsParts) {
    this.#parts = parts;
  }

  /**
   * Throws `pool_full`, `login_required`, `ask_failed`, `ask_timed_out`, `memory_limit`; `interrupted` when `signal`
   * aborted.
   */
  async ask(request: AskRequest, caller: Caller, signal: AbortSignal): Promise<OneShotAnswer> {
    const { clock, limits, observer } = this.#parts;
    const refused = observer.loginDetail;
    if (refused !== undefined) throw new DaylongError("login_required", refused);
    const processId = this.#parts.newId();
    // As a session's message, it is refused only if it would have to wait.
    if (this.#waiting.length >= limits.maxQueuedTurns && !this.#canBegin(processId)) {
      throw new DaylongError("pool_full", `${this.#waiting.length} prompts wait for a process already.`, {
        retryAfterMs: 10_000,
      });
    }
    this.#audit(request, caller, "ask", "");
    const verdict = judgeCommand(request.prompt, undefined);
    if (verdict.kind === "refused") {
      this.#audit(request, caller, "command.refuse", `/${verdict.name}`);
      throw new DaylongError("command_forbidden", verdict.detail);
    }
    const over = new AbortController();
    const leave = () => over.abort(refusedAs.gone());
    const cancelTimer = clock.after(request.timeoutMs, () => over.abort(refusedAs.late(request.timeoutMs)));
    signal.addEventListener("abort", leave, { once: true });
    if (this.#isStopped) over.abort(refusedAs.stopping());
    if (signal.aborted) leave();
    this.#underWay.add(over);
    const oneShot = {
      processId,
      fail: ({ code, detail }: Failure) => over.abort(new DaylongError(code, detail)),
    };
    try {
      const answer = await this.#run(request, caller, oneShot, over.signal);
      if (answer !== undefined) return answer;
      throw over.signal.reason;
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", leave);
      this.#underWay.delete(over);
    }
  }

  /** Gives free places to waiting prompts. The pool calls it after all sessions have been looked at. */
  admit(): void {
    const { capacity, gates } = this.#parts;
    const nextPlace = capacity.allot();
    while (!this.#isStopped && capacity.admitsOneShot) {
      const next = this.#waiting[0];
      if (next === undefined || isHeld(gates, next.oneShot.processId, "start")) return;
      // A place that is coming is looked for again when it is free.
      if (nextPlace() !== "free") return;
      this.#waiting.shift();
      next.begin();
    }
  }

  /** Gives up all of them. */
  stop(): void {
    this.#isStopped = true;
    for (const over of this.#underWay) over.abort(refusedAs.stopping());
  }

  /** Whether a place is free for it, or an idle session's is taken for it at once. */
  #canBegin(processId: string): boolean {
    const { capacity, gates } = this.#parts;
    if (this.#waiting.length > 0 || !capacity.admitsOneShot) return false;
    return !isHeld(gates, processId, "start") && capacity.canMakePlace;
  }

  async #run(
    request: AskRequest,
    caller: Caller,
    oneShot: OneShotProcess,
    over: AbortSignal,
  ): Promise<OneShotAnswer | undefined> {
    const { host, log, registry, facts, advance } = this.#parts;
    const { processId } = oneShot;
    if (!(await this.#place(oneShot, over))) return undefined;
    try {
      if (!(await this.#mayWorkIn(request.projectPath, over))) return undefined;
      const answer = await host.askOnce(
        {
          processId,
          // Of no session: the record of the process needs a name all the same.
          sessionId: processId,
          claudeSessionId: processId,
          projectPath: request.projectPath,
          model: request.model ?? this.#parts.limits.claudeModel,
          permissionMode: "default",
          options: {},
        },
        (commands) => this.#wordsOf(request, caller, commands),
        over,
        (models) => facts.addUseOf(request.projectPath, models, 1),
      );
      log.info("ask.ended", { processId, answered: answer !== undefined, denied: answer?.denied.length });
      return answer;
    } finally {
      registry.oneShots.delete(oneShot);
      advance();
    }
  }

  /** The prompt, with what the CLI interprets in it decided. */
  async #wordsOf(request: AskRequest, caller: Caller, commands: readonly ClaudeCommand[]): Promise<string> {
    const { projectPath, prompt } = request;
    const judged = await judgePrompt({ text: prompt, projectPath }, commands, this.#parts.mentions);
    for (const { action, detail } of interpretationsOf(judged)) this.#audit(request, caller, action, detail);
    return judged.text;
  }

  #audit({ projectPath: target }: AskRequest, { deviceId }: Caller, action: string, detail: string): void {
    const { store, clock } = this.#parts;
    store.audit.add({ at: clock.now(), deviceId, action, target, detail });
  }

  /** False when it was given up before the directory had been looked at, which on a dead mount is never. */
  async #mayWorkIn(projectPath: string, over: AbortSignal): Promise<boolean> {
    try {
      await unlessAborted(this.#parts.checkProject(projectPath), over);
      return true;
    } catch (error) {
      if (over.aborted) return false;
      throw error;
    }
  }

  /** Resolves to true when a place is taken for it, to false when it was given up before. */
  #place(oneShot: OneShotProcess, over: AbortSignal): Promise<boolean> {
    if (over.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(false);
      };
      const waiting: Waiting = {
        oneShot,
        begin: () => {
          over.removeEventListener("abort", leave);
          this.#parts.registry.oneShots.add(oneShot);
          resolve(true);
        },
      };
      over.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#parts.advance();
    });
  }
}
