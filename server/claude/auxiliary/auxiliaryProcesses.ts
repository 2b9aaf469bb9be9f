import { abortOf, unlessAborted } from "../../domain/deadline.ts";
import type { Clock } from "../../domain/ports.ts";
import type { OneShotPrompt, ProcessSpec } from "../../domain/processes/process.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import type { UseByModel } from "../facts/usageMeter.ts";
import type { OperatingSystem } from "../os/operatingSystem.ts";
import type { Reaper } from "../os/reaper.ts";
import type { CliStarts, PreparedStart } from "../start/cliStarts.ts";
import { type OneShotEnd, OneShotProcess } from "./oneShotProcess.ts";

export interface AuxiliaryProcessesParts {
  clock: Clock;
  processStore: ProcessStore;
  os: OperatingSystem;
  reaper: Reaper;
  ladderMs: number;
  starts: Pick<CliStarts, "prepare" | "startedIn">;
}

/** What an auxiliary process is asked. */
export interface AuxiliaryPrompt {
  kind: "one-shot" | "recap";
  spec: ProcessSpec;
  prompt: OneShotPrompt;
  /** Told the CLI's cumulative figures with the result. */
  used(total: UseByModel): void;
}

/** Auxiliary processes, beside those of the sessions: recaps on forks, and one-shot prompts. */
export class AuxiliaryProcesses {
  readonly #parts: AuxiliaryProcessesParts;
  readonly #asked = new Set<OneShotProcess>();

  constructor(parts: AuxiliaryProcessesParts) {
    this.#parts = parts;
  }

  /** Those of which something is left. */
  live(): OneShotProcess[] {
    return [...this.#asked];
  }

  /** Given up as soon as `signal` aborts, at any point; settles when nothing is left of the process. */
  async ask(asked: AuxiliaryPrompt, signal: AbortSignal): Promise<OneShotEnd> {
    const { kind, spec, prompt, used } = asked;
    if (signal.aborted) return { kind: "given-up" };
    const preparing = this.#prepare(kind, spec);
    let start: PreparedStart;
    try {
      start = await unlessAborted(preparing, signal);
    } catch (error) {
      // On a dead mount it may still come, when nobody waits for it any more.
      preparing.then(
        (late) => late.release(),
        () => {},
      );
      if (signal.aborted) return { kind: "given-up" };
      throw error;
    }
    const one = new OneShotProcess({ ...this.#parts, spec, start, used });
    this.#asked.add(one);
    const { aborted, release } = abortOf(signal);
    return one.ask(prompt, aborted).finally(() => {
      release();
      this.#asked.delete(one);
    });
  }

  async #prepare(kind: AuxiliaryPrompt["kind"], spec: ProcessSpec): Promise<PreparedStart> {
    const { starts } = this.#parts;
    return starts.prepare(kind, spec, await starts.startedIn(spec));
  }

  /** Ends all of them; each `ask` resolves as failed. */
  close(): void {
    for (const one of this.#asked) one.close();
  }
}
