import { randomUUID } from "node:crypto";
import type { Caller } from "../../../server/domain/delivery/device.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { Clock, Store } from "../../../server/domain/ports.ts";
import type { OneShotAnswer } from "../../../server/domain/processes/process.ts";
import { openLease } from "../../../server/domain/sessions/lease.ts";
import {
  type PermissionDecision,
  sameDecision,
  scopeInForce,
} from "../../../server/domain/sessions/permission.ts";
import { type Session, titleFrom } from "../../../server/domain/sessions/session.ts";
import { isTerminal, type Reply, type Turn } from "../../../server/domain/sessions/turn.ts";
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
} from "../../../server/pool/port.ts";
import { requestHashOf } from "../../../server/pool/turns/submitRules.ts";

const lease = {
  sessionTimeoutMs: 24 * 3_600_000,
  sessionWarningMs: 20 * 3_600_000,
  sessionFinalWarningMs: 900_000,
};

/** What Claude says in tests that do not care. */
export const aReply = (reply: Partial<Reply> = {}): Reply => ({
  messageId: randomUUID(),
  text: "Done.",
  costUsd: 0.01,
  usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 1200,
  numTurns: 1,
  ...reply,
});

/**
 * The pool's port over a real store, without processes: the first turn of a session runs at once, later ones wait, and
 * a turn ends when the test says so. What the edges asked for is kept in `calls`.
 */
export class FakePool implements SessionPool {
  readonly calls: Array<{ name: string; by?: Caller; request?: unknown }> = [];
  /** Thrown by the next `submit`. */
  refusal: DaylongError | undefined;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #watchers = new Set<() => void>();

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /** How many wait for a turn's end. */
  get waiting(): number {
    return [...this.#waiters.values()].reduce((sum, waiters) => sum + waiters.size, 0);
  }

  /** Resolves as soon as exactly so many wait. */
  whenWaiting(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.waiting !== count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  submit(request: SubmitRequest): Accepted {
    this.calls.push({ name: "submit", by: request.caller, request });
    if (this.refusal !== undefined) {
      const refusal = this.refusal;
      this.refusal = undefined;
      throw refusal;
    }
    if (request.permissionMode === "bypassPermissions") {
      throw new DaylongError("permission_mode_forbidden", "Not enabled.");
    }
    const { caller, clientMessageId = randomUUID(), attachments = [] } = request;
    const requestHash = requestHashOf(request);
    const earlier = this.#store.turns.byClientMessage(caller.deviceId, clientMessageId);
    if (earlier !== undefined) {
      if (earlier.requestHash !== requestHash)
        throw new DaylongError("idempotency_conflict", "Another message.");
      return this.#acceptedOf(earlier, true);
    }
    return this.#store.transaction(() => {
      const session =
        request.sessionId === undefined
          ? this.#insertSession(request.projectPath ?? "", titleFrom(request.message), request)
          : this.#sessionOf(request.sessionId);
      if (session.state === "closed") throw new DaylongError("session_closed", "The session is closed.");
      const isFree =
        request.sendAt === undefined &&
        !this.#turnsOf(session.sessionId).some((turn) => turn.state === "running");
      const turn: Turn = {
        turnId: randomUUID(),
        sessionId: session.sessionId,
        deviceId: caller.deviceId,
        clientMessageId,
        requestHash,
        message: request.message,
        attachmentIds: attachments.map(({ attachmentId }) => attachmentId),
        state: "queued",
        acceptedAt: this.#clock.now(),
        sendAt: request.sendAt,
      };
      this.#store.turns.insert(turn);
      for (const attachmentId of turn.attachmentIds)
        this.#store.attachments.use(attachmentId, this.#clock.now());
      if (isFree) this.#store.turns.markRunning(turn.turnId, this.#clock.now());
      this.#store.events.append({
        sessionId: session.sessionId,
        type: "turn.accepted",
        turnId: turn.turnId,
        data: {
          messageId: randomUUID(),
          message: request.message,
          clientMessageId,
          deviceId: caller.deviceId,
          attachments: [],
        },
      });
      return this.#acceptedOf(this.#turnOf(turn.turnId), false);
    });
  }

  /** Ends a turn with Claude's answer. */
  complete(turnId: string, reply: Reply = aReply()): Reply {
    const { sessionId } = this.#turnOf(turnId);
    this.#store.transaction(() => {
      const { messageId, text } = reply;
      this.#store.events.append({ sessionId, type: "message", turnId, data: { messageId, text } });
      this.#store.turns.settle(turnId, { state: "completed", reply, endedAt: this.#clock.now() });
      this.#store.events.append({ sessionId, type: "turn.completed", turnId, data: reply });
    });
    this.#wake(turnId);
    return reply;
  }

  /** Ends a turn without an answer. */
  fail(turnId: string, detail = "The process ended."): void {
    const { sessionId } = this.#turnOf(turnId);
    const code = "process_crashed";
    this.#store.transaction(() => {
      const end = { state: "failed", error: { code, detail }, endedAt: this.#clock.now() } as const;
      this.#store.turns.settle(turnId, end);
      const data = { code, detail, retryable: true } as const;
      this.#store.events.append({ sessionId, type: "turn.failed", turnId, data });
    });
    this.#wake(turnId);
  }

  async waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal): Promise<Turn> {
    const isOver = () => isTerminal(this.#turnOf(turnId).state) || signal?.aborted === true;
    if (!isOver()) {
      await new Promise<void>((resolve) => {
        const waiters = this.#waiters.get(turnId) ?? new Set();
        const finish = () => {
          waiters.delete(finish);
          cancel();
          signal?.removeEventListener("abort", finish);
          resolve();
          this.#look();
        };
        const cancel = this.#clock.after(deadlineMs, finish);
        signal?.addEventListener("abort", finish);
        this.#waiters.set(turnId, waiters.add(finish));
        this.#look();
      });
    }
    return this.#turnOf(turnId);
  }

  async interrupt(sessionId: string, turnId: string | undefined, caller: Caller) {
    this.calls.push({ name: "interrupt", by: caller, request: { sessionId, turnId } });
    this.#sessionOf(sessionId);
    const running = this.#turnsOf(sessionId).find((turn) => turn.state === "running");
    if (running === undefined) throw new DaylongError("nothing_running", "No turn is running.");
    const error = { code: "interrupted", detail: "The owner interrupted the turn." } as const;
    this.#store.turns.settle(running.turnId, { state: "interrupted", error, endedAt: this.#clock.now() });
    this.#wake(running.turnId);
    return { interrupted: true, turnId: running.turnId };
  }

  cancelTurn(sessionId: string, turnId: string, caller: Caller): void {
    this.calls.push({ name: "cancelTurn", by: caller, request: { sessionId, turnId } });
    if (this.#turnOf(turnId).state !== "queued") throw new DaylongError("turn_not_cancellable", "It runs.");
    this.#store.turns.settle(turnId, { state: "cancelled", endedAt: this.#clock.now() });
  }

  async createSession(request: CreateSessionRequest): Promise<SessionView> {
    this.calls.push({ name: "createSession", by: request.caller, request });
    const { projectPath, title = "New session" } = request;
    return this.#view(this.#store.transaction(() => this.#insertSession(projectPath, title)));
  }

  async updateSession(sessionId: string, change: SessionChange, caller: Caller): Promise<SessionView> {
    this.calls.push({ name: "updateSession", by: caller, request: change });
    this.#sessionOf(sessionId);
    this.#store.sessions.update(sessionId, change);
    return this.session(sessionId);
  }

  async closeSession(sessionId: string, caller: Caller): Promise<void> {
    this.calls.push({ name: "closeSession", by: caller, request: { sessionId } });
    this.#sessionOf(sessionId);
    this.#store.sessions.setState(sessionId, "closed");
    this.#store.conversations.removeOf(sessionId);
  }

  async stopProcesses(sessionId: string | undefined, caller: Caller): Promise<string[]> {
    this.calls.push({ name: "stopProcesses", by: caller, request: { sessionId } });
    return sessionId === undefined ? [] : [this.#sessionOf(sessionId).sessionId];
  }

  async forkSession(sessionId: string, atMessageId: string | undefined, caller: Caller) {
    this.calls.push({ name: "forkSession", by: caller, request: { sessionId, atMessageId } });
    const { projectPath, title } = this.#sessionOf(sessionId);
    return this.#view(this.#insertSession(projectPath, title));
  }

  async rewind(sessionId: string, messageId: string, dryRun: boolean, caller: Caller) {
    this.calls.push({ name: "rewind", by: caller, request: { sessionId, messageId, dryRun } });
    this.#sessionOf(sessionId);
    return { canRewind: true, filesChanged: ["a.txt"], insertions: 1, deletions: 0 };
  }

  async contextUse(sessionId: string) {
    this.#sessionOf(sessionId);
    return { model: "claude", totalTokens: 10, maxTokens: 100, percentage: 10, categories: [] };
  }

  keepAlive(sessionId: string, caller: Caller): SessionView {
    this.calls.push({ name: "keepAlive", by: caller, request: { sessionId } });
    const session = this.#sessionOf(sessionId);
    const now = this.#clock.now();
    this.#store.sessions.setLease(sessionId, openLease(session.lease.term + 1, now, lease), now);
    return this.session(sessionId);
  }

  async recap(sessionId: string): Promise<Recap> {
    this.#sessionOf(sessionId);
    return { text: "We tidied up.", createdAt: this.#clock.now(), turnCount: 1, cached: false };
  }

  /** What a one-shot prompt is answered with. */
  answerTo: (request: AskRequest, signal: AbortSignal) => Promise<OneShotAnswer> = async ({ prompt }) => ({
    text: `Answer to ${prompt}`,
    costUsd: 0.01,
    durationMs: 5,
    denied: [],
  });

  async ask(request: AskRequest, caller: Caller, signal: AbortSignal): Promise<OneShotAnswer> {
    this.calls.push({ name: "ask", by: caller, request });
    return this.answerTo(request, signal);
  }

  answerPermission(permissionId: string, decision: PermissionDecision, caller: Caller) {
    this.calls.push({ name: "answerPermission", by: caller, request: decision });
    const permission = this.#store.permissions.get(permissionId);
    if (permission === undefined) throw new DaylongError("permission_not_found", "There is no such request.");
    if (permission.state === "expired") throw new DaylongError("permission_expired", "It is over.");
    if (permission.decision !== undefined && !sameDecision(permission.decision, decision)) {
      throw new DaylongError("permission_already_resolved", "It has another answer.");
    }
    this.#store.permissions.resolve(permissionId, decision);
    const scope = scopeInForce(decision, permission.suggestions);
    return { permissionId, state: "resolved" as const, decision: decision.decision, scope };
  }

  session(sessionId: string): SessionView {
    return this.#view(this.#sessionOf(sessionId));
  }

  views(sessions: Session[]): SessionView[] {
    return sessions.map((session) => this.#view(session));
  }

  active(): SessionView[] {
    return this.views(this.#store.sessions.inStates(["idle", "busy", "waiting"]));
  }

  stats(): PoolStats {
    const used = this.active().length;
    return {
      totalSessions: used,
      maxSessions: 10,
      availableSlots: 10 - used,
      queuedTurns: this.#store.turns.queuedCount(this.#clock.now()),
      memoryUsageBytes: 0,
      memoryLimitBytes: 2_000_000_000,
      cpuPercent: 0,
    };
  }

  health() {
    return { state: "ok" as const };
  }

  #insertSession(projectPath: string, title: string, request: Partial<SubmitRequest> = {}): Session {
    const now = this.#clock.now();
    const session: Session = {
      sessionId: randomUUID(),
      projectPath,
      title,
      state: "idle",
      model: request.model ?? null,
      permissionMode: "default",
      createdAt: now,
      lastActivityAt: now,
      lease: openLease(1, now, lease),
      turnCount: 0,
      lastSeq: 0,
      costUsd: 0,
      tokens: { input: 0, output: 0 },
      muted: false,
      autoKeepAlive: false,
      options: request.options ?? {},
    };
    this.#store.sessions.insert(session);
    const { sessionId, createdAt } = session;
    if (request.conversation)
      this.#store.conversations.insert({ ...request.conversation, sessionId, createdAt });
    return session;
  }

  #sessionOf(sessionId: string): Session {
    const session = this.#store.sessions.get(sessionId);
    if (session === undefined) throw new DaylongError("session_not_found", "There is no such session.");
    return session;
  }

  #turnOf(turnId: string): Turn {
    const turn = this.#store.turns.get(turnId);
    if (turn === undefined) throw new DaylongError("turn_not_found", "There is no such turn.");
    return turn;
  }

  #turnsOf(sessionId: string): Turn[] {
    return this.#store.turns.inState("running").filter((turn) => turn.sessionId === sessionId);
  }

  #acceptedOf(turn: Turn, duplicate: boolean): Accepted {
    return {
      sessionId: turn.sessionId,
      turnId: turn.turnId,
      clientMessageId: turn.clientMessageId,
      state: turn.state,
      queuePosition: turn.state === "queued" ? this.#store.turns.queuePosition(turn.turnId) : 0,
      duplicate,
      expiresAt: this.#sessionOf(turn.sessionId).lease.expiresAt,
    };
  }

  #view(session: Session): SessionView {
    const { options: _options, lease: term, ...shown } = session;
    return {
      ...shown,
      lease: { term: term.term, startedAt: term.startedAt, warnAt: term.warnAt, expiresAt: term.expiresAt },
      timeRemainingMs: Math.max(0, term.expiresAt - this.#clock.now()),
      queuedTurns: this.#store.turns.queuedCountOf(session.sessionId),
      openPermissions: this.#store.permissions.openCountOf(session.sessionId),
    };
  }

  #look(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #wake(turnId: string): void {
    for (const finish of this.#waiters.get(turnId) ?? []) finish();
  }
}
