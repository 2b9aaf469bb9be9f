import type { Failure } from "../../domain/errors.ts";
import type { SessionProcess } from "./sessionProcess.ts";

/** A process of a one-shot prompt, which belongs to no session and takes a place. */
export interface OneShotProcess {
  readonly processId: string;
  /** Stops the process; the caller of the prompt is told the failure. */
  fail(failure: Failure): void;
}

/** Registry of the live processes: which sessions have one, and how many places are taken. */
export class ProcessRegistry {
  readonly #bySession = new Map<string, SessionProcess>();

  /** Places that are taken, those of one-shot prompts included. */
  get size(): number {
    return this.#bySession.size + this.oneShots.size;
  }

  readonly oneShots = new Set<OneShotProcess>();

  get(sessionId: string): SessionProcess | undefined {
    return this.#bySession.get(sessionId);
  }

  add(sessionProcess: SessionProcess): void {
    this.#bySession.set(sessionProcess.sessionId, sessionProcess);
  }

  remove(sessionProcess: SessionProcess): void {
    if (this.#bySession.get(sessionProcess.sessionId) === sessionProcess)
      this.#bySession.delete(sessionProcess.sessionId);
    sessionProcess.markGone();
  }

  all(): SessionProcess[] {
    return [...this.#bySession.values()];
  }

  stoppingCount(): number {
    return this.all().filter(({ isLeaving }) => isLeaving).length;
  }

  /** Sessions that could make room without harm, longest idle first: nothing runs in them, no task either. */
  idlest(): string[] {
    return this.all()
      .filter(({ isFree, tasks }) => isFree && !tasks.holdProcess)
      .sort((a, b) => a.idleSinceAt - b.idleSinceAt)
      .map((sessionProcess) => sessionProcess.sessionId);
  }

  /** Idle sessions whose tasks would be cut off, those first whose tasks have been silent longest. */
  idleWithTasks(): string[] {
    return this.all()
      .filter(({ isFree, tasks }) => isFree && tasks.count > 0 && tasks.holdProcess)
      .sort((a, b) => a.tasks.lastSignAt - b.tasks.lastSignAt)
      .map((sessionProcess) => sessionProcess.sessionId);
  }

  /** The session's own process, in the words of `domain/processes/admission`. */
  ownState(sessionId: string): "none" | "ready" | "busy" | "stopping" {
    const phase = this.#bySession.get(sessionId)?.phase;
    switch (phase) {
      case undefined:
        return "none";
      case "idle":
        return "ready";
      case "starting":
      case "busy":
        return "busy";
      case "stopping":
      case "exited":
      case "gone":
        return "stopping";
    }
  }
}
