import type { Caller } from "../domain/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Store } from "../domain/ports.ts";
import type { ClaudeProcess, ContextUse, ProcessHost, RewindReport } from "../domain/process.ts";
import type { Session } from "../domain/session.ts";
import type { CreateSessionRequest } from "./requests.ts";
import type { Roster } from "./roster.ts";

/** A start takes up to a second; a machine that is busy takes longer. */
const wakeDeadlineMs = 60_000;
/** A live CLI answers in milliseconds; one that takes many files back in a second or two. */
const answerDeadlineMs = 30_000;

export interface BackstageParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  roster: Roster;
  /** Brings up a process without a turn, if there is a free place. */
  wake(sessionId: string): void;
  create(request: CreateSessionRequest): Promise<Session>;
}

/** What is asked of a conversation without saying a word in it: a copy, its files as they were, how full it is. */
export class Backstage {
  readonly #parts: BackstageParts;
  readonly #store: Store;

  constructor(parts: BackstageParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** The copy is made at the new session's first message; what is said here in the meantime is not part of it. */
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
    const process = await this.#awake(session);
    this.#refuseBusy(sessionId);
    // The user's message carries the turn's id; an answer is taken back together with its question.
    if (!dryRun) {
      this.#store.audit.add({
        at: this.#parts.clock.now(),
        deviceId: caller.deviceId,
        action: "session.rewind",
        target: sessionId,
        detail: messageId,
      });
    }
    const report = await this.#answered(
      dryRun ? "what would be taken back" : "whether the files were taken back",
      process.rewind(message.turnId, dryRun),
    );
    return { ...report, filesChanged: report.filesChanged.map((path) => shownPath(path, projectPath)) };
  }

  async contextUse(session: Session): Promise<ContextUse> {
    const process = await this.#awake(session);
    return this.#answered("how full its window is", process.contextUse());
  }

  /** A CLI that hangs must not make whoever asks it hang with it. */
  async #answered<T>(what: string, work: Promise<T>): Promise<T> {
    let cancel = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      cancel = this.#parts.clock.after(answerDeadlineMs, () =>
        reject(
          new DaylongError(
            "session_busy",
            `Claude did not say ${what} within ${answerDeadlineMs / 1_000} s.`,
            {
              retryAfterMs: answerDeadlineMs,
            },
          ),
        ),
      );
    });
    return Promise.race([work, late]).finally(() => cancel());
  }

  #refuseBusy(sessionId: string): void {
    if (this.#store.turns.queuedCountOf(sessionId) > 0 || this.#parts.roster.get(sessionId)?.turn)
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

  async #awake(session: Session): Promise<ClaudeProcess> {
    const { roster, clock, wake } = this.#parts;
    const { sessionId, state } = session;
    if (state === "closed") throw new DaylongError("session_closed", "The session is closed.");
    if (state === "expired")
      throw new DaylongError("nothing_running", "The session's lease is over; keep it alive first.");
    if (roster.get(sessionId) === undefined) wake(sessionId);
    const incarnation = roster.get(sessionId);
    if (incarnation === undefined)
      throw new DaylongError("pool_full", "No place is free for the session's process.", {
        retryAfterMs: 5_000,
      });
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(wakeDeadlineMs, resolve);
    });
    await Promise.race([incarnation.up, incarnation.gone, late]).finally(() => cancel());
    const { process } = incarnation;
    if (process === undefined || incarnation.hasExited || incarnation.phase === "stopping")
      throw new DaylongError("process_start_failed", "The session's process did not come up; try again.");
    return process;
  }
}

/** A path as a client may see it: inside the project relative to it, elsewhere the name alone. */
function shownPath(path: string, projectPath: string): string {
  const inside = `${projectPath}/`;
  return path.startsWith(inside) ? path.slice(inside.length) : `…/${path.slice(path.lastIndexOf("/") + 1)}`;
}
