import { unlessLate } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ContextUse, ProcessHost, RewindReport } from "../../domain/processes/process.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { CreateSessionRequest } from "../port.ts";
import type { ControlRequests } from "../processes/controlRequests.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import { refuseRevoked } from "../turns/submitRules.ts";

/** A rewind of many files takes a second or two. */
const answerDeadlineMs = 30_000;
/** A live CLI tells what it holds in milliseconds; a screen waits for it. */
const lookDeadlineMs = 5_000;

export interface ForkAndRewindParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  registry: ProcessRegistry;
  calls: ControlRequests;
  create(request: CreateSessionRequest): Promise<Session>;
}

/** Fork, rewind and context usage of a session's conversation. */
export class ForkAndRewind {
  readonly #parts: ForkAndRewindParts;
  readonly #store: Store;

  constructor(parts: ForkAndRewindParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** The copy is made at the new session's first message; messages of this session in the meantime are not part of it. */
  async fork(session: Session, atMessageId: string | undefined, caller: Caller): Promise<Session> {
    const { host, create } = this.#parts;
    const { sessionId, projectPath, title, options, turnCount } = session;
    const claudeSessionId = session.claudeSessionId ?? sessionId;
    if (atMessageId !== undefined) {
      if (this.#store.events.message(atMessageId)?.sessionId !== sessionId)
        throw new DaylongError("message_not_found", "The session has no message with this id.");
      if (!(await host.holdsMessage(claudeSessionId, atMessageId)))
        throw new DaylongError("message_not_found", "Claude's record does not hold this message any more.");
    }
    const resumeAt = atMessageId ?? (await this.#lastReplyId(sessionId, claudeSessionId));
    const origin = turnCount === 0 ? undefined : { resume: claudeSessionId, fork: true, resumeAt };
    const model = session.model ?? undefined;
    const { permissionMode } = session;
    return create({
      caller,
      projectPath,
      title,
      model,
      permissionMode,
      options: { ...options, origin: origin ?? options.origin },
    });
  }

  async rewind(session: Session, messageId: string, dryRun: boolean, caller: Caller): Promise<RewindReport> {
    const { sessionId, projectPath } = session;
    const message = this.#store.events.message(messageId);
    if (message?.sessionId !== sessionId || message.turnId === undefined)
      throw new DaylongError("message_not_found", "The session has no message with this id.");
    this.#refuseBusy(sessionId);
    const { turnId } = message;
    return this.#parts.calls.run(sessionId, async (process) => {
      this.#refuseBusy(sessionId);
      refuseRevoked(this.#store, caller);
      if (!dryRun) {
        const at = this.#parts.clock.now();
        const { deviceId } = caller;
        const target = sessionId;
        this.#store.audit.add({ at, deviceId, action: "session.rewind", target, detail: messageId });
      }
      // The user's message carries the turn's id; an answer is taken back together with its question.
      const report = await this.#answered(
        dryRun ? "what would be taken back" : "whether the files were taken back",
        process.rewind(turnId, dryRun),
      );
      return { ...report, filesChanged: report.filesChanged.map((path) => shownPath(path, projectPath)) };
    });
  }

  contextUse({ sessionId }: Session): Promise<ContextUse> {
    return this.#parts.calls.run(sessionId, (process) =>
      this.#answered("how full its window is", process.contextUse(), lookDeadlineMs),
    );
  }

  /** Bounds the wait for a CLI that hangs. */
  #answered<T>(what: string, work: Promise<T>, deadlineMs = answerDeadlineMs): Promise<T> {
    const late = () =>
      new DaylongError("session_busy", `Claude did not say ${what} within ${deadlineMs / 1_000} s.`, {
        retryAfterMs: deadlineMs,
      });
    return unlessLate(work, { clock: this.#parts.clock, deadlineMs, late });
  }

  #refuseBusy(sessionId: string): void {
    if (this.#store.turns.queuedCountOf(sessionId) > 0 || this.#parts.registry.get(sessionId)?.activeTurn)
      throw new DaylongError("session_busy", "A turn of the session runs or waits; files change under it.");
  }

  /** The last answer that is whole; a turn that runs now is not part of a copy. */
  async #lastReplyId(sessionId: string, claudeSessionId: string): Promise<string | undefined> {
    for (const event of this.#store.events.transcript(sessionId, undefined, 50)) {
      if (event.type !== "message" || event.turnId === undefined) continue;
      if (this.#store.turns.get(event.turnId)?.state !== "completed") continue;
      const { messageId } = event.data;
      return (await this.#parts.host.holdsMessage(claudeSessionId, messageId)) ? messageId : undefined;
    }
    return undefined;
  }
}

/** A path as a client may see it: inside the project relative to it, elsewhere the name alone. */
function shownPath(path: string, projectPath: string): string {
  const inside = `${projectPath}/`;
  return path.startsWith(inside) ? path.slice(inside.length) : `…/${path.slice(path.lastIndexOf("/") + 1)}`;
}
