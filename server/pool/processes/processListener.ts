import type { LiveFeed, Log, Store } from "../../domain/ports.ts";
import type {
  ProcessHost,
  ProcessListener,
  ProcessSignal,
  TranscriptReply,
  TurnResult,
} from "../../domain/processes/process.ts";
import type { OwnOrigin } from "../../domain/sessions/turn.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { CurrentTurn } from "../state/openTurns.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "../turns/eventBuffer.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import { recoverReply } from "../turns/recoverReply.ts";
import type { Tasks } from "../turns/tasks.ts";
import { endOf, type TurnWriter } from "../turns/turnWriter.ts";
import type { Wakeups } from "../turns/wakeups.ts";
import type { ProcessExits } from "./processExit.ts";
import type { ResumeSources } from "./resumeSource.ts";

export interface PoolProcessListenerParts {
  store: Store;
  host: ProcessHost;
  resumeSources: ResumeSources;
  feed: LiveFeed;
  log: Log;
  limits: Pick<PoolLimits, "drainMs">;
  turnWriter: TurnWriter;
  permissions: PermissionRequests;
  buffer: EventBuffer;
  tasks: Tasks;
  wakeups: Pick<Wakeups, "hear">;
  observer: ProcessObserver;
  /** Told of every signal too. */
  hearers: ReadonlyArray<Pick<ProcessObserver, "heard">>;
  facts: FactWriter;
  exits: ProcessExits;
  leaseChanged(deadlineAt: number): void;
  /** A process became free. */
  advance(): void;
}

/** The end of an own turn into which Claude folded a prompt: what it cost is in the prompt's result. */
const foldedResult: TurnResult = {
  text: "",
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 0,
  numTurns: 0,
  totalCostUsd: undefined,
  outcome: "completed",
};

/** Whether Claude itself says it in a turn; a subagent may speak after the turn that started it. */
const isOfTurn = (
  signal: ProcessSignal,
): signal is Extract<ProcessSignal, { kind: "delta" | "thinking" | "message" | "tool-started" }> =>
  signal.kind === "delta" ||
  signal.kind === "thinking" ||
  signal.kind === "message" ||
  (signal.kind === "tool-started" && signal.agent === undefined);

/**
 * Listener of the sessions' processes: writes their signals into the log, the turns and the live feed. `ProcessExits`
 * writes how processes end.
 */
export class PoolProcessListener {
  readonly #parts: PoolProcessListenerParts;
  readonly #store: Store;
  /** The turns that Claude began by itself while its process was being stopped: they are in no log. */
  readonly #untold = new WeakMap<SessionProcess, Set<string>>();

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
          this.#take(sessionProcess, this.#told(sessionProcess, signal));
        } catch (error) {
          this.#parts.log.error("process.signal_lost", {
            sessionId: sessionProcess.sessionId,
            signal: signal.kind,
            error: String(error),
          });
        }
      },
      askPermission: (ask) => {
        if (ask.turnId === undefined) {
          return Promise.resolve({
            decision: "deny",
            message: "No turn has begun, so nobody can be asked.",
            isExpired: true,
          });
        }
        // Of a turn that was cut, or while the process is being stopped, nobody can answer in time any more. A subagent,
        // or a server that wants a form filled in, may ask after the turn.
        const outlives = ask.agent !== undefined || ask.form !== undefined;
        if (sessionProcess.isLeaving || (!outlives && sessionProcess.turnOf(ask.turnId) === undefined)) {
          return Promise.resolve({
            decision: "deny",
            message: "The turn is over, so nobody can be asked.",
            isExpired: true,
          });
        }
        this.#parts.buffer.write(sessionProcess);
        return this.#parts.permissions.ask(sessionProcess.sessionId, ask.turnId, ask).finally(() => {
          // The answer is on its way; from here on Claude is awaited again.
          sessionProcess.noteSign();
        });
      },
      notify: (text) => !sessionProcess.hasExited && this.#parts.facts.notify(sessionProcess, text),
      exited: (exit) => this.#parts.exits.exited(sessionProcess, exit),
    };
  }

  /**
   * The signal without a turn that is in no log. A task or a wake-up that Claude began in that turn is told as of no turn,
   * because its end is told too. A wake-up that begins there is not begun: the server sees to it when the process is gone.
   */
  #told(sessionProcess: SessionProcess, signal: ProcessSignal): ProcessSignal {
    const untold = this.#untold.get(sessionProcess);
    const isUntold = (turnId: string | undefined) => turnId !== undefined && untold?.has(turnId) === true;
    if (signal.kind === "task-started") {
      const { task } = signal;
      return isUntold(task.turnId) ? { ...signal, task: { ...task, turnId: undefined } } : signal;
    }
    if (signal.kind === "wakeup-set") {
      const { wakeup } = signal;
      return isUntold(wakeup.turnId) ? { ...signal, wakeup: { ...wakeup, turnId: undefined } } : signal;
    }
    return "turnId" in signal && isUntold(signal.turnId) ? { kind: "alive" } : signal;
  }

  #take(sessionProcess: SessionProcess, signal: ProcessSignal): void {
    const { buffer, feed } = this.#parts;
    const { sessionId } = sessionProcess;
    this.#parts.observer.heard(sessionProcess, signal);
    for (const hearer of this.#parts.hearers) hearer.heard(sessionProcess, signal);
    // What Claude still says in a turn that was cut, or begins while its process is being stopped, is nobody's.
    if (isOfTurn(signal) && sessionProcess.turnOf(signal.turnId) === undefined) return;
    switch (signal.kind) {
      case "prompt-started":
        this.#promptStarted(sessionProcess, signal.turnId);
        return;
      case "own-started":
        this.#ownStarted(sessionProcess, signal.turnId, signal.origin);
        return;
      case "own-ended":
        this.#finish(sessionProcess, signal.turnId, foldedResult);
        return;
      case "delta":
        // The words of the next text come after the one that is finished.
        buffer.write(sessionProcess);
        feed.delta(sessionId, signal.turnId, signal.text);
        return;
      case "alive":
        return;
      case "thinking":
        feed.activity(sessionId, signal.turnId, { kind: "thinking" });
        return;
      case "message": {
        const { turnId, messageId, text } = signal;
        // Of a turn that is being broken off, the CLI gives the text that it has so far.
        const partial = sessionProcess.turnOf(turnId)?.end === undefined ? undefined : true;
        buffer.add(sessionProcess, {
          sessionId,
          turnId,
          type: "message",
          data: { messageId, text, partial },
        });
        sessionProcess.noteMessage(turnId, messageId, text);
        feed.finished(sessionId, turnId);
        return;
      }
      case "agent-message": {
        const { turnId, agent, text } = signal;
        this.#parts.tasks.noteAgentText(sessionProcess, agent.agentId, text);
        buffer.add(sessionProcess, { sessionId, turnId, type: "agent.message", data: { agent, text } });
        return;
      }
      case "tool-started": {
        const { kind: _kind, turnId, ...data } = signal;
        const { toolUseId, toolName, title, agent } = data;
        sessionProcess.noteToolStarted({ toolUseId, toolName, title, turnId, isAgents: agent !== undefined });
        buffer.add(sessionProcess, { sessionId, turnId, type: "tool.started", data });
        feed.activity(sessionId, turnId, { kind: "tool", toolName, title, agent });
        return;
      }
      case "tool-finished": {
        const { kind: _kind, turnId, ...outcome } = signal;
        const toolName = sessionProcess.noteToolFinished(signal.toolUseId);
        if (toolName === undefined) return;
        const data = { toolName, ...outcome };
        buffer.add(sessionProcess, { sessionId, turnId, type: "tool.finished", data });
        return;
      }
      case "task-started":
      case "task-progress":
      case "task-finished":
      case "task-output-file":
      case "tasks-running":
        this.#parts.tasks.hear(sessionProcess, signal);
        return;
      case "wakeup-set":
      case "wakeups-dropped":
      case "wakeup-begun":
        this.#parts.wakeups.hear(sessionProcess, signal);
        return;
      case "conversation":
      case "mode":
        this.#parts.turnWriter.follow(sessionId, signal);
        return;
      case "result":
        this.#resultOf(sessionProcess, signal);
        return;
      case "login-refused":
      case "limit-hit":
        return;
      default:
        this.#parts.facts.take(sessionProcess, signal);
    }
  }

  /** Claude took the prompt. The owner may have interrupted it while Claude was at a turn of its own. */
  #promptStarted(sessionProcess: SessionProcess, turnId: string): void {
    if (sessionProcess.turnOf(turnId)?.end === undefined) return;
    void sessionProcess.process?.interrupt(this.#parts.limits.drainMs);
  }

  #ownStarted(sessionProcess: SessionProcess, turnId: string, origin: OwnOrigin): void {
    if (sessionProcess.isLeaving) {
      this.#untold.set(sessionProcess, (this.#untold.get(sessionProcess) ?? new Set()).add(turnId));
      return;
    }
    const { buffer, log, turnWriter } = this.#parts;
    const { sessionId } = sessionProcess;
    sessionProcess.beginOwn(turnId, origin);
    buffer.add(sessionProcess, () => turnWriter.beginOwn(sessionId, turnId, origin));
    try {
      buffer.write(sessionProcess);
    } catch (error) {
      // It stays in the buffer, before everything that the turn says.
      log.error("pool.write_failed", { sessionId, error });
    }
  }

  #resultOf(sessionProcess: SessionProcess, signal: Extract<ProcessSignal, { kind: "result" }>): void {
    const { store, buffer } = this.#parts;
    const { origin, result } = signal;
    // A failure before the CLI took any prompt is that of the prompt that it has, or was started for.
    const turnId = signal.turnId ?? sessionProcess.turn?.turnId;
    if (turnId === undefined) return;
    if (origin !== undefined && sessionProcess.turnOf(turnId)?.origin !== origin)
      buffer.add(sessionProcess, () => store.turns.setOrigin(turnId, origin));
    this.#finish(sessionProcess, turnId, result);
  }

  #finish(sessionProcess: SessionProcess, turnId: string, result: TurnResult): void {
    const { sessionId } = sessionProcess;
    const turn = sessionProcess.turnOf(turnId);
    // A turn that was cut has ended before.
    if (turn === undefined) return;
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
          permissions.expireTurn(sessionId, turn.turnId);
          const isEnded =
            reply === undefined
              ? turnWriter.end(sessionId, turn.turnId, end, true)
              : turnWriter.endWithTranscript(sessionId, turn.turnId, reply, true, result.totalCostUsd);
          const isUsers = isEnded && turn.origin === "user";
          const session = isUsers ? this.#store.sessions.get(sessionId) : undefined;
          if (session === undefined) return;
          const lease = turnWriter.renewLease(session);
          deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
        }),
      () => {
        this.#parts.leaseChanged(deadlineAt);
        if (end.kind === "completed" || reply !== undefined) observer.answered(sessionId);
        // The turn may have been cut, and another turn given, while the end of this one waited for the disk.
        if (sessionProcess.finishTurn(turn)) feed.flush(sessionId);
        this.#parts.facts.lookAtBranchSoon(sessionProcess);
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
