import type { Failure } from "../domain/errors.ts";
import { type Incarnation, isFree, isLeaving } from "./incarnation.ts";

/** A process that belongs to no session and has a place like one. */
export interface Guest {
  readonly processId: string;
  /** Ends it for a reason of ours, which whoever asked is told. */
  fail(failure: Failure): void;
}

/** Which sessions have a process now, and how many places are taken. */
export class Roster {
  readonly #bySession = new Map<string, Incarnation>();

  /** Places that are taken, those of guests included. */
  get size(): number {
    return this.#bySession.size + this.guests.size;
  }

  readonly guests = new Set<Guest>();

  get(sessionId: string): Incarnation | undefined {
    return this.#bySession.get(sessionId);
  }

  add(incarnation: Incarnation): void {
    this.#bySession.set(incarnation.sessionId, incarnation);
  }

  remove(incarnation: Incarnation): void {
    if (this.#bySession.get(incarnation.sessionId) === incarnation)
      this.#bySession.delete(incarnation.sessionId);
    incarnation.markGone();
  }

  all(): Incarnation[] {
    return [...this.#bySession.values()];
  }

  stoppingCount(): number {
    return this.all().filter(isLeaving).length;
  }

  /** Sessions that could make room, longest idle first. */
  idlest(): string[] {
    return this.all()
      .filter(isFree)
      .sort((a, b) => a.idleSinceAt - b.idleSinceAt)
      .map((incarnation) => incarnation.sessionId);
  }

  /** The session's own process, in the words of `domain/processes/admission`. */
  ownState(sessionId: string): "none" | "ready" | "busy" | "stopping" {
    const incarnation = this.#bySession.get(sessionId);
    const phase = incarnation?.hasExited ? "stopping" : incarnation?.phase;
    switch (phase) {
      case undefined:
        return "none";
      case "idle":
        return "ready";
      case "starting":
      case "busy":
        return "busy";
      case "stopping":
        return "stopping";
    }
  }
}
