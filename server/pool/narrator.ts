import { DaylongError, type Failure } from "../domain/errors.ts";
import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessExit, ProcessListener, ProcessSignal, TurnResult } from "../domain/process.ts";
import type { HeldEvents } from "./heldEvents.ts";
import type { CurrentTurn, Incarnation } from "./incarnation.ts";
import type { Outages } from "./outages.ts";
import type { PermissionDesk } from "./permissionDesk.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk, TurnEnd } from "./turnClerk.ts";

export interface NarratorParts {
  store: Store;
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

const describeExit = (exit: ProcessExit): string =>
  exit.signal ? `ended by ${exit.signal}` : `ended with exit code ${exit.code ?? "unknown"}`;

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
        if (turn) turn.lastMessageId = messageId;
        return;
      }
      case "tool-started": {
        const { toolUseId, toolName, title } = signal;
        incarnation.tools.set(toolUseId, toolName);
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
        this.#store.transaction(() =>
          this.#store.sessions.setClaudeSession(sessionId, signal.claudeSessionId),
        );
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

  #exited(incarnation: Incarnation, exit: ProcessExit): void {
    const { sessionId } = incarnation;
    this.#parts.log.debug("process.gone", { sessionId, detail: exit.detail });
    incarnation.hasExited = true;
    this.#leave(incarnation, exit, () => {
      const { stopReason, turn } = incarnation;
      if (turn?.interrupt) return { code: "interrupted", detail: turn.interrupt.detail };
      if (turn?.fault) return turn.fault;
      if (stopReason !== undefined) {
        return { code: "process_stopped", detail: "Claude was stopped in the middle of this turn." };
      }
      const detail = `Claude ${describeExit(exit)} in the middle of this turn. The context is kept; send a message to go on.`;
      return { code: "process_crashed", detail };
    });
  }

  /** The incarnation is over: its turn ends or goes back to the queue, its place is free. */
  #leave(incarnation: Incarnation, exit: ProcessExit | undefined, failureOf: () => Failure): void {
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
        if (isGiven || couldNotStart) {
          const failure = failureOf();
          const kind = failure.code === "interrupted" ? "interrupted" : "failed";
          clerk.end(sessionId, turn.turnId, { kind, failure }, undefined);
        } else this.#store.turns.requeue(turn.turnId);
      }
      const state = this.#store.sessions.get(sessionId)?.state;
      if (state === "closed" || state === "expired") return;
      if (state !== "parked") this.#store.sessions.setState(sessionId, "parked");
      // A process that never came up leaves no word but its turn's failure.
      crash = exit === undefined ? undefined : this.#tellExit(incarnation, exit);
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

  /** Returns the word of a crash, if it was one. */
  #tellExit({ sessionId, turn, stopReason, recycle }: Incarnation, exit: ProcessExit): string | undefined {
    const { events } = this.#store;
    if (stopReason === "closed" || stopReason === "expired") return undefined;
    if (stopReason === "recycled") {
      const detail = recycle?.detail ?? "Claude did not obey an interrupt and was ended.";
      events.append({ sessionId, type: "session.recycled", data: { detail } });
      return undefined;
    }
    if (stopReason === undefined && (turn !== undefined || exit.code !== 0)) {
      const detail = `Claude ${describeExit(exit)}.`;
      events.append({ sessionId, type: "session.crashed", data: { detail } });
      return detail;
    }
    const isOurs = stopReason !== undefined && stopReason !== "failed" && stopReason !== "unwritten";
    events.append({
      sessionId,
      type: "session.parked",
      data: { reason: isOurs ? stopReason : "process_ended" },
    });
    return undefined;
  }
}

function endOf(result: TurnResult, { lastMessageId, interrupt, fault }: CurrentTurn): TurnEnd {
  if (result.outcome === "completed") return { kind: "completed", result, messageId: lastMessageId };
  if (interrupt !== undefined) {
    return { kind: "interrupted", failure: { code: "interrupted", detail: interrupt.detail }, result };
  }
  if (fault !== undefined) return { kind: "failed", failure: fault, result };
  if (result.outcome === "interrupted") {
    return {
      kind: "failed",
      failure: { code: "claude_error", detail: "Claude broke off the turn." },
      result,
    };
  }
  return {
    kind: "failed",
    failure: result.failure ?? { code: "claude_error", detail: "Claude gave no reason." },
    result,
  };
}
