import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import { asksLess, refuseBeyondScope } from "../../domain/sessions/allowances.ts";
import { refuseHeld } from "../../domain/sessions/conversation.ts";
import type { ClaudeHistory } from "../../domain/sessions/history.ts";
import { openLease } from "../../domain/sessions/lease.ts";
import type { Session, SessionOrigin } from "../../domain/sessions/session.ts";
import type { CreateSessionRequest, SessionChange, SubmitRequest } from "../port.ts";
import type { SessionBeginning } from "../processes/spares.ts";
import { existingSession } from "../state/existingSession.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { Submissions } from "../turns/submit.ts";
import { asksForChange, changeFor, refuseRevoked } from "../turns/submitRules.ts";
import { KeyedQueue } from "./keyedQueue.ts";
import { beganElsewhere, latestConversation } from "./latestConversation.ts";

export interface SessionsParts {
  store: Store;
  host: ProcessHost;
  history: Pick<ClaudeHistory, "conversations">;
  clock: Clock;
  limits: PoolLimits;
  registry: ProcessRegistry;
  submissions: Submissions;
  newId: () => string;
  /** The id of a session that begins, a spare's if one can be its process. */
  newSessionId(begun: SessionBeginning): string;
  leaseChanged(deadlineAt: number): void;
  /** Brings up a process without a turn, if there is a free place. */
  wake(sessionId: string): void;
}

/** Operations on sessions apart from their turns: create, resume, change, keep alive. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #store: Store;
  readonly #changes = new KeyedQueue();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** A new session; or, with an origin that is not forked, the session of that very conversation. */
  async create(request: CreateSessionRequest): Promise<Session> {
    const { host, newSessionId, submissions, limits } = this.#parts;
    refuseBeyondScope(request, request.caller.scope, limits);
    const origin = request.latest ? await this.#latest(request, request.latest) : request.options.origin;
    const resumed = origin !== undefined && !origin.fork ? origin.resume : undefined;
    const resumeAt = resumed === undefined ? undefined : origin?.resumeAt;
    const ours = await this.#openSessionOf(resumed);
    if (ours !== undefined) return this.#goOnWith(ours, resumeAt, request.caller);
    // A conversation of another directory must not be opened from this project.
    if (origin && !(await host.hasTranscript(origin.resume, request.projectPath))) {
      throw new DaylongError(
        "session_not_found",
        `Claude has no conversation ${origin.resume} that was begun in this project.`,
      );
    }
    // Claude's own fork reads only, so a copy can be made of what a terminal holds.
    if (resumed !== undefined) refuseHeld(await host.heldElsewhere(), resumed);
    if (resumeAt !== undefined) await this.#checkHolds(resumed ?? "", resumeAt);
    // Another request may have begun it while Claude's records were read.
    const begunMeanwhile = this.#sessionOf(resumed);
    if (begunMeanwhile !== undefined && begunMeanwhile.state !== "closed")
      return this.#goOnWith(begunMeanwhile, resumeAt, request.caller);
    const options = { ...request.options, origin: resumed === undefined ? origin : undefined };
    // Our id is Claude's id: a conversation that is gone on with keeps the one it has.
    const isTaken = resumed !== undefined && this.#isIdUsed(resumed);
    const sessionId = (isTaken ? undefined : resumed) ?? newSessionId({ ...request, options });
    const session = this.#store.transaction(() => {
      const begun = submissions.create({ ...request, options }, sessionId);
      if (isTaken) this.#store.sessions.setClaudeSession(sessionId, resumed, null);
      if (resumeAt !== undefined) this.#copyUpTo(begun, resumeAt);
      return begun;
    });
    this.#parts.leaseChanged(Math.min(session.lease.warnAt, session.lease.expiresAt));
    return this.#store.sessions.get(sessionId) ?? session;
  }

  /**
   * Whether a session has the id, or had it and was erased: what devices keep of that one and were told to forget must not
   * be taken for the new one's, whose events begin at 1 again.
   */
  #isIdUsed(sessionId: string): boolean {
    const { sessions, events } = this.#store;
    return sessions.get(sessionId) !== undefined || events.ofSession(sessionId, 0, 1).length > 0;
  }

  /**
   * The session of Claude's conversation, which has another id after a `/clear`. Two sessions must never resume one
   * conversation.
   */
  #sessionOf(resumed: string | undefined): Session | undefined {
    if (resumed === undefined) return undefined;
    return this.#store.sessions.ofConversation(resumed) ?? this.#store.sessions.get(resumed);
  }

  /**
   * The same, unless it is closed and its conversation was begun in a terminal: that goes on, in a new session. A closed
   * session stays closed.
   */
  async #openSessionOf(resumed: string | undefined): Promise<Session | undefined> {
    const session = this.#sessionOf(resumed);
    if (session?.state !== "closed") return session;
    const kept = await this.#parts.history.conversations(session.projectPath);
    return beganElsewhere(session, kept) ? undefined : session;
  }

  async #goOnWith(session: Session, resumeAt: string | undefined, caller: Caller): Promise<Session> {
    refuseRevoked(this.#store, caller);
    this.#goOn(session, caller);
    return resumeAt === undefined ? this.#now(session) : this.#goBack(session, resumeAt, caller);
  }

  async #latest(
    { projectPath }: CreateSessionRequest,
    { fork, resumeAt }: NonNullable<CreateSessionRequest["latest"]>,
  ): Promise<SessionOrigin> {
    const latest = await latestConversation(this.#parts, projectPath);
    if (latest === undefined)
      throw new DaylongError("session_not_found", "The project has no conversation to go on with.");
    // A fork copies Claude's conversation; without a fork the session itself goes on.
    const { claudeSessionId, session } = latest;
    return { resume: fork ? claudeSessionId : (session?.sessionId ?? claudeSessionId), fork, resumeAt };
  }

  /**
   * Throws `session_closed`, `permission_mode_forbidden`, `session_busy` for a Claude that does not answer, or
   * `invalid_request` for what it does not take. Changes of one session go one after the other, so that the store and
   * Claude end with the same.
   */
  update(session: Session, change: SessionChange, caller: Caller): Promise<void> {
    return this.#changes.pass(session.sessionId, () => this.#update(this.#now(session), change, caller));
  }

  /**
   * Keeps a message with `keep`, after its session is of the model and the mode that the message asks for, and before
   * another change. Synchronous when nothing has to change and no other change is under way.
   */
  keepChanged<T>(request: SubmitRequest, keep: () => T): T | Promise<T> {
    if (!asksForChange(request)) return keep();
    const { sessionId, caller } = request;
    if (!this.#changes.isBusy(sessionId) && this.#changeFor(request) === undefined) return keep();
    return this.#changes.pass(sessionId, async () => {
      const change = this.#changeFor(request);
      if (change) await this.#update(existingSession(this.#store, sessionId), change, caller);
      return keep();
    });
  }

  /** What a message changes in its session; a message that was kept already changes nothing. */
  #changeFor(request: SubmitRequest & { sessionId: string }): SessionChange | undefined {
    const { sessionId, clientMessageId, caller, permissionMode } = request;
    const isRepeated =
      clientMessageId !== undefined &&
      this.#store.turns.byClientMessage(caller.deviceId, clientMessageId) !== undefined;
    if (isRepeated) return undefined;
    const session = existingSession(this.#store, sessionId);
    refuseBeyondScope({ permissionMode }, caller.scope, this.#parts.limits);
    return changeFor(request, session);
  }

  async #update(session: Session, change: SessionChange, caller: Caller): Promise<void> {
    const { sessionId } = session;
    refuseClosed(session);
    refuseBeyondScope(change, caller.scope, this.#parts.limits);
    // The live process first: what it refuses must not be written down as done.
    await this.#tell(session, change);
    // It may have been closed while the process was asked, or the device revoked: then the process has heard it in vain.
    refuseClosed(this.#now(session));
    if (this.#store.devices.isRevoked(caller.deviceId))
      void this.#parts.registry.get(sessionId)?.stop("recycled");
    refuseRevoked(this.#store, caller);
    this.#store.transaction(() => {
      this.#store.sessions.update(sessionId, change);
      this.#store.events.append({ sessionId, type: "session.updated", data: change });
      this.#keepAllowance(sessionId, change, caller);
      this.#audit(caller, "session.update", sessionId, changeDetail(change));
    });
  }

  #keepAllowance(sessionId: string, { permissionMode }: SessionChange, { deviceId }: Caller): void {
    if (permissionMode === undefined) return;
    const { allowances } = this.#store;
    if (asksLess(permissionMode)) allowances.set({ sessionId, kind: "mode", deviceId });
    else allowances.remove(sessionId, "mode");
  }

  /**
   * Applies the change to the live process. A process that is leaving is skipped: the session's next one reads the
   * store.
   */
  async #tell(session: Session, change: SessionChange): Promise<void> {
    const { registry } = this.#parts;
    const { sessionId } = session;
    for (;;) {
      const sessionProcess = registry.get(sessionId);
      if (sessionProcess?.process === undefined || sessionProcess.isLeaving) return;
      const { process } = sessionProcess;
      let hasModel = false;
      try {
        if (change.model !== undefined) {
          await process.setModel(change.model);
          hasModel = true;
        }
        if (change.permissionMode !== undefined) await process.setPermissionMode(change.permissionMode);
        return;
      } catch (error) {
        // Another process may be up already, started with the store's former values.
        if (registry.get(sessionId) !== sessionProcess) continue;
        if (sessionProcess.isLeaving || (error instanceof DaylongError && error.code === "process_crashed"))
          return;
        // All or nothing. A process that does not take its model back is replaced after its turn; the next has the
        // store's.
        if (hasModel) {
          await process.setModel(session.model).catch(() => {
            sessionProcess.recycleAfterTurn("Claude did not answer a change of its settings.");
          });
        }
        if (error instanceof DaylongError) throw error;
        const said = error instanceof Error ? error.message : String(error);
        throw new DaylongError("invalid_request", `Claude does not take the change: ${said}`, {
          cause: error,
        });
      }
    }
  }

  /**
   * Opens the next lease term without a model turn. An expired session is revived. No caller: the session keeps itself
   * alive.
   */
  keepAlive(session: Session, caller?: Caller): void {
    const { clock, limits } = this.#parts;
    const { sessionId } = session;
    refuseClosed(session);
    const now = clock.now();
    const lease = openLease(session.lease.term + 1, now, limits);
    const revived = session.state === "expired";
    this.#store.transaction(() => {
      this.#store.sessions.setLease(sessionId, lease, now);
      if (revived) this.#store.sessions.setState(sessionId, "parked");
      const { term, expiresAt } = lease;
      this.#store.events.append({
        sessionId,
        type: "session.renewed",
        data: { term, expiresAt, reason: "keep-alive" },
      });
      if (caller) this.#audit(caller, "session.keep-alive", sessionId);
    });
    this.#parts.leaseChanged(Math.min(lease.warnAt, lease.expiresAt));
    if (revived && limits.interactive) this.#parts.wake(sessionId);
  }

  /** The session goes on after an earlier message: in a copy of its conversation, which keeps the original whole. */
  async #goBack(session: Session, resumeAt: string, caller: Caller): Promise<Session> {
    const { sessionId } = session;
    const { registry } = this.#parts;
    await this.#checkHolds(session.claudeSessionId ?? sessionId, resumeAt);
    const isBusy = () =>
      this.#store.turns.queuedCountOf(sessionId) > 0 || (registry.get(sessionId)?.turns.length ?? 0) > 0;
    const refuseUnfit = () => {
      refuseRevoked(this.#store, caller);
      refuseClosed(this.#now(session));
      if (isBusy()) throw new DaylongError("session_busy", "A turn of the session runs or waits.");
    };
    refuseUnfit();
    await registry.get(sessionId)?.stop("cancelled");
    refuseUnfit();
    this.#store.transaction(() => {
      this.#copyUpTo(this.#now(session), resumeAt);
      this.#audit(caller, "session.resume-at", sessionId, resumeAt);
    });
    return this.#now(session);
  }

  #copyUpTo(session: Session, resumeAt: string): void {
    const { sessionId, claudeSessionId = sessionId, turnCount: afterTurns } = session;
    const origin = { resume: claudeSessionId, fork: true, resumeAt, afterTurns };
    this.#store.sessions.setClaudeSession(sessionId, this.#parts.newId(), origin);
  }

  async #checkHolds(claudeSessionId: string, messageId: string): Promise<void> {
    if (!(await this.#parts.host.holdsMessage(claudeSessionId, messageId)))
      throw new DaylongError("message_not_found", "Claude's record does not hold a message with this id.");
  }

  #now(session: Session): Session {
    return this.#store.sessions.get(session.sessionId) ?? session;
  }

  #goOn(session: Session, caller: Caller): void {
    if (session.state === "closed")
      throw new DaylongError("session_closed", "The session was closed; fork it instead.");
    if (session.state === "expired") this.keepAlive(session, caller);
  }

  #audit(caller: Caller, action: string, target: string, detail = ""): void {
    this.#store.audit.add({ at: this.#parts.clock.now(), deviceId: caller.deviceId, action, target, detail });
  }
}

/** For the audit: what was changed, and to which mode. */
const changeDetail = (change: SessionChange): string =>
  Object.keys(change)
    .map((name) => (name === "permissionMode" ? `permissionMode ${change.permissionMode}` : name))
    .join(", ");

function refuseClosed(session: Session): void {
  if (session.state === "closed") throw new DaylongError("session_closed", "The session is closed.");
}
