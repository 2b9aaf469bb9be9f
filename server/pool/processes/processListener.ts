import type { LiveFeed, Log, Store } from "../../domain/ports.ts";
import type {
  ProcessHost,
  ProcessListener,
  ProcessSignal,
  TranscriptReply,
  TurnResult,
} from "../../domain/processes/process.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { CurrentTurn, SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "../turns/eventBuffer.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import { recoverReply } from "../turns/recoverReply.ts";
import { endOf, type TurnWriter } from "../turns/turnWriter.ts";
import type { ProcessExits } from "./processExit.ts";
import type { ResumeSources } from "./resumeSource.ts";

export interface PoolProcessListenerParts {
  store: Store;
  host: ProcessHost;
  resumeSources: ResumeSources;
  feed: LiveFeed;
  log: Log;
  turnWriter: TurnWriter;
  permissions: PermissionRequests;
  buffer: EventBuffer;
  observer: ProcessObserver;
  exits: ProcessExits;
  leaseChanged(deadlineAt: number): void;
  /** A process became free. */
  advance(): void;
}

/**
 * Listener of the sessions' processes: writes their signals into the log, the turns and the live feed. `ProcessExits`
 * writes how processes end.
 */
export class PoolProcessListener {
  readonly #parts: PoolProcessListenerParts;
  readonly #store: Store;

  constructor(parts: PoolProcessListenerParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  listenerFor(sessionProcess: SessionProcess): ProcessListener {
    return {
      signal: (signal) => {
        // A signal after the exit is too late: the turn's end may be looked for in the transcript already.
        if (sessionProcess.hasExited) return;
        sessionProcess.noteSign();
        // A fault here must not end the reader loop and with it the process.
        try {
          this.#take(sessionProcess, signal);
        } catch (error) {
          this.#parts.log.error("process.signal_lost", {
            sessionId: sessionProcess.sessionId,
            signal: signal.kind,
            error: String(error),
          });
        }
      },
      askPermission: (ask) => {
        const turnId = sessionProcess.turn?.turnId;
        // A background task may ask between turns; a request can be shown only as part of a turn.
        if (turnId === undefined) {
          return Promise.resolve({
            decision: "deny",
            message: "No turn is running, so nobody can be asked.",
          });
        }
        this.#parts.buffer.write(sessionProcess);
        return this.#parts.permissions.ask(sessionProcess.sessionId, turnId, ask).finally(() => {
          // The answer is on its way; from here on Claude is awaited again.
          sessionProcess.noteSign();
        });
      },
      exited: (exit) => this.#parts.exits.exited(sessionProcess, exit),
    };
  }

  #take(sessionProcess: SessionProcess, signal: ProcessSignal): void {
    const { feed } = this.#parts;
    const { sessionId, turn } = sessionProcess;
    const turnId = turn?.turnId;
    this.#parts.observer.heard(sessionProcess, signal);
    switch (signal.kind) {
      case "delta":
        // The words of the next text come after the one that is finished.
        this.#parts.buffer.write(sessionProcess);
        if (turnId !== undefined) feed.delta(sessionId, turnId, signal.text);
        return;
      case "alive":
        return;
      case "thinking":
        if (turnId !== undefined) feed.activity(sessionId, turnId, { kind: "thinking" });
        return;
      case "message": {
        const { messageId, text } = signal;
        this.#parts.buffer.add(sessionProcess, {
          sessionId,
          turnId,
          type: "message",
          data: { messageId, text },
        });
        sessionProcess.noteMessage(messageId);
        return;
      }
      case "tool-started": {
        const { toolUseId, toolName, title } = signal;
        sessionProcess.noteToolStarted(toolUseId, toolName);
        this.#parts.buffer.add(sessionProcess, {
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
        const toolName = sessionProcess.noteToolFinished(toolUseId);
        if (toolName === undefined) return;
        this.#parts.buffer.add(sessionProcess, {
          sessionId,
          turnId,
          type: "tool.finished",
          data: { toolUseId, toolName, failed },
        });
        return;
      }
      case "conversation":
      case "mode":
        this.#parts.turnWriter.follow(sessionId, signal);
        return;
      case "result":
        this.#finish(sessionProcess, signal.result);
        return;
      case "login-refused":
      case "limit-hit":
        return;
    }
  }

  #finish(sessionProcess: SessionProcess, result: TurnResult): void {
    const { sessionId, turn } = sessionProcess;
    // A result of a background task's own turn, or of a turn that was cut, answers no message.
    const foreign =
      result.messageIds.length > 0 && turn !== undefined && !result.messageIds.includes(turn.turnId);
    if (turn === undefined || foreign) return;
    const isLost =
      result.failure?.code === "conversation_lost" && !turn.hasActed && turn.end?.kind !== "interrupt";
    if (isLost && this.#parts.resumeSources.giveUp(sessionId, turn.turnId)) {
      this.#beginAnew(sessionProcess, turn.turnId);
      return;
    }
    const isStalled = turn.end?.kind === "fault" && turn.end.failure.code === "stalled";
    if (!isStalled || result.outcome === "completed") {
      this.#conclude(sessionProcess, turn, result);
      return;
    }
    // Claude obeyed the interrupt of a stalled turn; the answer that it never gave may be in its transcript.
    void recoverReply(this.#parts, sessionId, turn.turnId).then((reply) =>
      this.#conclude(sessionProcess, turn, result, reply),
    );
  }

  /** Ends the turn with its result, or with the reply that was found in the transcript. */
  #conclude(
    sessionProcess: SessionProcess,
    turn: Readonly<CurrentTurn>,
    result: TurnResult,
    reply?: TranscriptReply,
  ): void {
    const { turnWriter, permissions, buffer, feed, observer } = this.#parts;
    const { sessionId } = sessionProcess;
    const end = endOf(result, turn);
    let deadlineAt = Number.POSITIVE_INFINITY;
    sessionProcess.writer.run(
      () =>
        this.#store.transaction(() => {
          buffer.write(sessionProcess);
          permissions.expireAll(sessionId, "turn_ended");
          const isEnded =
            reply === undefined
              ? turnWriter.end(sessionId, turn.turnId, end, "idle")
              : turnWriter.endWithTranscript(sessionId, turn.turnId, reply, "idle", result.totalCostUsd);
          const session = isEnded ? this.#store.sessions.get(sessionId) : undefined;
          if (session === undefined) return;
          const lease = turnWriter.renewLease(session);
          deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
        }),
      () => {
        this.#parts.leaseChanged(deadlineAt);
        if (end.kind === "completed" || reply !== undefined) observer.answered(sessionId);
        // The turn may have been cut, and another turn given, while the end of this one waited for the disk.
        if (sessionProcess.finishTurn(turn)) feed.flush(sessionId);
        this.#parts.advance();
      },
    );
  }

  /** Claude cannot go on with its conversation and did nothing yet: the message runs again, in a new conversation. */
  #beginAnew(sessionProcess: SessionProcess, turnId: string): void {
    this.#parts.log.warn("conversation.lost", { sessionId: sessionProcess.sessionId });
    sessionProcess.writer.run(
      () => this.#store.transaction(() => this.#store.turns.requeue(turnId)),
      () => {
        sessionProcess.dropTurn(turnId);
        void sessionProcess.stop("failed");
      },
    );
  }
}
