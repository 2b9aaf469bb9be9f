import type { Caller } from "../../../server/domain/delivery/device.ts";
import type { DaylongError } from "../../../server/domain/errors.ts";
import type { Store } from "../../../server/domain/ports.ts";
import type { TurnResult } from "../../../server/domain/processes/process.ts";
import type { PermissionDecision } from "../../../server/domain/sessions/permission.ts";
import type { Session } from "../../../server/domain/sessions/session.ts";
import type { Reply } from "../../../server/domain/sessions/turn.ts";
import type {
  Accepted,
  AskRequest,
  CreateSessionRequest,
  SessionChange,
  SessionPool,
  SubmitRequest,
} from "../../../server/pool/port.ts";
import type { ScriptedHost, ScriptedProcess } from "../claude/scriptedHost.ts";

interface DrivenPoolParts {
  /** The real pool, over `host`. */
  pool: SessionPool;
  host: ScriptedHost;
  store: Store;
}

/** A call that has a caller; those that only look at something are not kept. */
interface PoolCall {
  name: string;
  by: Caller;
  request?: unknown;
}

/**
 * A proxy around the real pool that records what the edges asked for and by whom, and counts those that wait for a turn.
 * It decides nothing itself. With it a test speaks for Claude, by turns instead of processes.
 */
export class DrivenPool implements SessionPool {
  readonly calls: PoolCall[] = [];
  /** Thrown by the next message, in the place of the pool's word. */
  refusal: DaylongError | undefined;
  /** How many wait for a turn's end. */
  waiting = 0;
  readonly #pool: SessionPool;
  readonly #host: ScriptedHost;
  readonly #store: Store;
  readonly #watchers = new Set<() => void>();

  constructor({ pool, host, store }: DrivenPoolParts) {
    this.#pool = pool;
    this.#host = host;
    this.#store = store;
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

  /** Ends a turn with Claude's answer, when its prompt has been given. */
  async complete(turnId: string, answer: { text?: string; durationMs?: number } = {}): Promise<Reply> {
    const { text = "Done.", durationMs = 1_200 } = answer;
    const process = await this.#host.prompted(turnId);
    process.message(text);
    this.#result(process, turnId, { outcome: "completed", text, durationMs });
    const reply = this.#store.turns.get(turnId)?.reply;
    if (reply === undefined) throw new Error(`Turn ${turnId} has no reply.`);
    return reply;
  }

  /** Ends a turn without an answer, when its prompt has been given. */
  async fail(turnId: string, detail = "Claude broke."): Promise<void> {
    const process = await this.#host.prompted(turnId);
    this.#result(process, turnId, {
      outcome: "failed",
      text: "",
      failure: { code: "claude_error", detail },
    });
  }

  submit(request: SubmitRequest): Accepted | Promise<Accepted> {
    this.#message(request);
    return this.#pool.submit(request);
  }

  /** Submits a message that changes no setting of its session, which is accepted in the call. */
  submitNow(request: SubmitRequest): Accepted {
    const accepted = this.submit(request);
    if (accepted instanceof Promise) throw new Error("The message changes its session first.");
    return accepted;
  }

  async waitForTurn(turnId: string, deadlineMs: number, signal?: AbortSignal) {
    this.#wait(1);
    return this.#pool.waitForTurn(turnId, deadlineMs, signal).finally(() => this.#wait(-1));
  }

  followTasks(sessionId: string, turnId: string) {
    return this.#pool.followTasks(sessionId, turnId);
  }

  interrupt(sessionId: string, turnId: string | undefined, by: Caller) {
    this.calls.push({ name: "interrupt", by, request: { sessionId, turnId } });
    return this.#pool.interrupt(sessionId, turnId, by);
  }

  endWorkOf(deviceId: string, by: Caller) {
    this.calls.push({ name: "endWorkOf", by, request: { deviceId } });
    return this.#pool.endWorkOf(deviceId, by);
  }

  cancelTurn(sessionId: string, turnId: string, by: Caller): void {
    this.calls.push({ name: "cancelTurn", by, request: { sessionId, turnId } });
    this.#pool.cancelTurn(sessionId, turnId, by);
  }

  createSession(request: CreateSessionRequest) {
    this.calls.push({ name: "createSession", by: request.caller, request });
    return this.#pool.createSession(request);
  }

  updateSession(sessionId: string, change: SessionChange, by: Caller) {
    this.calls.push({ name: "updateSession", by, request: change });
    return this.#pool.updateSession(sessionId, change, by);
  }

  closeSession(sessionId: string, by: Caller) {
    this.calls.push({ name: "closeSession", by, request: { sessionId } });
    return this.#pool.closeSession(sessionId, by);
  }

  eraseSession(sessionId: string, by: Caller) {
    this.calls.push({ name: "eraseSession", by, request: { sessionId } });
    return this.#pool.eraseSession(sessionId, by);
  }

  stopProcesses(sessionId: string | undefined, by: Caller) {
    this.calls.push({ name: "stopProcesses", by, request: { sessionId } });
    return this.#pool.stopProcesses(sessionId, by);
  }

  replaceProcesses(projectPath: string, detail: string): void {
    this.#pool.replaceProcesses(projectPath, detail);
  }

  forkSession(sessionId: string, atMessageId: string | undefined, by: Caller) {
    this.calls.push({ name: "forkSession", by, request: { sessionId, atMessageId } });
    return this.#pool.forkSession(sessionId, atMessageId, by);
  }

  todos(sessionId: string) {
    return this.#pool.todos(sessionId);
  }

  commands(sessionId: string) {
    return this.#pool.commands(sessionId);
  }

  usage(days: number) {
    return this.#pool.usage(days);
  }

  rewind(sessionId: string, messageId: string, dryRun: boolean, by: Caller) {
    this.calls.push({ name: "rewind", by, request: { sessionId, messageId, dryRun } });
    return this.#pool.rewind(sessionId, messageId, dryRun, by);
  }

  contextUse(sessionId: string) {
    return this.#pool.contextUse(sessionId);
  }

  tasks(sessionId: string) {
    return this.#pool.tasks(sessionId);
  }

  taskOutput(sessionId: string, taskId: string) {
    return this.#pool.taskOutput(sessionId, taskId);
  }

  stopTask(sessionId: string, taskId: string, by: Caller) {
    this.calls.push({ name: "stopTask", by, request: { sessionId, taskId } });
    return this.#pool.stopTask(sessionId, taskId, by);
  }

  keepAlive(sessionId: string, by: Caller) {
    this.calls.push({ name: "keepAlive", by, request: { sessionId } });
    return this.#pool.keepAlive(sessionId, by);
  }

  recap(sessionId: string) {
    return this.#pool.recap(sessionId);
  }

  ask(request: AskRequest, by: Caller, signal: AbortSignal) {
    this.calls.push({ name: "ask", by, request });
    return this.#pool.ask(request, by, signal);
  }

  answerPermission(permissionId: string, decision: PermissionDecision, by: Caller) {
    this.calls.push({ name: "answerPermission", by, request: decision });
    return this.#pool.answerPermission(permissionId, decision, by);
  }

  session(sessionId: string) {
    return this.#pool.session(sessionId);
  }

  views(sessions: Session[]) {
    return this.#pool.views(sessions);
  }

  active() {
    return this.#pool.active();
  }

  stats() {
    return this.#pool.stats();
  }

  workload() {
    return this.#pool.workload();
  }

  sessionLimit() {
    return this.#pool.sessionLimit();
  }

  resourceHistory() {
    return this.#pool.resourceHistory();
  }

  health() {
    return this.#pool.health();
  }

  #message(request: SubmitRequest): void {
    this.calls.push({ name: "submit", by: request.caller, request });
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) throw refusal;
  }

  #result(process: ScriptedProcess, turnId: string, result: Partial<TurnResult>): void {
    const prompt = process.unanswered.find((one) => one.turnId === turnId);
    if (prompt === undefined) throw new Error(`Turn ${turnId} has had its result.`);
    process.unanswered.splice(process.unanswered.indexOf(prompt), 1);
    process.result({
      usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheCreationTokens: 0 },
      messageIds: [prompt.turnId],
      ...result,
    });
  }

  #wait(change: number): void {
    this.waiting += change;
    for (const look of [...this.#watchers]) look();
  }
}
