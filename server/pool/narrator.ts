import { DaylongError, type Failure } from "../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type {
  ProcessExit,
  ProcessHost,
  ProcessListener,
  ProcessSignal,
  TranscriptReply,
  TurnResult,
} from "../domain/process.ts";
import type { Conversations } from "./conversations.ts";
import { describeExit, tellExit } from "./exitEvent.ts";
import type { HeldEvents } from "./heldEvents.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Outages } from "./outages.ts";
import type { PermissionDesk } from "./permissionDesk.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk } from "./turnClerk.ts";
import { endOf } from "./turnEnd.ts";

export interface NarratorParts {
  store: Store;
  host: ProcessHost;
  conversations: Conversations;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  roster: Roster;
  clerk: TurnClerk;
  permissions: PermissionDesk;
  held: HeldEvents;
  outages: Outages;
  newId: () => string;
  leaseChanged(deadlineAt: number): void;
  /** A place or a process became free. */
  turnEnded(): void;
}

/** Writes down what processes say and how they end: the log, the turns, the live words. */
export class Narrator {
  readonly #parts: NarratorParts;
  readonly #store: Store;

  constructor(parts: NarratorParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  listenerFor(incarnation: Incarnation): ProcessListener {
    return {
      signal: (signal) => {
        // What comes after the end is too late: the turn's end may be looked for in the transcript already.
        if (incarnation.hasExited) return;
        incarnation.lastSignAt = this.#parts.clock.now();
        // A fault here must not end the reader loop and with it the process.
        try {
          this.#hear(incarnation, signal);
        } catch (error) {
          this.#parts.log.error("process.signal_lost", {
            sessionId: incarnation.sessionId,
            signal: signal.kind,
            error: String(error),
          });
        }
      },
      askPermission: (ask) => {
        const turnId = incarnation.turn?.turnId;
        // A background task may ask between turns; without a turn there is nobody to show it to as part of one.
        if (turnId === undefined) {
          return Promise.resolve({
            decision: "deny",
            message: "No turn is running, so nobody can be asked.",
          });
        }
        this.#parts.held.write(incarnation);
        return this.#parts.permissions.ask(incarnation.sessionId, turnId, ask).finally(() => {
          // The answer is on its way; from here on Claude is awaited again.
          incarnation.lastSignAt = this.#parts.clock.now();
        });
      },
      exited: (exit) => this.#exited(incarnation, exit),
    };
  }

  startFailed(incarnation: Incarnation, error: unknown): void {
    const failure: Failure =
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
    if (failure.code === "conversation_lost") this.#parts.conversations.markUnusable(incarnation.sessionId);
    this.#leave(incarnation, undefined, () => failure);
  }

  #hear(incarnation: Incarnation, signal: ProcessSignal): void {
    const { feed } = this.#parts;
    const { sessionId, turn } = incarnation;
    const turnId = turn?.turnId;
    this.#parts.outages.heard(incarnation, signal);
    switch (signal.kind) {
      case "delta":
        // The words of the next text come after the one that is finished.
        if (incarnation.held.length > 0) this.#parts.held.write(incarnation);
        if (turnId !== undefined) feed.delta(sessionId, turnId, signal.text);
        return;
      case "alive":
        return;
      case "thinking":
        if (turnId !== undefined) feed.activity(sessionId, turnId, { kind: "thinking" });
        return;
      case "message": {
        const { messageId, text } = signal;
        this.#parts.held.hold(incarnation, { sessionId, turnId, type: "message", data: { messageId, text } });
        if (turn) {
          turn.lastMessageId = messageId;
          turn.hasActed = true;
        }
        return;
      }
      case "tool-started": {
        const { toolUseId, toolName, title } = signal;
        incarnation.tools.set(toolUseId, toolName);
        if (turn) turn.hasActed = true;
        this.#parts.held.hold(incarnation, {
          sessionId,
          turnId,
          type: "tool.started",
          data: { toolUseId, toolName, title },
        });
        if (turnId !== undefined) feed.activity(sessionId, turnId, { kind: "tool", toolName, title });
        return;
      }
      case "tool-finished": {
        const { toolUseId, failed } = signal;
        const toolName = incarnation.tools.get(toolUseId);
        if (toolName === undefined) return;
        incarnation.tools.delete(toolUseId);
        this.#parts.held.hold(incarnation, {
          sessionId,
          turnId,
          type: "tool.finished",
          data: { toolUseId, toolName, failed },
        });
        return;
      }
      case "conversation":
      case "mode":
        this.#parts.clerk.follow(sessionId, signal);
        return;
      case "result":
        this.#finish(incarnation, signal.result);
        return;
      case "login-refused":
      case "limit-hit":
        return;
    }
  }

  #finish(incarnation: Incarnation, result: TurnResult): void {
    const { sessionId, turn } = incarnation;
    // A result of a background task's own turn, or of a turn that was cut: not the answer to anybody's message.
    const foreign =
      result.messageIds.length > 0 && turn !== undefined && !result.messageIds.includes(turn.messageId);
    if (turn === undefined || foreign) return;
    if (result.failure?.code === "conversation_lost" && !turn.hasActed && !turn.interrupt) {
      this.#beginAnew(incarnation, turn.turnId);
      return;
    }
    const end = endOf(result, turn);
    let deadlineAt = Number.POSITIVE_INFINITY;
    incarnation.writer.run(
      () =>
        this.#store.transaction(() => {
          this.#parts.held.write(incarnation);
          this.#parts.permissions.expireAll(sessionId, "turn_ended");
          if (!this.#parts.clerk.end(sessionId, turn.turnId, end, "idle")) return;
          const session = this.#store.sessions.get(sessionId);
          if (session === undefined) return;
          const lease = this.#parts.clerk.renewLease(session);
          deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
        }),
      () => {
        this.#parts.leaseChanged(deadlineAt);
        if (end.kind === "completed") this.#parts.outages.answered(sessionId);
        // The turn may have been cut, and another one given, while this one's end waited for the disk.
        if (incarnation.turn === turn) {
          incarnation.turn = undefined;
          if (incarnation.phase === "busy") incarnation.phase = "idle";
          incarnation.idleSinceAt = this.#parts.clock.now();
          incarnation.tools.clear();
          this.#parts.feed.flush(sessionId);
        }
        this.#parts.turnEnded();
      },
    );
  }

  /** Claude cannot go on with its conversation and did nothing yet: the message runs again, in a new conversation. */
  #beginAnew(incarnation: Incarnation, turnId: string): void {
    const { log, conversations } = this.#parts;
    log.warn("conversation.lost", { sessionId: incarnation.sessionId });
    conversations.markUnusable(incarnation.sessionId);
    incarnation.writer.run(
      () => this.#store.transaction(() => this.#store.turns.requeue(turnId)),
      () => {
        if (incarnation.turn?.turnId === turnId) incarnation.turn = undefined;
        incarnation.phase = "stopping";
        incarnation.stopReason ??= "failed";
        void incarnation.process?.stop();
      },
    );
  }

  #exited(incarnation: Incarnation, exit: ProcessExit): void {
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
    void this.#writtenReply(sessionId, turn.messageId).then((reply) =>
      this.#leave(incarnation, exit, failureOf, reply),
    );
  }

  async #writtenReply(sessionId: string, messageId: string): Promise<TranscriptReply | undefined> {
    try {
      const claudeSessionId = this.#store.sessions.get(sessionId)?.claudeSessionId ?? sessionId;
      return await this.#parts.host.replyInTranscript(claudeSessionId, messageId);
    } catch (error) {
      this.#parts.log.error("transcript.look_failed", { sessionId, error: String(error) });
      return undefined;
    }
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
    const write = () => {
      const { turn, stopReason } = incarnation;
      held.write(incarnation);
      permissions.expireAll(sessionId, "process_gone");
      if (turn !== undefined) {
        const isGiven = this.#store.turns.get(turn.turnId)?.givenAt !== undefined;
        const couldNotStart = stopReason === "failed" || (exit === undefined && stopReason === undefined);
        const failure = failureOf();
        if (reply !== undefined) clerk.endWithTranscript(sessionId, turn.turnId, reply);
        else if (failure.code !== "conversation_lost" && (isGiven || couldNotStart)) {
          const kind = failure.code === "interrupted" ? "interrupted" : "failed";
          clerk.end(sessionId, turn.turnId, { kind, failure }, undefined);
        } else this.#store.turns.requeue(turn.turnId);
      }
      const state = this.#store.sessions.get(sessionId)?.state;
      if (state === "closed" || state === "expired") return;
      if (state !== "parked") this.#store.sessions.setState(sessionId, "parked");
      // A process that never came up leaves no word but its turn's failure.
      crash = exit === undefined ? undefined : tellExit(this.#store.events, incarnation, exit);
    };
    incarnation.writer.run(
      () => this.#store.transaction(write),
      () => {
        incarnation.turn = undefined;
        feed.flush(sessionId);
        roster.remove(incarnation);
        // A start that was given up says nothing about the next one.
        if (exit === undefined && incarnation.stopReason === undefined)
          outages.startFailed(incarnation, failureOf());
        if (crash !== undefined) outages.crashed(sessionId, crash);
        this.#parts.turnEnded();
      },
    );
  }
}
