import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type {
  ProcessHost,
  ProcessListener,
  ProcessSignal,
  TranscriptReply,
  TurnResult,
} from "../domain/processes/process.ts";
import type { Conversations } from "./conversations.ts";
import { Departures } from "./departures.ts";
import type { HeldEvents } from "./heldEvents.ts";
import type { CurrentTurn, Incarnation } from "./incarnation.ts";
import type { Outages } from "./outages.ts";
import type { PermissionDesk } from "./permissionDesk.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk } from "./turnClerk.ts";
import { endOf } from "./turnEnd.ts";
import { writtenReply } from "./writtenReply.ts";

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

/** Writes down what processes say: the log, the turns, the live words. How they end is written by `Departures`. */
export class Narrator {
  readonly #parts: NarratorParts;
  readonly #store: Store;
  readonly #departures: Departures;

  constructor(parts: NarratorParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#departures = new Departures(parts);
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
      exited: (exit) => this.#departures.exited(incarnation, exit),
    };
  }

  startFailed(incarnation: Incarnation, error: unknown): void {
    this.#departures.startFailed(incarnation, error);
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
    const isLost = result.failure?.code === "conversation_lost" && !turn.hasActed && !turn.interrupt;
    if (isLost && this.#parts.conversations.giveUp(sessionId, turn.turnId)) {
      this.#beginAnew(incarnation, turn.turnId);
      return;
    }
    if (turn.fault?.code !== "stalled" || result.outcome === "completed") {
      this.#conclude(incarnation, turn, result);
      return;
    }
    // It obeyed the interrupt of its silence; what it never said it may have written down.
    void writtenReply(this.#parts, sessionId, turn.messageId).then((reply) =>
      this.#conclude(incarnation, turn, result, reply),
    );
  }

  /** Ends the turn with its result, or with the reply that was found in the transcript. */
  #conclude(incarnation: Incarnation, turn: CurrentTurn, result: TurnResult, reply?: TranscriptReply): void {
    const { clerk, permissions, held, feed, outages } = this.#parts;
    const { sessionId } = incarnation;
    const end = endOf(result, turn);
    let deadlineAt = Number.POSITIVE_INFINITY;
    incarnation.writer.run(
      () =>
        this.#store.transaction(() => {
          held.write(incarnation);
          permissions.expireAll(sessionId, "turn_ended");
          const isEnded =
            reply === undefined
              ? clerk.end(sessionId, turn.turnId, end, "idle")
              : clerk.endWithTranscript(sessionId, turn.turnId, reply, "idle", result.totalCostUsd);
          const session = isEnded ? this.#store.sessions.get(sessionId) : undefined;
          if (session === undefined) return;
          const lease = clerk.renewLease(session);
          deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
        }),
      () => {
        this.#parts.leaseChanged(deadlineAt);
        if (end.kind === "completed" || reply !== undefined) outages.answered(sessionId);
        // The turn may have been cut, and another one given, while this one's end waited for the disk.
        if (incarnation.turn === turn) {
          incarnation.turn = undefined;
          if (incarnation.phase === "busy") incarnation.phase = "idle";
          incarnation.idleSinceAt = this.#parts.clock.now();
          incarnation.tools.clear();
          feed.flush(sessionId);
        }
        this.#parts.turnEnded();
      },
    );
  }

  /** Claude cannot go on with its conversation and did nothing yet: the message runs again, in a new conversation. */
  #beginAnew(incarnation: Incarnation, turnId: string): void {
    this.#parts.log.warn("conversation.lost", { sessionId: incarnation.sessionId });
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
}
