import { DaylongError, type Failure } from "../domain/errors.ts";
import type { LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessExit, ProcessHost, TranscriptReply } from "../domain/processes/process.ts";
import type { Conversations } from "./conversations.ts";
import { describeExit, tellExit } from "./exitEvent.ts";
import type { HeldEvents } from "./heldEvents.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Outages } from "./outages.ts";
import type { PermissionDesk } from "./permissionDesk.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk } from "./turnClerk.ts";
import { writtenReply } from "./writtenReply.ts";

export interface DeparturesParts {
  store: Store;
  host: ProcessHost;
  conversations: Conversations;
  feed: LiveFeed;
  log: Log;
  roster: Roster;
  clerk: TurnClerk;
  permissions: PermissionDesk;
  held: HeldEvents;
  outages: Outages;
  leaseChanged(deadlineAt: number): void;
  /** A place became free. */
  turnEnded(): void;
}

/** Writes down how processes end, and how they do not come up: the log, their turns, their places. */
export class Departures {
  readonly #parts: DeparturesParts;
  readonly #store: Store;

  constructor(parts: DeparturesParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  startFailed(incarnation: Incarnation, error: unknown): void {
    let failure: Failure =
      error instanceof DaylongError
        ? { code: error.code, detail: error.message }
        : { code: "process_start_failed", detail: "Claude could not be started." };
    if (incarnation.process !== undefined) {
      // It came up but could not be set up: what it was meant for fails now, and its exit frees the place.
      incarnation.stopReason ??= "failed";
      incarnation.phase = "stopping";
      void incarnation.process.stop();
      return;
    }
    const { sessionId, turn } = incarnation;
    if (failure.code === "conversation_lost" && !this.#parts.conversations.giveUp(sessionId, turn?.turnId))
      failure = { code: "process_start_failed", detail: failure.detail };
    this.#leave(incarnation, undefined, () => failure);
  }

  exited(incarnation: Incarnation, exit: ProcessExit): void {
    const { sessionId } = incarnation;
    this.#parts.log.debug("process.gone", { sessionId, detail: exit.detail });
    incarnation.hasExited = true;
    const failureOf = (): Failure => {
      const { stopReason, turn } = incarnation;
      if (turn?.interrupt) return { code: "interrupted", detail: turn.interrupt.detail };
      if (turn?.fault) return turn.fault;
      if (stopReason !== undefined) {
        return { code: "process_stopped", detail: "Claude was stopped in the middle of this turn." };
      }
      const detail = `Claude ${describeExit(exit)} in the middle of this turn. The context is kept; send a message to go on.`;
      return { code: "process_crashed", detail };
    };
    const { turn } = incarnation;
    if (!turn?.isGiven || turn.interrupt) {
      this.#leave(incarnation, exit, failureOf);
      return;
    }
    // It may have written its whole answer down and ended before it could say so.
    void writtenReply(this.#parts, sessionId, turn.messageId).then((reply) =>
      this.#leave(incarnation, exit, failureOf, reply),
    );
  }

  /** The incarnation is over: its turn ends or goes back to the queue, its place is free. */
  #leave(
    incarnation: Incarnation,
    exit: ProcessExit | undefined,
    failureOf: () => Failure,
    reply?: TranscriptReply,
  ): void {
    const { sessionId } = incarnation;
    const { clerk, permissions, roster, feed, held, outages } = this.#parts;
    let crash: string | undefined;
    let isAnswered = false;
    let deadlineAt = Number.POSITIVE_INFINITY;
    const write = () => {
      const { turn, stopReason } = incarnation;
      held.write(incarnation);
      permissions.expireAll(sessionId, "process_gone");
      if (turn !== undefined) {
        const isGiven = this.#store.turns.get(turn.turnId)?.givenAt !== undefined;
        const couldNotStart = stopReason === "failed" || (exit === undefined && stopReason === undefined);
        const failure = failureOf();
        if (reply !== undefined)
          isAnswered = clerk.endWithTranscript(sessionId, turn.turnId, reply, undefined, undefined);
        else if (failure.code !== "conversation_lost" && (isGiven || couldNotStart)) {
          const kind = failure.code === "interrupted" ? "interrupted" : "failed";
          clerk.end(sessionId, turn.turnId, { kind, failure }, undefined);
        } else this.#store.turns.requeue(turn.turnId);
      }
      const session = this.#store.sessions.get(sessionId);
      if (session === undefined || session.state === "closed" || session.state === "expired") return;
      if (session.state !== "parked") this.#store.sessions.setState(sessionId, "parked");
      if (isAnswered) {
        const lease = clerk.renewLease(session);
        deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
      }
      // A process that never came up leaves no word but its turn's failure. One whose answer is there went after its turn.
      const told = isAnswered ? { ...incarnation, turn: undefined } : incarnation;
      crash = exit === undefined ? undefined : tellExit(this.#store.events, told, exit);
    };
    incarnation.writer.run(
      () => this.#store.transaction(write),
      () => {
        incarnation.turn = undefined;
        feed.flush(sessionId);
        roster.remove(incarnation);
        if (isAnswered) {
          outages.answered(sessionId);
          this.#parts.leaseChanged(deadlineAt);
        }
        // A start that was given up says nothing about the next one.
        if (exit === undefined && incarnation.stopReason === undefined)
          outages.startFailed(incarnation, failureOf());
        if (crash !== undefined) outages.crashed(sessionId, crash);
        this.#parts.turnEnded();
      },
    );
  }
}
