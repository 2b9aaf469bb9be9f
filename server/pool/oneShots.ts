import type { Caller } from "../domain/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { OneShotAnswer, ProcessHost } from "../domain/process.ts";
import type { Endings } from "./endings.ts";
import { type Gate, isHeld } from "./gate.ts";
import type { PoolLimits } from "./limits.ts";
import type { Outages } from "./outages.ts";
import type { AskRequest } from "./requests.ts";
import type { Roster } from "./roster.ts";

export interface OneShotsParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  roster: Roster;
  endings: Endings;
  outages: Outages;
  gates: readonly Gate[];
  newId: () => string;
  checkProject(path: string): Promise<void>;
  /** A place became free. */
  advance(): void;
}

/** One that waits for a place. */
interface Waiting {
  processId: string;
  begin(): void;
}

/**
 * Prompts of which nothing is kept. Each has a place of the pool for as long as anything of its process is left, so the
 * ceiling of processes holds. Sessions come first, because somebody waits for them; one place is theirs whatever is asked.
 *
 *   waiting -> running (a place) -> answered | failed | given up (time over, caller gone, server stops)
 */
export class OneShots {
  readonly #parts: OneShotsParts;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Set<AbortController>();
  #isStopped = false;

  constructor(parts: OneShotsParts) {
    this.#parts = parts;
  }

  /** Throws `pool_full`, `login_required`, `ask_failed`, `ask_timed_out`; `interrupted` when `signal` aborted. */
  async ask(request: AskRequest, caller: Caller, signal: AbortSignal): Promise<OneShotAnswer> {
    const { clock, limits, outages, store } = this.#parts;
    const refused = outages.loginDetail;
    if (refused !== undefined) throw new DaylongError("login_required", refused);
    if (this.#waiting.length >= limits.maxQueuedTurns) {
      throw new DaylongError("pool_full", `${this.#waiting.length} prompts wait for a process already.`, {
        retryAfterMs: 10_000,
      });
    }
    const at = clock.now();
    store.audit.add({
      at,
      deviceId: caller.deviceId,
      action: "ask",
      target: request.projectPath,
      detail: "",
    });
    const over = new AbortController();
    const end = () => over.abort();
    let isLate = false;
    const cancelTimer = clock.after(request.timeoutMs, () => {
      isLate = true;
      end();
    });
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted || this.#isStopped) end();
    this.#underWay.add(over);
    try {
      const answer = await this.#run(request, over.signal);
      if (answer !== undefined) return answer;
      if (isLate)
        throw new DaylongError("ask_timed_out", `Claude gave no answer within ${request.timeoutMs} ms.`);
      if (this.#isStopped) throw new DaylongError("shutting_down", "The server is stopping.");
      throw new DaylongError("interrupted", "The caller went away, and the prompt was given up.");
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", end);
      this.#underWay.delete(over);
    }
  }

  /** Gives free places to those who wait. The pool calls it after it has looked after its sessions. */
  admit(): void {
    const { roster, limits, gates, endings } = this.#parts;
    const most = Math.max(1, limits.maxProcesses - 1);
    while (!this.#isStopped && roster.guestCount < most) {
      const next = this.#waiting[0];
      if (next === undefined || isHeld(gates, next.processId, "start")) return;
      if (roster.size >= limits.maxProcesses) {
        if (roster.stoppingCount() > 0) return;
        const idlest = roster.idlest()[0];
        const victim = idlest === undefined ? undefined : roster.get(idlest);
        // Its place is looked for again when it is gone.
        if (victim) void endings.stopProcess(victim, "evicted");
        return;
      }
      this.#waiting.shift();
      next.begin();
    }
  }

  /** Gives up all of them. */
  stop(): void {
    this.#isStopped = true;
    for (const over of this.#underWay) over.abort();
  }

  async #run(request: AskRequest, over: AbortSignal): Promise<OneShotAnswer | undefined> {
    const { host, log, newId, roster, advance, checkProject } = this.#parts;
    const processId = newId();
    if (!(await this.#place(processId, over))) return undefined;
    try {
      await checkProject(request.projectPath);
      const answer = await host.askOnce(
        {
          processId,
          // Of no session: the record of the process needs a name all the same.
          sessionId: processId,
          claudeSessionId: processId,
          projectPath: request.projectPath,
          model: request.model ?? this.#parts.limits.defaultModel,
          permissionMode: "default",
          options: {},
        },
        request.prompt,
        over,
      );
      log.info("ask.ended", { processId, answered: answer !== undefined, denied: answer?.denied.length });
      return answer;
    } finally {
      roster.guestCount -= 1;
      advance();
    }
  }

  /** Resolves to true when a place is taken for it, to false when it was given up before. */
  #place(processId: string, over: AbortSignal): Promise<boolean> {
    if (over.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(false);
      };
      const waiting: Waiting = {
        processId,
        begin: () => {
          over.removeEventListener("abort", leave);
          this.#parts.roster.guestCount += 1;
          resolve(true);
        },
      };
      over.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#parts.advance();
    });
  }
}
