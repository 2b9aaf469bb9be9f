import type { Options } from "@anthropic-ai/claude-agent-sdk";
import { abortOf, unlessAborted } from "../../domain/deadline.ts";
import type { Clock } from "../../domain/ports.ts";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import type { ProjectStanding, ProjectTrust } from "../../domain/sessions/trust.ts";
import type { ProcessStore } from "../../domain/stores/operation.ts";
import { cliEnvironment } from "../start/environment.ts";
import { type OneShotEnd, OneShotProcess } from "./oneShotProcess.ts";

export interface AuxiliaryProcessesParts {
  clock: Clock;
  processStore: ProcessStore;
  environment: Readonly<Record<string, string | undefined>>;
  binary?: string;
  ladderMs: number;
  trust: Pick<ProjectTrust, "rulesOf">;
  standingOf(spec: ProcessSpec): Promise<ProjectStanding>;
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
  async ask(spec: ProcessSpec, prompt: string, signal: AbortSignal, options?: Options): Promise<OneShotEnd> {
    if (signal.aborted) return { kind: "given-up" };
    let standing: ProjectStanding;
    try {
      standing = await unlessAborted(this.#parts.standingOf(spec), signal);
    } catch (error) {
      if (signal.aborted) return { kind: "given-up" };
      throw error;
    }
    const environment = cliEnvironment(this.#parts.environment, spec.processId);
    const one = new OneShotProcess({
      ...this.#parts,
      spec,
      standing,
      rules: this.#parts.trust.rulesOf(spec.projectPath, spec.sessionId),
      environment,
      options,
    });
    this.#asked.add(one);
    const { aborted, release } = abortOf(signal);
    return one.ask(prompt, aborted).finally(() => {
      release();
      this.#asked.delete(one);
    });
  }

  /** Ends all of them; each `ask` resolves as failed. */
  close(): void {
    for (const one of this.#asked) one.close();
  }
}
