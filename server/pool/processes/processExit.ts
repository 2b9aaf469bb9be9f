import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { ProcessExit, ProcessHost, TranscriptReply } from "../../domain/processes/process.ts";
import { exhaustionFault } from "../../domain/processes/startFailures.ts";
import type { TaskOutput } from "../../domain/sessions/task.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import type { CurrentTurn } from "../state/openTurns.ts";
import type { ProcessObserver } from "../state/processObserver.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess, StopReason } from "../state/sessionProcess.ts";
import type { EventBuffer } from "../turns/eventBuffer.ts";
import type { FactWriter } from "../turns/factWriter.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import { recoverReply } from "../turns/recoverReply.ts";
import type { Tasks } from "../turns/tasks.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";
import type { Handoffs } from "./handoffs.ts";
import type { ResumeSources } from "./resumeSource.ts";

export interface ProcessExitsParts {
  store: Store;
  host: ProcessHost;
  resumeSources: ResumeSources;
  feed: LiveFeed;
  log: Log;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  permissions: PermissionRequests;
  buffer: EventBuffer;
  tasks: Pick<Tasks, "cutOff" | "lastOutputs">;
  facts: Pick<FactWriter, "processGone">;
  handoffs: Pick<Handoffs, "distrustLook">;
  observer: ProcessObserver;
  leaseChanged(deadlineAt: number): void;
  /** A place became free. */
  advance(): void;
}

/** Writes the ends of processes and their failed starts: the log and their turns; then frees their places. */
export class ProcessExits {
  readonly #parts: ProcessExitsParts;
  readonly #store: Store;

  constructor(parts: ProcessExitsParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  startFailed(sessionProcess: SessionProcess, error: unknown): void {
    let failure: Failure =
      error instanceof DaylongError
        ? { code: error.code, detail: error.message }
        : {
            code: "process_start_failed",
            // The project and the transcripts are read before the start: a full table of files shows there first.
            detail: exhaustionFault((error as NodeJS.ErrnoException).code) ?? "Claude could not be started.",
          };
    if (sessionProcess.process !== undefined) {
      // The process came up but could not be set up: its turn fails, and its exit frees the place.
      void sessionProcess.stop("failed");
      return;
    }
    const { sessionId, turn } = sessionProcess;
    if (failure.code === "conversation_held") this.#parts.handoffs.distrustLook(sessionId);
    if (failure.code === "conversation_lost" && !this.#parts.resumeSources.giveUp(sessionId, turn?.turnId))
      failure = { code: "process_start_failed", detail: failure.detail };
    this.#writeEnd(sessionProcess, undefined, () => failure);
  }

  exited(sessionProcess: SessionProcess, exit: ProcessExit): void {
    const { sessionId } = sessionProcess;
    this.#parts.log.debug("process.gone", { sessionId, detail: exit.detail });
    if (!sessionProcess.markExited()) return;
    const failureOf = (turn: Readonly<CurrentTurn> | undefined): Failure => {
      const { stopReason } = sessionProcess;
      if (turn?.end?.kind === "interrupt") return { code: "interrupted", detail: turn.end.detail };
      if (turn?.end?.kind === "fault") return turn.end.failure;
      if (stopReason !== undefined) {
        return { code: "process_stopped", detail: "Claude was stopped in the middle of this turn." };
      }
      const detail = `Claude ${describeExit(exit)} in the middle of this turn. The context is kept; send a message to go on.`;
      return { code: "process_crashed", detail };
    };
    const { turn, tasks } = sessionProcess;
    const canHaveReplied = turn?.isGiven === true && turn.end?.kind !== "interrupt";
    if (!canHaveReplied && tasks.count === 0) {
      this.#writeEnd(sessionProcess, exit, failureOf);
      return;
    }
    void Promise.all([
      // It may have written its whole answer down and ended before it could say so.
      canHaveReplied ? recoverReply(this.#parts, sessionId, turn.turnId) : undefined,
      this.#parts.tasks.lastOutputs(sessionId),
    ]).then(([reply, outputs]) => this.#writeEnd(sessionProcess, exit, failureOf, { reply, outputs }));
  }

  /** Whether the turn waits for another start: nothing of it was given, and the reason lies outside of it. */
  #isRunAgain({ code }: Failure): boolean {
    // Without a watch over the conversation nothing would tell when it is free again.
    return (
      code === "conversation_lost" || (code === "conversation_held" && this.#parts.host.watch !== undefined)
    );
  }

  /** The process is over: its turn ends or goes back to the queue, its place is free. */
  #writeEnd(
    sessionProcess: SessionProcess,
    exit: ProcessExit | undefined,
    failureOf: (turn: Readonly<CurrentTurn> | undefined) => Failure,
    { reply, outputs }: { reply?: TranscriptReply; outputs?: ReadonlyMap<string, TaskOutput> } = {},
  ): void {
    const { sessionId } = sessionProcess;
    const { turnWriter, permissions, registry, feed, buffer, facts, observer } = this.#parts;
    let crash: string | undefined;
    let isAnswered = false;
    let deadlineAt = Number.POSITIVE_INFINITY;
    const write = () => {
      const { turns, stopReason } = sessionProcess;
      buffer.write(sessionProcess);
      permissions.expireAll(sessionId, "process_gone");
      this.#parts.tasks.cutOff(sessionId, { isOwners: isOwnersStop(stopReason), outputs });
      facts.processGone(sessionId);
      const couldNotStart = stopReason === "failed" || (exit === undefined && stopReason === undefined);
      for (const turn of turns) {
        const { turnId } = turn;
        const kept = this.#store.turns.get(turnId);
        const failure = failureOf(turn);
        if (reply !== undefined && turnId === sessionProcess.turn?.turnId)
          isAnswered = turnWriter.endWithTranscript(sessionId, turnId, reply, false, undefined);
        else if (!this.#isRunAgain(failure) && (kept?.givenAt !== undefined || couldNotStart)) {
          const kind = failure.code === "interrupted" ? "interrupted" : "failed";
          turnWriter.end(sessionId, turnId, { kind, failure }, false);
          // A turn that has ended must not hold up the end of its process, whose write would be tried again for ever.
        } else if (kept?.state === "running") this.#store.turns.requeue(turnId);
      }
      const session = this.#store.sessions.get(sessionId);
      if (session === undefined || session.state === "closed" || session.state === "expired") return;
      if (session.state !== "parked") this.#store.sessions.setState(sessionId, "parked");
      if (isAnswered && sessionProcess.turn?.origin === "user") {
        const lease = turnWriter.renewLease(session);
        deadlineAt = Math.min(lease.warnAt, lease.expiresAt);
      }
      // A process that never came up logs nothing but its turn's failure. With an answer in the transcript, its turn
      // was over.
      const isCut = !isAnswered && turns.length > 0;
      crash = exit === undefined ? undefined : tellExit(this.#store.events, sessionProcess, isCut, exit);
    };
    sessionProcess.writer.run(
      () => this.#store.transaction(write),
      () => {
        feed.flush(sessionId);
        registry.remove(sessionProcess);
        if (isAnswered) {
          observer.answered(sessionId);
          this.#parts.leaseChanged(deadlineAt);
        }
        // A start that was given up says nothing about the next start.
        if (exit === undefined && sessionProcess.stopReason === undefined)
          observer.startFailed(sessionProcess, failureOf(sessionProcess.turn));
        if (crash !== undefined) observer.crashed(sessionId, crash);
        this.#parts.advance();
      },
    );
  }
}

/** Whether the owner asked for the end of the process. */
const isOwnersStop = (reason: StopReason | undefined): boolean =>
  reason === "cancelled" || reason === "closed";

/** How a process ended, in the middle of a sentence. */
const describeExit = (exit: ProcessExit): string =>
  exit.signal ? `ended by ${exit.signal}` : `ended with exit code ${exit.code ?? "unknown"}`;

/** Inside a transaction: logs the end of a session's process. Returns the detail of a crash. */
function tellExit(
  events: EventStore,
  { sessionId, stopReason, recycleDetail }: SessionProcess,
  isCut: boolean,
  exit: ProcessExit,
): string | undefined {
  if (stopReason === "closed" || stopReason === "expired") return undefined;
  if (stopReason === "recycled") {
    const detail = recycleDetail ?? "Claude did not obey an interrupt and was ended.";
    events.append({ sessionId, type: "session.recycled", data: { detail } });
    return undefined;
  }
  if (stopReason === undefined && (isCut || exit.code !== 0)) {
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
