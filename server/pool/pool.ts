import type { Caller } from "../domain/delivery/device.ts";
import type { EndedWork } from "../domain/delivery/event.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import type { LimitReason } from "../domain/processes/machine.ts";
import type { UsageReport } from "../domain/processes/usage.ts";
import type { Workload } from "../domain/processes/workload.ts";
import { refuseContextFiles } from "../domain/prompts/contextFiles.ts";
import type { SessionCommand, Todo } from "../domain/sessions/facts.ts";
import type { PermissionDecision } from "../domain/sessions/permission.ts";
import type { Session } from "../domain/sessions/session.ts";
import type { Turn } from "../domain/sessions/turn.ts";
import { assemblePool, type PoolComponents, type PoolParts } from "./assemble.ts";
import type {
  Accepted,
  AskRequest,
  CreateSessionRequest,
  FollowedTurn,
  PoolStats,
  Recap,
  ResourceHistoryView,
  SessionChange,
  SessionPool,
  SessionView,
  SubmitRequest,
} from "./port.ts";
import { type Recovery, recover } from "./processes/bootRecovery.ts";
import { existingSession } from "./state/existingSession.ts";

/**
 * Pool of sessions that live for a day on a bounded number of Claude processes: the implementation of the port. It
 * checks requests and hands them to its components.
 */
export class InteractiveSessionPool implements SessionPool {
  readonly #parts: PoolParts;
  readonly #store: Store;
  readonly #components: PoolComponents;
  #open = false;
  #stopped: Promise<void> | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#components = assemblePool(parts);
  }

  /** Recovers from the last run, then takes messages. */
  async start(): Promise<Recovery> {
    const recovery = await recover({
      store: this.#store,
      host: this.#parts.host,
      turnWriter: this.#components.turnWriter,
      permissions: this.#components.permissions,
      tasks: this.#components.tasks,
      facts: this.#components.facts,
      log: this.#parts.log,
    });
    this.#open = true;
    this.#components.scheduler.start();
    this.#components.leases.start();
    this.#components.wakeups.start();
    this.#components.health.start();
    this.#components.spares.start();
    this.#components.timeouts.start();
    return recovery;
  }

  /** Refuses messages, lets turns finish for `graceMs`, then ends every process. Idempotent. */
  stop(graceMs: number): Promise<void> {
    this.#open = false;
    this.#stopped ??= (async () => {
      this.#components.leases.stop();
      this.#components.wakeups.stop();
      this.#components.health.stop();
      this.#components.handoffs.stop();
      this.#components.outages.stop();
      this.#components.timeouts.stop();
      this.#components.spares.stop();
      this.#components.oneShots.stop();
      await this.#components.scheduler.stop(graceMs);
      this.#components.turnWaiter.stop();
      this.#components.taskWaiter.stop();
      this.#components.facts.stop();
    })();
    return this.#stopped;
  }

  submit(request: SubmitRequest): Accepted | Promise<Accepted> {
    this.#checkOpen();
    const { sessions, handoffs } = this.#components;
    const kept = () => sessions.keepChanged(request, () => this.#keep(request));
    const keep = () => (request.contextFiles?.length ? this.#checkContextFiles(request).then(kept) : kept());
    // A message begins its session, or goes on with one that another program may have gone on with meanwhile.
    const look = request.sessionId === undefined ? undefined : handoffs.lookBeforePrompt(request.sessionId);
    return look === undefined ? keep() : look.then(keep);
  }

  /** Of a message that is not kept yet: a repeat is answered whatever has become of the files. */
  async #checkContextFiles(request: SubmitRequest): Promise<void> {
    const { sessionId, projectPath, contextFiles = [], clientMessageId = "", caller } = request;
    const directory = sessionId === undefined ? projectPath : this.#existing(sessionId).projectPath;
    const isKept = this.#store.turns.byClientMessage(caller.deviceId, clientMessageId) !== undefined;
    if (directory !== undefined && !isKept)
      await refuseContextFiles(contextFiles, directory, this.#parts.mentions);
  }

  #keep(request: SubmitRequest): Accepted {
    this.#checkOpen();
    const { accepted, run, waits, leaseDeadlineAt } = this.#components.submissions.submit(request, (turn) =>
      this.#components.promptSender.give(turn),
    );
    if (waits) this.#components.scheduler.advance();
    else if (!run) this.#components.scheduler.armSchedule();
    this.#components.leases.leaseChanged(leaseDeadlineAt);
    return accepted;
  }

  async waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn> {
    const turn =
      (await this.#components.turnWaiter.ended(turnId, deadlineMs, signal)) ?? this.#store.turns.get(turnId);
    if (turn) return turn;
    throw new DaylongError("turn_not_found", `There is no turn ${turnId}.`);
  }

  followTasks(sessionId: string, turnId: string): FollowedTurn {
    return this.#components.taskWaiter.follow(sessionId, turnId);
  }

  interrupt(sessionId: string, turnId: string | undefined, caller: Caller) {
    this.#existing(sessionId);
    return this.#components.interrupts.interrupt(sessionId, turnId, caller);
  }

  cancelTurn(sessionId: string, turnId: string, caller: Caller): void {
    this.#components.termination.cancelTurn(sessionId, turnId, caller);
    this.#components.scheduler.armSchedule();
  }

  endWorkOf(deviceId: string, by: Caller): EndedWork {
    return this.#components.revocations.endWorkOf(deviceId, by);
  }

  createSession(request: CreateSessionRequest): Promise<SessionView> {
    this.#checkOpen();
    return this.#components.sessions
      .create(request)
      .then((session) => this.#components.views.session(session));
  }

  async updateSession(sessionId: string, change: SessionChange, caller: Caller): Promise<SessionView> {
    await this.#components.sessions.update(this.#existing(sessionId), change, caller);
    return this.session(sessionId);
  }

  async closeSession(sessionId: string, caller: Caller): Promise<void> {
    const session = this.#existing(sessionId);
    if (session.state !== "closed") await this.#components.termination.close(session, caller);
  }

  async eraseSession(sessionId: string, caller: Caller): Promise<void> {
    await this.#components.erasure.erase(this.#existing(sessionId), caller);
  }

  async stopProcesses(sessionId: string | undefined, caller: Caller): Promise<string[]> {
    if (sessionId !== undefined) this.#existing(sessionId);
    return this.#components.termination.cancel(sessionId, caller);
  }

  replaceProcesses(projectPath: string, detail: string): void {
    this.#components.termination.recycleProject(projectPath, detail);
  }

  async forkSession(sessionId: string, atMessageId: string | undefined, caller: Caller) {
    this.#checkOpen();
    const { handoffs, views, forkAndRewind } = this.#components;
    // What a terminal has added belongs to the copy; one that still has the conversation open does not mind.
    await handoffs.look(this.#existing(sessionId).sessionId);
    return views.session(await forkAndRewind.fork(this.#existing(sessionId), atMessageId, caller));
  }

  async rewind(sessionId: string, messageId: string, dryRun: boolean, caller: Caller) {
    return this.#components.forkAndRewind.rewind(this.#existing(sessionId), messageId, dryRun, caller);
  }

  async contextUse(sessionId: string) {
    return this.#components.forkAndRewind.contextUse(this.#existing(sessionId));
  }

  todos(sessionId: string): Todo[] {
    return this.#components.facts.of(this.#existing(sessionId).sessionId).todos;
  }

  commands(sessionId: string): SessionCommand[] {
    return this.#components.facts.commands(this.#existing(sessionId).sessionId);
  }

  usage(days: number): Promise<UsageReport> {
    return this.#components.planUsage.report(days);
  }

  tasks(sessionId: string) {
    this.#existing(sessionId);
    return this.#components.tasks.list(sessionId);
  }

  async taskOutput(sessionId: string, taskId: string) {
    this.#existing(sessionId);
    return this.#components.tasks.output(sessionId, taskId);
  }

  async stopTask(sessionId: string, taskId: string, caller: Caller) {
    this.#existing(sessionId);
    return this.#components.tasks.stop(sessionId, taskId, caller);
  }

  keepAlive(sessionId: string, caller: Caller): SessionView {
    this.#components.sessions.keepAlive(this.#existing(sessionId), caller);
    return this.session(sessionId);
  }

  async recap(sessionId: string): Promise<Recap> {
    const session = this.#existing(sessionId);
    // A fork would repeat for minutes the request that every session has been refused.
    const refused = this.#components.outages.loginDetail;
    if (refused !== undefined) throw new DaylongError("login_required", refused);
    return this.#components.recaps.recap(session);
  }

  async ask(request: AskRequest, caller: Caller, signal: AbortSignal) {
    this.#checkOpen();
    return this.#components.oneShots.ask(request, caller, signal);
  }

  answerPermission(permissionId: string, decision: PermissionDecision, caller: Caller) {
    return this.#components.permissions.answer(permissionId, decision, caller);
  }

  session(sessionId: string): SessionView {
    return this.#components.views.session(this.#existing(sessionId));
  }

  views(sessions: Session[]): SessionView[] {
    return this.#components.views.listed(sessions);
  }

  active(): SessionView[] {
    return this.#components.views.active();
  }

  stats(): PoolStats {
    return this.#components.views.stats();
  }

  workload(): Workload {
    return this.#components.views.workload();
  }

  resourceHistory(): ResourceHistoryView {
    return this.#components.health.history.view();
  }

  health(): { state: "ok" | "degraded" | "failing"; detail?: string } {
    if (!this.#open) return { state: "failing", detail: "The pool does not take messages." };
    const { maxQueuedTurns } = this.#parts.limits;
    const waiting = this.#store.turns.queuedCount(this.#parts.clock.now());
    // Without a queue there is no queue that could be full.
    if (maxQueuedTurns > 0 && waiting >= maxQueuedTurns)
      return { state: "degraded", detail: `${waiting} turns are waiting.` };
    const { outages, retries, health } = this.#components;
    const wrong = [...outages.details(), ...retries.details(), ...health.details()];
    const limit = this.#limitDetail();
    if (wrong.length > 0) return { state: "degraded", detail: [...wrong, ...limit].join(" ") };
    return limit.length > 0 ? { state: "ok", detail: limit.join(" ") } : { state: "ok" };
  }

  sessionLimit(): { effective: number; limitedBy: LimitReason } | undefined {
    const { auto } = this.#components.sessionLimit;
    return auto && { effective: auto.value, limitedBy: auto.limitedBy };
  }

  /** With `MAX_CONCURRENT_SESSIONS=auto` the number and why it is not higher. */
  #limitDetail(): string[] {
    const limit = this.sessionLimit();
    if (limit === undefined) return [];
    const why = { memory: "memory", load: "the load of the computer", maximum: "nothing but the maximum" };
    return [
      `Up to ${limit.effective} sessions have a process at once (auto; limited by ${why[limit.limitedBy]}).`,
    ];
  }

  #existing(sessionId: string): Session {
    return existingSession(this.#store, sessionId);
  }

  #checkOpen(): void {
    if (!this.#open)
      throw new DaylongError("shutting_down", "The server is stopping.", { retryAfterMs: 5_000 });
  }
}
