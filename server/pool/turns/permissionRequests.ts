import { cutJson } from "../../domain/cutJson.ts";
import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import type { EventDataByType } from "../../domain/delivery/event.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { PermissionRequest } from "../../domain/processes/process.ts";
import {
  editedInput,
  misanswered,
  misfits,
  type Permission,
  type PermissionAnswer,
  type PermissionDecision,
  type PermissionScope,
  permissionKindOf,
  rulesIn,
  sameDecision,
  scopeOf,
  scopesOf,
} from "../../domain/sessions/permission.ts";
import { toolTitle } from "../../domain/sessions/toolLine.ts";
import { headOf, visibleText } from "../../domain/visibleText.ts";
import type { PoolLimits } from "../state/limits.ts";
import { rewriteMs } from "../state/retryingWriter.ts";
import { setWorkState } from "../state/workState.ts";

type ExpiryReason = EventDataByType["permission.expired"]["reason"];

/** A request that Claude waits on, in memory; the request itself is in the store. */
interface Waiting {
  sessionId: string;
  turnId: string;
  answer(decision: PermissionAnswer): void;
  /** For the end of the request. */
  timer: DeadlineTimer;
}

/** As in the event of a tool's start, and in an entry of the audit log. */
const mostInputBytes = 4_096;
const mostAuditUnits = 2_000;

/** Events that are searched for the text of a plan: it is the last text of the turn. */
const wordsBeforePlan = 5;

const denials: Record<ExpiryReason, string> = {
  timed_out: "Nobody answered the permission request in time, so it was denied.",
  turn_ended: "The turn ended before the permission request was answered.",
  process_gone: "The process ended before the permission request was answered.",
  server_restarted: "The server restarted before the permission request was answered.",
};

/**
 * Permission requests of Claude: each is told to the phones and gets exactly one answer. The store's compare-and-set
 * decides which answer counts; memory holds only the promise that Claude waits on.
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

  /**
   * Keeps the request, tells the phones, and resolves with the answer; a request without an answer in time is denied.
   */
  ask(sessionId: string, turnId: string, ask: PermissionRequest): Promise<PermissionAnswer> {
    const now = this.#clock.now();
    const kind = ask.form === undefined ? permissionKindOf(ask.toolName) : "form";
    const plan = kind === "plan" ? this.#planOf(ask, sessionId, turnId) : undefined;
    const permission: Permission = {
      permissionId: this.#newId(),
      sessionId,
      turnId,
      agent: ask.agent,
      kind,
      toolName: ask.toolName,
      toolUseId: ask.toolUseId,
      title: ask.title,
      description: ask.description,
      server: ask.server,
      input: ask.input,
      plan,
      ...(Array.isArray(ask.input.questions) ? { questions: ask.input.questions } : {}),
      suggestions: ask.suggestions,
      form: ask.form,
      scopes: scopesOf(ask.suggestions, ask.onceOnly),
      lookFirst: ask.lookFirst === true || (plan !== undefined && visibleText(plan).hidden),
      truncated: ask.truncated === true,
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
    const decided = new Promise<PermissionAnswer>((resolve) => {
      this.#waiting.set(permissionId, { sessionId, turnId, answer: resolve, timer });
    });
    const { state: _state, decision: _decision, ...told } = permission;
    try {
      this.#store.transaction(() => {
        this.#store.permissions.insert(permission);
        this.#store.events.append({ sessionId, turnId, type: "permission.requested", data: told });
        setWorkState(this.#store, sessionId, { isLive: true });
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

  /** The plan to approve: the one that came with the request, else the turn's last text. */
  #planOf({ input, plan }: PermissionRequest, sessionId: string, turnId: string): string {
    if (typeof input.plan === "string" && input.plan !== "") return input.plan.toWellFormed();
    if (plan) return plan;
    for (const event of this.#store.events.transcript(sessionId, undefined, wordsBeforePlan)) {
      if (event.type === "message" && event.turnId === turnId) return event.data.text;
    }
    return "";
  }

  /** Answers a request. The same answer again is no error; another answer, or a late one, is refused. */
  answer(permissionId: string, decision: PermissionDecision, caller: Caller) {
    const permission = this.#store.permissions.get(permissionId);
    if (permission === undefined) {
      throw new DaylongError("permission_not_found", `There is no permission request ${permissionId}.`);
    }
    const scope = scopeOf(decision);
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
    refuseUnfit(permission, decision);
    this.#store.transaction(() => {
      this.#store.permissions.resolve(permissionId, decision);
      this.#keepRules(permission, scope, caller);
      this.#tellAnswer(permission, decision, caller);
      setWorkState(this.#store, permission.sessionId);
    });
    this.#release(permissionId)?.answer(decision);
    return answered;
  }

  #tellAnswer(permission: Permission, decision: PermissionDecision, caller: Caller): void {
    const { permissionId, sessionId, turnId, toolName, toolUseId, agent } = permission;
    const updatedInput = editedInput(permission, decision);
    const by = caller.deviceId;
    this.#store.events.append({
      sessionId,
      turnId,
      type: "permission.resolved",
      data: { permissionId, decision: decision.decision, by, updatedInput },
    });
    // The line of the tool said what was asked; what runs is this.
    if (updatedInput !== undefined && toolUseId !== undefined) {
      const { value: input, cut } = cutJson(updatedInput, mostInputBytes);
      const title = toolTitle(toolName, updatedInput);
      const truncated = cut || undefined;
      const data = { toolUseId, toolName, title, input, truncated, edited: true, agent };
      this.#store.events.append({ sessionId, turnId, type: "tool.started", data });
    }
    const edited =
      updatedInput === undefined ? "" : `, edited: ${headOf(JSON.stringify(updatedInput), mostAuditUnits)}`;
    this.#store.audit.add({
      at: this.#clock.now(),
      deviceId: by,
      action: `permission.${decision.decision}`,
      target: permissionId,
      detail: `${toolName} in session ${sessionId}, scope ${scopeOf(decision)}${edited}`,
    });
  }

  /**
   * For every process of the project, or of the session, from now on. The CLI would write such rules into the project's
   * own settings, which are not loaded for an untrusted project, and would forget those of a session with its process.
   */
  #keepRules({ sessionId, suggestions }: Permission, scope: PermissionScope, { deviceId }: Caller): void {
    const { trust, sessions } = this.#store;
    const projectPath = sessions.get(sessionId)?.projectPath;
    if (projectPath === undefined || scope === "once") return;
    const now = this.#clock.now();
    for (const rule of rulesIn(suggestions)) {
      if (scope === "always") trust.keepRule(projectPath, rule, now, deviceId);
      else trust.keepSessionRule(sessionId, rule, now, deviceId);
    }
  }

  /**
   * Denies the turn's own open requests, not those of subagents that it started, which work on. Inside the caller's
   * transaction the promise settles after it.
   */
  expireTurn(sessionId: string, turnId: string): void {
    for (const permission of this.#store.permissions.openOf(sessionId)) {
      if (permission.turnId === turnId && permission.agent === undefined)
        this.#expire(permission.permissionId, "turn_ended");
    }
  }

  /** Denies every open request of the session; inside the caller's transaction the promise settles after it. */
  expireAll(sessionId: string, reason: ExpiryReason): void {
    for (const permission of this.#store.permissions.openOf(sessionId))
      this.#expire(permission.permissionId, reason);
  }

  #expire(permissionId: string, reason: ExpiryReason): void {
    const deny = () =>
      this.#release(permissionId)?.answer({ decision: "deny", message: denials[reason], isExpired: true });
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
      setWorkState(this.#store, permission.sessionId);
    }, deny);
  }

  /** For timers and aborts, where no caller catches: a failed write is tried again. */
  #expireSurely(permissionId: string, reason: ExpiryReason): void {
    try {
      this.#expire(permissionId, reason);
    } catch {
      this.#clock.after(rewriteMs, () => this.#expireSurely(permissionId, reason));
    }
  }

  #release(permissionId: string): Waiting | undefined {
    const waiting = this.#waiting.get(permissionId);
    this.#waiting.delete(permissionId);
    waiting?.timer.cancel();
    return waiting;
  }
}

function refuseUnfit(permission: Permission, decision: PermissionDecision): void {
  const faults = misfits(permission, decision);
  if (faults.length > 0)
    throw new DaylongError("invalid_request", "The answer does not fit what was asked.", { faults });
  const wrong = misanswered(permission, decision);
  if (wrong.length > 0)
    throw new DaylongError("invalid_answers", "The answers do not fit the form.", { faults: wrong });
  const scope = scopeOf(decision);
  if (!permission.scopes.includes(scope)) {
    const given = permission.scopes.join(", ");
    throw new DaylongError("scope_unavailable", `The answer cannot hold "${scope}"; it can hold: ${given}.`);
  }
}
