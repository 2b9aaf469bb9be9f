import type { Caller } from "../domain/delivery/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import type { PermissionDecision } from "../domain/sessions/permission.ts";
import type { Session } from "../domain/sessions/session.ts";
import type { Turn } from "../domain/sessions/turn.ts";
import { type Desks, joinDesks, type PoolParts } from "./desks.ts";
import { type Recovery, recover } from "./recovery.ts";
import type {
  Accepted,
  AskRequest,
  CreateSessionRequest,
  PoolStats,
  Recap,
  SessionChange,
  SessionPool,
  SessionView,
  SubmitRequest,
} from "./requests.ts";
import { existingSession } from "./sessionDesk.ts";
import { hasWish } from "./wish.ts";

/**
 * Conversations that live for a day on a bounded number of Claude processes. The face of the pool: it checks, keeps and
 * answers; `Conductor` moves the processes.
 */
export class InteractiveSessionPool implements SessionPool {
  readonly #parts: PoolParts;
  readonly #store: Store;
  readonly #desks: Desks;
  #open = false;
  #stopped: Promise<void> | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#desks = joinDesks(parts);
  }

  /** Puts the last run right, then takes messages. */
  async start(): Promise<Recovery> {
    const recovery = await recover({
      store: this.#store,
      host: this.#parts.host,
      clerk: this.#desks.clerk,
      permissions: this.#desks.permissions,
      log: this.#parts.log,
    });
    this.#open = true;
    this.#desks.conductor.start();
    this.#desks.leases.start();
    this.#desks.health.start();
    this.#desks.spares.start();
    return recovery;
  }

  /** Refuses messages, lets turns finish for `graceMs`, then ends every process. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.#open = false;
    this.#stopped ??= (async () => {
      this.#desks.leases.stop();
      this.#desks.health.stop();
      this.#desks.outages.stop();
      this.#desks.spares.stop();
      this.#desks.oneShots.stop();
      await this.#desks.conductor.stop(graceMs);
      this.#desks.watch.stop();
    })();
    return this.#stopped;
  }

  submit(request: SubmitRequest): Accepted {
    this.#checkOpen();
    const { accepted, run, waits, leaseDeadlineAt } = this.#desks.submissions.submit(request, (turn) =>
      this.#desks.conductor.give(turn),
    );
    if (waits) this.#desks.conductor.advance();
    else if (!run) this.#desks.conductor.armSchedule();
    this.#desks.leases.leaseChanged(leaseDeadlineAt);
    return accepted;
  }

  async submitChanging(request: SubmitRequest): Promise<Accepted> {
    const keep = () => this.submit(request);
    this.#checkOpen();
    return hasWish(request) ? this.#desks.sessions.changeFirst(request, keep) : keep();
  }

  async waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn> {
    const turn = (await this.#desks.watch.ended(turnId, deadlineMs, signal)) ?? this.#store.turns.get(turnId);
    if (turn) return turn;
    throw new DaylongError("turn_not_found", `There is no turn ${turnId}.`);
  }

  interrupt(sessionId: string, turnId: string | undefined, caller: Caller) {
    this.#existing(sessionId);
    return this.#desks.endings.interrupt(sessionId, turnId, caller);
  }

  cancelTurn(sessionId: string, turnId: string, caller: Caller): void {
    this.#desks.endings.cancelTurn(sessionId, turnId, caller);
  }

  createSession(request: CreateSessionRequest): Promise<SessionView> {
    this.#checkOpen();
    return this.#desks.sessions.create(request).then((session) => this.#desks.views.session(session));
  }

  async updateSession(sessionId: string, change: SessionChange, caller: Caller): Promise<SessionView> {
    await this.#desks.sessions.update(this.#existing(sessionId), change, caller);
    return this.session(sessionId);
  }

  async closeSession(sessionId: string, caller: Caller): Promise<void> {
    const session = this.#existing(sessionId);
    if (session.state !== "closed") await this.#desks.endings.close(session, caller);
  }

  async stopProcesses(sessionId: string | undefined, caller: Caller): Promise<string[]> {
    if (sessionId !== undefined) this.#existing(sessionId);
    return this.#desks.endings.cancel(sessionId, caller);
  }

  async forkSession(sessionId: string, atMessageId: string | undefined, caller: Caller) {
    this.#checkOpen();
    return this.#desks.views.session(
      await this.#desks.backstage.fork(this.#existing(sessionId), atMessageId, caller),
    );
  }

  async rewind(sessionId: string, messageId: string, dryRun: boolean, caller: Caller) {
    return this.#desks.backstage.rewind(this.#existing(sessionId), messageId, dryRun, caller);
  }

  async contextUse(sessionId: string) {
    return this.#desks.backstage.contextUse(this.#existing(sessionId));
  }

  keepAlive(sessionId: string, caller: Caller): SessionView {
    this.#desks.sessions.keepAlive(this.#existing(sessionId), caller);
    return this.session(sessionId);
  }

  async recap(sessionId: string): Promise<Recap> {
    const session = this.#existing(sessionId);
    // A fork would try for minutes what every session has been refused.
    const refused = this.#desks.outages.loginDetail;
    if (refused !== undefined) throw new DaylongError("login_required", refused);
    return this.#desks.recaps.recap(session);
  }

  async ask(request: AskRequest, caller: Caller, signal: AbortSignal) {
    this.#checkOpen();
    return this.#desks.oneShots.ask(request, caller, signal);
  }

  answerPermission(permissionId: string, decision: PermissionDecision, caller: Caller) {
    return this.#desks.permissions.answer(permissionId, decision, caller);
  }

  session(sessionId: string): SessionView {
    return this.#desks.views.session(this.#existing(sessionId));
  }

  views(sessions: Session[]): SessionView[] {
    return sessions.map((session) => this.#desks.views.session(session));
  }

  active(): SessionView[] {
    return this.#desks.views.active();
  }

  stats(): PoolStats {
    return this.#desks.views.stats();
  }

  health(): { state: "ok" | "degraded" | "failing"; detail?: string } {
    if (!this.#open) return { state: "failing", detail: "The pool does not take messages." };
    const { maxQueuedTurns } = this.#parts.limits;
    const waiting = this.#store.turns.queuedCount(this.#parts.clock.now());
    // Where nothing may wait, nothing that waits is too much.
    if (maxQueuedTurns > 0 && waiting >= maxQueuedTurns)
      return { state: "degraded", detail: `${waiting} turns are waiting.` };
    const wrong = [...this.#desks.outages.details(), ...this.#desks.health.details()];
    return wrong.length > 0 ? { state: "degraded", detail: wrong.join(" ") } : { state: "ok" };
  }

  #existing(sessionId: string): Session {
    return existingSession(this.#store, sessionId);
  }

  #checkOpen(): void {
    if (!this.#open)
      throw new DaylongError("shutting_down", "The server is stopping.", { retryAfterMs: 5_000 });
  }
}
