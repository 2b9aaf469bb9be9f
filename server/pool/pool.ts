import type { AttachmentShelf } from "../domain/attachment.ts";
import type { Caller } from "../domain/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { ClaudeHistory } from "../domain/history.ts";
import type { PermissionDecision } from "../domain/permission.ts";
import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/process.ts";
import type { Session } from "../domain/session.ts";
import type { Turn } from "../domain/turn.ts";
import { Backstage } from "./backstage.ts";
import { Conductor } from "./conductor.ts";
import { Conversations } from "./conversations.ts";
import { Endings } from "./endings.ts";
import type { Gate } from "./gate.ts";
import { HealthMonitor } from "./healthMonitor.ts";
import { HeldEvents } from "./heldEvents.ts";
import { LeaseClock } from "./leaseClock.ts";
import type { PoolLimits } from "./limits.ts";
import { OneShots } from "./oneShots.ts";
import { Outages } from "./outages.ts";
import { PermissionDesk } from "./permissionDesk.ts";
import { Recaps } from "./recaps.ts";
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
import { Roster } from "./roster.ts";
import { existingSession, SessionDesk } from "./sessionDesk.ts";
import { SpareKeeper } from "./spareKeeper.ts";
import { SubmissionDesk } from "./submission.ts";
import { TurnClerk } from "./turnClerk.ts";
import { TurnWatch } from "./turnWatch.ts";
import { Views } from "./views.ts";
import { hasWish } from "./wish.ts";

export interface PoolParts {
  store: Store;
  host: ProcessHost;
  history: Pick<ClaudeHistory, "conversations">;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  newId: () => string;
  attachments: Pick<AttachmentShelf, "prepare">;
  /** Throws `project_forbidden` or `project_not_found` when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A session was closed or has expired, and no process of it is left. */
  sessionOver?(session: Session): void;
}

/**
 * Conversations that live for a day on a bounded number of Claude processes. The face of the pool: it checks, keeps and
 * answers; `Conductor` moves the processes.
 */
export class InteractiveSessionPool implements SessionPool {
  readonly #parts: PoolParts;
  readonly #store: Store;
  readonly #roster = new Roster();
  readonly #clerk: TurnClerk;
  readonly #permissions: PermissionDesk;
  readonly #submissions: SubmissionDesk;
  readonly #sessions: SessionDesk;
  readonly #backstage: Backstage;
  readonly #conductor: Conductor;
  readonly #endings: Endings;
  readonly #health: HealthMonitor;
  readonly #outages: Outages;
  readonly #spares: SpareKeeper;
  readonly #leases: LeaseClock;
  readonly #recaps: Recaps;
  readonly #oneShots: OneShots;
  readonly #views: Views;
  readonly #watch: TurnWatch;
  #open = false;
  #stopped: Promise<void> | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#store = parts.store;
    const { store, clock, limits, newId, host } = parts;
    const roster = this.#roster;
    this.#clerk = new TurnClerk({ store, clock, limits, newId });
    this.#permissions = new PermissionDesk({ store, clock, limits, newId });
    const gates: Gate[] = [];
    const readySession = (projectPath: string) => host.spares?.reserve(projectPath);
    const desk = { store, clock, limits, roster, clerk: this.#clerk, gates, newId, readySession };
    this.#submissions = new SubmissionDesk(desk);
    this.#views = new Views({ store, roster, clock, limits });
    this.#watch = new TurnWatch({ store, clock });
    this.#recaps = new Recaps({ store, clock, host, newId, checkProject: parts.checkProject });
    const inner = {
      ...parts,
      roster,
      clerk: this.#clerk,
      permissions: this.#permissions,
      watch: this.#watch,
      held: new HeldEvents(parts),
      gates,
      advance: () => this.#conductor.advance(),
    };
    this.#endings = new Endings(inner);
    this.#health = new HealthMonitor({ ...inner, views: this.#views, endings: this.#endings });
    gates.push(this.#health.load);
    this.#outages = new Outages({ ...inner, endings: this.#endings });
    gates.push(...this.#outages.gates);
    this.#spares = new SpareKeeper({ ...inner, views: this.#views });
    this.#conductor = new Conductor({
      ...inner,
      outages: this.#outages,
      conversations: new Conversations(parts),
      endings: this.#endings,
      leaseChanged: (deadlineAt) => this.#leases.leaseChanged(deadlineAt),
      sessionsServed: () => this.#oneShots.admit(),
    });
    this.#oneShots = new OneShots({ ...inner, endings: this.#endings, outages: this.#outages });
    this.#sessions = new SessionDesk({
      ...inner,
      stopProcess: (sessionId) => this.#endings.stopOf(sessionId),
      submissions: this.#submissions,
      leaseChanged: (deadlineAt) => this.#leases.leaseChanged(deadlineAt),
      wake: (sessionId) => this.#conductor.wake(sessionId),
    });
    this.#backstage = new Backstage({
      ...inner,
      wake: (sessionId) => this.#conductor.wake(sessionId),
      create: (request) => this.#sessions.create(request),
    });
    this.#leases = new LeaseClock({
      ...inner,
      duties: {
        expire: (session) => this.#endings.expire(session),
        keepAlive: (session) => this.#sessions.keepAlive(session),
      },
    });
  }

  /** Puts the last run right, then takes messages. */
  async start(): Promise<Recovery> {
    const recovery = await recover({
      store: this.#store,
      host: this.#parts.host,
      clerk: this.#clerk,
      permissions: this.#permissions,
      log: this.#parts.log,
    });
    this.#open = true;
    this.#conductor.start();
    this.#leases.start();
    this.#health.start();
    this.#spares.start();
    return recovery;
  }

  /** Refuses messages, lets turns finish for `graceMs`, then ends every process. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.#open = false;
    this.#stopped ??= (async () => {
      this.#leases.stop();
      this.#health.stop();
      this.#outages.stop();
      this.#spares.stop();
      this.#oneShots.stop();
      await this.#conductor.stop(graceMs);
      this.#watch.stop();
    })();
    return this.#stopped;
  }

  submit(request: SubmitRequest): Accepted {
    this.#checkOpen();
    const { accepted, run, waits, leaseDeadlineAt } = this.#submissions.submit(request, (turn) =>
      this.#conductor.give(turn),
    );
    if (waits) this.#conductor.advance();
    else if (!run) this.#conductor.armSchedule();
    this.#leases.leaseChanged(leaseDeadlineAt);
    return accepted;
  }

  async submitChanging(request: SubmitRequest): Promise<Accepted> {
    const keep = () => this.submit(request);
    this.#checkOpen();
    return hasWish(request) ? this.#sessions.changeFirst(request, keep) : keep();
  }

  async waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn> {
    const turn = (await this.#watch.ended(turnId, deadlineMs, signal)) ?? this.#store.turns.get(turnId);
    if (turn) return turn;
    throw new DaylongError("turn_not_found", `There is no turn ${turnId}.`);
  }

  interrupt(sessionId: string, turnId: string | undefined, caller: Caller) {
    this.#existing(sessionId);
    return this.#endings.interrupt(sessionId, turnId, caller);
  }

  cancelTurn(sessionId: string, turnId: string, caller: Caller): void {
    this.#endings.cancelTurn(sessionId, turnId, caller);
  }

  createSession(request: CreateSessionRequest): Promise<SessionView> {
    this.#checkOpen();
    return this.#sessions.create(request).then((session) => this.#views.session(session));
  }

  async updateSession(sessionId: string, change: SessionChange, caller: Caller): Promise<SessionView> {
    await this.#sessions.update(this.#existing(sessionId), change, caller);
    return this.session(sessionId);
  }

  async closeSession(sessionId: string, caller: Caller): Promise<void> {
    const session = this.#existing(sessionId);
    if (session.state !== "closed") await this.#endings.close(session, caller);
  }

  async stopProcesses(sessionId: string | undefined, caller: Caller): Promise<string[]> {
    if (sessionId !== undefined) this.#existing(sessionId);
    return this.#endings.cancel(sessionId, caller);
  }

  async forkSession(sessionId: string, atMessageId: string | undefined, caller: Caller) {
    this.#checkOpen();
    return this.#views.session(await this.#backstage.fork(this.#existing(sessionId), atMessageId, caller));
  }

  async rewind(sessionId: string, messageId: string, dryRun: boolean, caller: Caller) {
    return this.#backstage.rewind(this.#existing(sessionId), messageId, dryRun, caller);
  }

  async contextUse(sessionId: string) {
    return this.#backstage.contextUse(this.#existing(sessionId));
  }

  keepAlive(sessionId: string, caller: Caller): SessionView {
    this.#sessions.keepAlive(this.#existing(sessionId), caller);
    return this.session(sessionId);
  }

  async recap(sessionId: string): Promise<Recap> {
    const session = this.#existing(sessionId);
    // A fork would try for minutes what every session has been refused.
    const refused = this.#outages.loginDetail;
    if (refused !== undefined) throw new DaylongError("login_required", refused);
    return this.#recaps.recap(session);
  }

  async ask(request: AskRequest, caller: Caller, signal: AbortSignal) {
    this.#checkOpen();
    return this.#oneShots.ask(request, caller, signal);
  }

  answerPermission(permissionId: string, decision: PermissionDecision, caller: Caller) {
    return this.#permissions.answer(permissionId, decision, caller);
  }

  session(sessionId: string): SessionView {
    return this.#views.session(this.#existing(sessionId));
  }

  views(sessions: Session[]): SessionView[] {
    return sessions.map((session) => this.#views.session(session));
  }

  active(): SessionView[] {
    return this.#views.active();
  }

  stats(): PoolStats {
    return this.#views.stats();
  }

  health(): { state: "ok" | "degraded" | "failing"; detail?: string } {
    if (!this.#open) return { state: "failing", detail: "The pool does not take messages." };
    const { maxQueuedTurns } = this.#parts.limits;
    const waiting = this.#store.turns.queuedCount(this.#parts.clock.now());
    // Where nothing may wait, nothing that waits is too much.
    if (maxQueuedTurns > 0 && waiting >= maxQueuedTurns)
      return { state: "degraded", detail: `${waiting} turns are waiting.` };
    const wrong = [...this.#outages.details(), ...this.#health.details()];
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
