import type { Caller } from "../domain/device.ts";
import { DaylongError } from "../domain/errors.ts";
import { openLease } from "../domain/lease.ts";
import type { Clock, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/process.ts";
import type { Session } from "../domain/session.ts";
import type { PoolLimits } from "./limits.ts";
import type { CreateSessionRequest, SessionChange } from "./requests.ts";
import type { Roster } from "./roster.ts";
import type { SubmissionDesk } from "./submission.ts";

export interface SessionDeskParts {
  store: Store;
  host: ProcessHost;
  clock: Clock;
  limits: PoolLimits;
  roster: Roster;
  submissions: SubmissionDesk;
  newId: () => string;
  leaseChanged(deadlineAt: number): void;
  /** Brings up a process without a turn, if there is a free place. */
  wake(sessionId: string): void;
}

/** Sessions without their turns: begin one, go on with one, fork one, change one, keep one alive. */
export class SessionDesk {
  readonly #parts: SessionDeskParts;
  readonly #store: Store;

  constructor(parts: SessionDeskParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** A new session; or, with an origin that is not forked, the session of that very conversation. */
  async create(request: CreateSessionRequest): Promise<Session> {
    const { host, newId, submissions } = this.#parts;
    const origin = request.options.origin;
    if (origin?.resumeAt !== undefined && !origin.fork) {
      throw new DaylongError(
        "not_implemented",
        "Resuming at a message works on a fork only: send fork: true with it.",
      );
    }
    const resumed = origin !== undefined && !origin.fork ? origin.resume : undefined;
    const ours = resumed === undefined ? undefined : this.#store.sessions.get(resumed);
    if (ours !== undefined) return this.#goOn(ours, request.caller);
    if (origin && !(await host.hasTranscript(origin.resume))) {
      throw new DaylongError("session_not_found", `Claude has no conversation ${origin.resume}.`);
    }
    // Our id is Claude's id: a conversation that is gone on with keeps the one it has.
    const sessionId = resumed ?? newId();
    const options = resumed === undefined ? request.options : { ...request.options, origin: undefined };
    const session = this.#store.transaction(() => {
      const begun = submissions.create({ ...request, options }, sessionId);
      this.#audit(request.caller, "session.create", sessionId);
      return begun;
    });
    this.#parts.leaseChanged(Math.min(session.lease.warnAt, session.lease.expiresAt));
    return this.#store.sessions.get(sessionId) ?? session;
  }

  /** Throws `session_closed`, `permission_mode_forbidden`, or `invalid_request` for what Claude does not take. */
  async update(session: Session, change: SessionChange, caller: Caller): Promise<void> {
    const { roster, submissions } = this.#parts;
    const { sessionId } = session;
    refuseClosed(session);
    if (change.permissionMode !== undefined) submissions.allowedMode(change.permissionMode);
    // The live process first: what it refuses must not be written down as done.
    const process = roster.get(sessionId)?.process;
    try {
      if (process && change.model !== undefined) await process.setModel(change.model);
      if (process && change.permissionMode !== undefined)
        await process.setPermissionMode(change.permissionMode);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new DaylongError("invalid_request", `Claude does not take the change: ${said}`, { cause: error });
    }
    this.#store.transaction(() => {
      this.#store.sessions.update(sessionId, change);
      this.#store.events.append({ sessionId, type: "session.updated", data: change });
      this.#audit(caller, "session.update", sessionId, Object.keys(change).join(", "));
    });
  }

  /** The next term, without a word to Claude. An expired session comes back. No caller: the session keeps itself alive. */
  keepAlive(session: Session, caller?: Caller): void {
    const { clock, limits } = this.#parts;
    const { sessionId } = session;
    refuseClosed(session);
    const now = clock.now();
    const lease = openLease(session.lease.term + 1, now, limits.lease);
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
    if (revived) this.#parts.wake(sessionId);
  }

  #goOn(session: Session, caller: Caller): Session {
    if (session.state === "closed")
      throw new DaylongError("session_closed", "The session was closed; fork it instead.");
    if (session.state === "expired") this.keepAlive(session, caller);
    return this.#store.sessions.get(session.sessionId) ?? session;
  }

  #audit(caller: Caller, action: string, target: string, detail = ""): void {
    this.#store.audit.add({ at: this.#parts.clock.now(), deviceId: caller.deviceId, action, target, detail });
  }
}

function refuseClosed(session: Session): void {
  if (session.state === "closed") throw new DaylongError("session_closed", "The session is closed.");
}
