import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import type { EventDataByType } from "../../domain/delivery/event.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { PermissionRequest } from "../../domain/processes/process.ts";
import {
  misfits,
  type Permission,
  type PermissionDecision,
  type PermissionScope,
  permissionKindOf,
  rulesIn,
  sameDecision,
  scopeInForce,
} from "../../domain/sessions/permission.ts";
import type { PoolLimits } from "../state/limits.ts";
import { rewriteMs } from "../state/retryingWriter.ts";

type ExpiryReason = EventDataByType["permission.expired"]["reason"];

/** Who waits in memory for an answer that is kept in the store. */
interface Waiting {
  sessionId: string;
  turnId: string;
  answer(decision: PermissionDecision): void;
  /** For the end of the request. */
  timer: DeadlineTimer;
}

/** How far back the words of a plan are looked for: they are the last that were said in the turn. */
const wordsBeforePlan = 5;

const denials: Record<ExpiryReason, string> = {
  timed_out: "Nobody answered the permission request in time, so it was denied.",
  turn_ended: "The turn ended before the permission request was answered.",
  process_gone: "The process ended before the permission request was answered.",
  server_restarted: "The server restarted before the permission request was answered.",
};

/**
 * Brings Claude's permission requests to the phones and exactly one answer back. The store's compare-and-set decides
 * who answers; memory only holds the promise that Claude waits on.
 */
export class PermissionRequests {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: Pick<PoolLimits, "permissionTimeoutMs">;
  readonly #newId: () => string;
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: {
    store: Store;
    clock: Clock;
    limits: Pick<PoolLimits, "permissionTimeoutMs">;
    newId: () => string;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#newId = parts.newId;
  }

  /** Keeps the request, tells the phones, and resolves with the answer; a request nobody answers is denied. */
  ask(sessionId: string, turnId: string, ask: PermissionRequest): Promise<PermissionDecision> {
    const now = this.#clock.now();
    const kind = permissionKindOf(ask.toolName);
    const permission: Permission = {
      permissionId: this.#newId(),
      sessionId,
      turnId,
      kind,
      toolName: ask.toolName,
      title: ask.title,
      description: ask.description,
      input: ask.input,
      ...(kind === "plan" ? { plan: this.#planOf(ask, sessionId, turnId) } : {}),
      ...(Array.isArray(ask.input.questions) ? { questions: ask.input.questions } : {}),
      suggestions: ask.suggestions,
      requestedAt: now,
      expiresAt: now + this.#limits.permissionTimeoutMs,
      state: "open",
    };
    const { permissionId } = permission;
    const timer = new DeadlineTimer({
      clock: this.#clock,
      onDue: () => this.#expireSurely(permissionId, "timed_out"),
    });
    timer.armAt(permission.expiresAt);
    const decided = new Promise<PermissionDecision>((resolve) => {
      this.#waiting.set(permissionId, { sessionId, turnId, answer: resolve, timer });
    });
    const { state: _state, decision: _decision, ...told } = permission;
    try {
      this.#store.transaction(() => {
        this.#store.permissions.insert(permission);
        this.#store.events.append({ sessionId, turnId, type: "permission.requested", data: told });
        this.#store.sessions.setState(sessionId, "waiting");
      });
    } catch (error) {
      this.#release(permissionId);
      throw error;
    }
    if (ask.signal.aborted) this.#expireSurely(permissionId, "turn_ended");
    else
      ask.signal.addEventListener("abort", () => this.#expireSurely(permissionId, "turn_ended"), {
        once: true,
      });
    return decided;
  }

  /** The plan that is to be approved: what came with the request, else what Claude said before it. */
  #planOf({ input, plan }: PermissionRequest, sessionId: string, turnId: string): string {
    if (typeof input.plan === "string" && input.plan !== "") return input.plan.toWellFormed();
    if (plan) return plan;
    for (const event of this.#store.events.transcript(sessionId, undefined, wordsBeforePlan)) {
      if (event.type === "message" && event.turnId === turnId) return event.data.text;
    }
    return "";
  }

  /** The one answer. The same one again is fine; another one, or one too late, is told so. */
  answer(permissionId: string, decision: PermissionDecision, caller: Caller) {
    const permission = this.#store.permissions.get(permissionId);
    if (permission === undefined) {
      throw new DaylongError("permission_not_found", `There is no permission request ${permissionId}.`);
    }
    const scope = scopeInForce(decision, permission.suggestions);
    const answered = { permissionId, state: "resolved" as const, decision: decision.decision, scope };
    if (permission.state === "resolved") {
      if (permission.decision && sameDecision(permission.decision, decision)) return answered;
      throw new DaylongError(
        "permission_already_resolved",
        `The request was answered with "${permission.decision?.decision}" before.`,
      );
    }
    // After a suspend the timer may come up to a minute late; the answer comes too late all the same.
    const isTimedOut = permission.state === "open" && this.#clock.now() >= permission.expiresAt;
    if (isTimedOut) this.#expireSurely(permissionId, "timed_out");
    if (permission.state === "expired" || isTimedOut || !this.#waiting.has(permissionId)) {
      throw new DaylongError("permission_expired", "Claude no longer waits for this answer.");
    }
    const faults = misfits(permission, decision);
    if (faults.length > 0)
      throw new DaylongError("invalid_request", "The answer does not fit what was asked.", { faults });
    this.#store.transaction(() => {
      this.#store.permissions.resolve(permissionId, decision);
      this.#keepRules(permission, scope);
      this.#store.events.append({
        sessionId: permission.sessionId,
        turnId: permission.turnId,
        type: "permission.resolved",
        data: { permissionId, decision: decision.decision, by: caller.deviceId },
      });
      this.#store.audit.add({
        at: this.#clock.now(),
        deviceId: caller.deviceId,
        action: `permission.${decision.decision}`,
        target: permissionId,
        detail: `${permission.toolName} in session ${permission.sessionId}, scope ${scope}`,
      });
      this.#backToWork(permission.sessionId);
    });
    this.#release(permissionId)?.answer(decision);
    return answered;
  }

  /**
   * For every process of the project, or of the session, from now on. The CLI would write such rules into the project's own
   * settings, which are not loaded where nobody trusts them, and would forget those of a session with its process.
   */
  #keepRules({ sessionId, suggestions }: Permission, scope: PermissionScope): void {
    const { trust, sessions } = this.#store;
    const projectPath = sessions.get(sessionId)?.projectPath;
    if (projectPath === undefined || scope === "once") return;
    const now = this.#clock.now();
    for (const rule of rulesIn(suggestions)) {
      if (scope === "always") trust.keepRule(projectPath, rule, now);
      else trust.keepSessionRule(sessionId, rule, now);
    }
  }

  /** Denies whatever is open for the session; inside the caller's transaction the promise settles after it. */
  expireAll(sessionId: string, reason: ExpiryReason): void {
    for (const permission of this.#store.permissions.openOf(sessionId))
      this.#expire(permission.permissionId, reason);
  }

  #expire(permissionId: string, reason: ExpiryReason): void {
    const deny = () => this.#release(permissionId)?.answer({ decision: "deny", message: denials[reason] });
    const permission = this.#store.permissions.get(permissionId);
    if (permission?.state !== "open") {
      deny();
      return;
    }
    this.#store.transaction(() => {
      if (!this.#store.permissions.expire(permissionId)) return;
      this.#store.events.append({
        sessionId: permission.sessionId,
        turnId: permission.turnId,
        type: "permission.expired",
        data: { permissionId, reason },
      });
      this.#backToWork(permission.sessionId);
    }, deny);
  }

  /** From a timer or an abort, where nobody catches: what cannot be written now is tried again. */
  #expireSurely(permissionId: string, reason: ExpiryReason): void {
    try {
      this.#expire(permissionId, reason);
    } catch {
      this.#clock.after(rewriteMs, () => this.#expireSurely(permissionId, reason));
    }
  }

  #backToWork(sessionId: string): void {
    const session = this.#store.sessions.get(sessionId);
    if (session?.state === "waiting" && this.#store.permissions.openCountOf(sessionId) === 0) {
      this.#store.sessions.setState(sessionId, "busy");
    }
  }

  #release(permissionId: string): Waiting | undefined {
    const waiting = this.#waiting.get(permissionId);
    this.#waiting.delete(permissionId);
    waiting?.timer.cancel();
    return waiting;
  }
}
