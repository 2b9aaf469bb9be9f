import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { Admission, AdmissionFacts } from "../../domain/processes/admission.ts";
import { judgeCommand } from "../../domain/prompts/commands.ts";
import {
  allowanceDetail,
  asksLess,
  chosenOptions,
  refuseBeyondScope,
} from "../../domain/sessions/allowances.ts";
import { openLease } from "../../domain/sessions/lease.ts";
import { type Session, titleFrom } from "../../domain/sessions/session.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { Accepted, CreateSessionRequest, SubmitRequest } from "../port.ts";
import { existingSession } from "../state/existingSession.ts";
import { type Gate, isHeld } from "../state/gate.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { FactWriter } from "./factWriter.ts";
import { answerRepeat, requestHashOf } from "./idempotency.ts";
import { needsPreparing, refuseGreed, refuseRevoked, refuseSchedule } from "./submitRules.ts";
import type { TurnWriter } from "./turnWriter.ts";

/** A message that is kept, and what the pool has to do with it. */
export interface Submission {
  accepted: Accepted;
  /** The turn whose prompt is to be written at once; its process is live and was marked busy in the store. */
  run?: Turn;
  /** The turn waits for a process. */
  waits: boolean;
  leaseDeadlineAt: number;
}

/** Decides on the process of a new message, given its session's own process and the queue. */
export type AdmissionOf = (
  own: AdmissionFacts["own"],
  queue: Pick<AdmissionFacts, "queuedTurns" | "queueLimit">,
) => Admission;

/** Keeps messages: one transaction from the request to the promise that it ends in one reply or one failure. */
export class Submissions {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #registry: ProcessRegistry;
  readonly #turnWriter: TurnWriter;
  readonly #gates: readonly Gate[];
  readonly #admission: AdmissionOf;
  readonly #waitsForTasks: () => boolean;
  readonly #isHeldElsewhere: (sessionId: string) => boolean;
  readonly #facts: Pick<FactWriter, "messageKept">;
  readonly #newId: () => string;
  readonly #newSessionId: (request: SubmitRequest) => string;

  constructor(parts: {
    store: Store;
    clock: Clock;
    limits: PoolLimits;
    registry: ProcessRegistry;
    turnWriter: TurnWriter;
    gates: readonly Gate[];
    admission: AdmissionOf;
    /** Whether a message has no place only because tasks would be cut off for it. */
    waitsForTasks(): boolean;
    /** Whether another program has the session's conversation open. */
    isHeldElsewhere(sessionId: string): boolean;
    facts: Pick<FactWriter, "messageKept">;
    newId: () => string;
    /** The id of a session that begins, a spare's if one can be its process. */
    newSessionId(request: SubmitRequest): string;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#registry = parts.registry;
    this.#turnWriter = parts.turnWriter;
    this.#gates = parts.gates;
    this.#admission = parts.admission;
    this.#waitsForTasks = () => parts.waitsForTasks();
    this.#isHeldElsewhere = (sessionId) => parts.isHeldElsewhere(sessionId);
    this.#facts = parts.facts;
    this.#newId = parts.newId;
    this.#newSessionId = parts.newSessionId;
  }

  /** `run` is called right after the commit for a message whose process is idle, before the event is announced. */
  submit(request: SubmitRequest, run: (turn: Turn) => void): Submission {
    const clientMessageId = request.clientMessageId ?? this.#newId();
    const requestHash = requestHashOf(request);
    const earlier = this.#store.turns.byClientMessage(request.caller.deviceId, clientMessageId);
    if (earlier !== undefined) {
      const repeat = { earlier, clientMessageId, request, requestHash };
      // In a transaction, which a database whose files were lost refuses: the first turn may have been lost with them.
      const accepted = this.#store.transaction(() => answerRepeat(this.#store, this.#clock.now(), repeat));
      return { accepted, waits: false, leaseDeadlineAt: Number.POSITIVE_INFINITY };
    }
    this.#refuseCommand(request);
    return this.#store.transaction(
      () => this.#keep(request, clientMessageId, requestHash),
      (kept) => kept.run && run(kept.run),
    );
  }

  /** Inside a transaction: a session with its first lease. */
  create(request: CreateSessionRequest, sessionId: string): Session {
    refuseRevoked(this.#store, request.caller);
    refuseBeyondScope(request, request.caller.scope, this.#limits);
    const now = this.#clock.now();
    const session: Session = {
      sessionId,
      projectPath: request.projectPath,
      title: request.title ?? "New session",
      state: "parked",
      model: request.model ?? this.#limits.claudeModel,
      permissionMode: request.permissionMode ?? "default",
      createdAt: now,
      lastActivityAt: now,
      lease: openLease(1, now, this.#limits),
      turnCount: 0,
      lastSeq: 0,
      costUsd: 0,
      tokens: { input: 0, output: 0 },
      muted: false,
      autoKeepAlive: false,
      options: request.options,
    };
    this.#store.sessions.insert(session);
    const { deviceId } = request.caller;
    const { projectPath, title, model, permissionMode, options } = session;
    const detail = allowanceDetail(permissionMode, options);
    this.#store.audit.add({ at: now, deviceId, action: "session.create", target: sessionId, detail });
    if (asksLess(permissionMode)) this.#store.allowances.set({ sessionId, kind: "mode", deviceId });
    if (options.allowedTools?.length) this.#store.allowances.set({ sessionId, kind: "tools", deviceId });
    this.#store.events.append({
      sessionId,
      type: "session.created",
      data: { projectPath, title, model, permissionMode, ...chosenOptions(options) },
    });
    return session;
  }

  #sessionFor(request: SubmitRequest): Session {
    if (request.sessionId !== undefined) {
      const session = existingSession(this.#store, request.sessionId);
      if (session.state === "closed") {
        throw new DaylongError("session_closed", "The session was closed; begin a new one.");
      }
      return session;
    }
    if (request.projectPath === undefined) {
      throw new DaylongError("invalid_request", "A message needs a sessionId, or a projectPath to begin in.");
    }
    const { caller, projectPath, model, permissionMode, options = {}, conversation } = request;
    const title = titleFrom(request.message);
    const session = this.create(
      { caller, projectPath, title, model, permissionMode, options },
      this.#newSessionId(request),
    );
    if (conversation) {
      const { sessionId, createdAt } = session;
      this.#store.conversations.insert({ ...conversation, sessionId, createdAt });
    }
    return session;
  }

  #keep(request: SubmitRequest, clientMessageId: string, requestHash: string): Submission {
    const now = this.#clock.now();
    refuseRevoked(this.#store, request.caller);
    const session = this.#sessionFor(request);
    const { sessionId } = session;
    for (const gate of this.#gates) {
      const refusal = gate.refusal?.(sessionId);
      if (refusal) throw refusal;
    }
    const sendAt = request.sendAt !== undefined && request.sendAt > now ? request.sendAt : undefined;
    const scheduled = sendAt !== undefined;
    if (scheduled) refuseSchedule(this.#store, request.caller.deviceId, sendAt, now);
    // The message must not overtake earlier ones of its session that still wait.
    const state = this.#registry.ownState(sessionId);
    const waits =
      scheduled ||
      this.#store.turns.nextQueued(sessionId, now) !== undefined ||
      isHeld(this.#gates, sessionId, state === "ready" ? "give" : "start");
    const { turns } = this.#store;
    const admission = this.#admission(waits ? "busy" : state, {
      queueLimit: scheduled ? Number.POSITIVE_INFINITY : this.#limits.maxQueuedTurns,
      // Looked up only where the decision needs it: the message to a live process does not.
      get queuedTurns() {
        return turns.queuedCount(now);
      },
    });
    if (admission.action === "refuse") {
      throw new DaylongError("pool_full", `${this.#limits.maxQueuedTurns} turns are waiting already.`, {
        retryAfterMs: 10_000,
      });
    }
    if (admission.action === "wait" && !scheduled) {
      const { deviceId } = request.caller;
      refuseGreed(this.#store, { deviceId, queueLimit: this.#limits.maxQueuedTurns, nowAt: now });
    }
    const attachmentIds = this.#takeAttachments(request);
    // Files take a moment to be readied, and mentions to be looked at, which is no part of the commit: such a turn is given
    // right after it.
    const { message, timeoutMs, contextFiles } = request;
    const isReady = !needsPreparing({ message, attachmentIds, contextFiles });
    const runsNow = admission.action === "use" && isReady;
    const { deviceId } = request.caller;
    const turn: Turn = {
      turnId: this.#newId(),
      sessionId,
      origin: "user",
      deviceId,
      clientMessageId,
      requestHash,
      message,
      attachmentIds,
      state: runsNow ? "running" : "queued",
      acceptedAt: now,
      givenAt: runsNow ? now : undefined,
      startedAt: runsNow ? now : undefined,
      sendAt,
      timeoutMs,
      contextFiles,
    };
    this.#store.turns.insert(turn);
    const { turnId } = turn;
    this.#store.audit.add({ at: now, deviceId, action: "message.send", target: sessionId, detail: turnId });
    // The user's message carries the turn's id in Claude's transcript too: one name for one thing.
    const messageId = turn.turnId;
    this.#store.events.append({
      sessionId,
      turnId: turn.turnId,
      type: "turn.accepted",
      data: {
        messageId,
        message: turn.message,
        clientMessageId,
        deviceId,
        attachments: turn.attachmentIds,
        sendAt,
        timeoutMs,
        contextFiles,
      },
    });
    this.#facts.messageKept(sessionId, this.#registry.get(sessionId));
    if (session.turnCount === 0 && session.title === "New session") {
      this.#store.sessions.update(sessionId, { title: titleFrom(request.message) });
    }
    const lease = this.#turnWriter.renewLease(session);
    if (runsNow) this.#turnWriter.announceStart(turn);
    else if (admission.action === "wait" || admission.action === "evict") {
      const forTasks = state === "none" && admission.action === "wait" && this.#waitsForTasks();
      const reason = this.#isHeldElsewhere(sessionId) ? "held" : forTasks ? "tasks" : undefined;
      this.#turnWriter.announceQueued(turn, reason);
    }
    // Without a process an expired session's new term begins parked.
    if (session.state === "expired" && !runsNow) this.#store.sessions.setState(sessionId, "parked");
    const startsNow = admission.action === "use" || admission.action === "start";
    return {
      accepted: {
        sessionId,
        turnId: turn.turnId,
        clientMessageId,
        state: startsNow ? "running" : "queued",
        queuePosition: startsNow ? 0 : this.#store.turns.queuePosition(turn.turnId),
        duplicate: false,
        expiresAt: lease.expiresAt,
      },
      run: runsNow ? turn : undefined,
      waits: !runsNow && !scheduled,
      leaseDeadlineAt: Math.min(lease.warnAt, lease.expiresAt),
    };
  }

  /** Throws `command_forbidden` for a message that begins with a command which is not taken from messages. */
  #refuseCommand({ message, sessionId, caller }: SubmitRequest): void {
    const commands = sessionId === undefined ? undefined : this.#registry.get(sessionId)?.process?.commands;
    const verdict = judgeCommand(message, commands);
    if (verdict.kind !== "refused") return;
    const { deviceId } = caller;
    const target = sessionId ?? "";
    const refused = { action: "command.refuse", target, detail: `/${verdict.name}` };
    this.#store.audit.add({ at: this.#clock.now(), deviceId, ...refused });
    throw new DaylongError("command_forbidden", verdict.detail);
  }

  /** Marks the message's attachments as used; an attachment may have been removed since it was looked up. */
  #takeAttachments({ attachments = [] }: SubmitRequest): string[] {
    for (const { attachmentId } of attachments) {
      if (!this.#store.attachments.use(attachmentId, this.#clock.now()))
        throw new DaylongError("attachment_not_found", `There is no attachment ${attachmentId} any more.`);
    }
    return attachments.map(({ attachmentId }) => attachmentId);
  }
}
