import type { EventDataByType } from "../../domain/delivery/event.ts";
import type { Failure } from "../../domain/errors.ts";
import { errorCatalogue } from "../../domain/errors.ts";
import type { Clock, LiveFeed, Store } from "../../domain/ports.ts";
import type { ProcessSignal, TranscriptReply, TurnResult } from "../../domain/processes/process.ts";
import { renewLease } from "../../domain/sessions/lease.ts";
import type { Session } from "../../domain/sessions/session.ts";
import { isTerminal, type OwnOrigin, type Reply, type Turn } from "../../domain/sessions/turn.ts";
import type { PoolLimits } from "../state/limits.ts";
import type { CurrentTurn } from "../state/openTurns.ts";
import { setWorkState } from "../state/workState.ts";

/** Texts of one turn that its end repeats, the last ones; all of them are in the log. */
const mostHeard = 50;

/** How a turn ends. */
export type TurnEnd =
  | { kind: "completed"; result: TurnResult; messageId: string | undefined }
  | { kind: "failed"; failure: Failure; result?: TurnResult }
  | { kind: "interrupted"; failure: Failure; result?: TurnResult }
  | { kind: "cancelled"; by: string };

/** Writer of turns, their events and the leases they renew; every method runs inside a transaction of the caller. */
export class TurnWriter {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #feed: Pick<LiveFeed, "unfinished">;
  readonly #newId: () => string;
  /** Waiting turns of which it was told that tasks keep the places. */
  readonly #toldOfTasks = new Set<string>();

  constructor(parts: {
    store: Store;
    clock: Clock;
    limits: PoolLimits;
    feed: Pick<LiveFeed, "unfinished">;
    newId: () => string;
  }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#limits = parts.limits;
    this.#feed = parts.feed;
    this.#newId = parts.newId;
  }

  /** Says that a kept turn waits. `tasks`: for a place that a task keeps; that may become the case later, and is told once. */
  announceQueued(
    { sessionId, turnId }: Pick<Turn, "sessionId" | "turnId">,
    reason: EventDataByType["turn.queued"]["reason"],
  ): void {
    if (this.#toldOfTasks.has(turnId)) return;
    const queuePosition = this.#store.turns.queuePosition(turnId);
    this.#store.transaction(
      () =>
        this.#store.events.append({
          sessionId,
          turnId,
          type: "turn.queued",
          data: { queuePosition, reason },
        }),
      () => reason === "tasks" && this.#toldOfTasks.add(turnId),
    );
  }

  /** Marks the turn of a message as running. With `given`, its prompt is about to be written. */
  begin({ sessionId, turnId, origin }: Turn, given: boolean): void {
    const now = this.#clock.now();
    this.#store.turns.markRunning(turnId, now);
    this.#toldOfTasks.delete(turnId);
    if (given) this.#store.turns.markGiven(turnId, now);
    this.announceStart({ sessionId, turnId, origin });
  }

  /** Keeps a turn that Claude began by itself. It is no activity of the owner's: the lease stays as it is. */
  beginOwn(sessionId: string, turnId: string, origin: OwnOrigin): void {
    const now = this.#clock.now();
    this.#store.turns.insert({
      turnId,
      sessionId,
      origin,
      requestHash: "",
      message: "",
      attachmentIds: [],
      state: "running",
      acceptedAt: now,
      givenAt: now,
      startedAt: now,
    });
    this.announceStart({ sessionId, turnId, origin });
  }

  /** Says that a turn that is kept as running has begun. */
  announceStart({ sessionId, turnId, origin }: Pick<Turn, "sessionId" | "turnId" | "origin">): void {
    setWorkState(this.#store, sessionId, { isLive: true });
    this.#store.events.append({ sessionId, turnId, type: "turn.started", data: { origin } });
  }

  /**
   * Ends the turn once: false when it has ended already, and then nothing is written. `rests`: the session's process lives
   * on, so that the session becomes what is left for it to do.
   */
  end(sessionId: string, turnId: string, end: TurnEnd, rests: boolean): boolean {
    const store = this.#store;
    const turn = store.turns.get(turnId);
    if (turn === undefined || isTerminal(turn.state)) return false;
    this.#toldOfTasks.delete(turnId);
    const result = end.kind === "cancelled" ? undefined : end.result;
    const costUsd = result
      ? store.sessions.addTurn(
          sessionId,
          result.totalCostUsd,
          result.usage.inputTokens + result.usage.cacheReadTokens + result.usage.cacheCreationTokens,
          result.usage.outputTokens,
        )
      : 0;
    const settle = (settled: { reply?: Reply; error?: Failure }) =>
      store.turns.settle(turnId, { state: end.kind, endedAt: this.#clock.now(), ...settled });
    switch (end.kind) {
      case "completed": {
        const { text, usage, durationMs, numTurns } = end.result;
        const messageId = end.messageId ?? this.#newId();
        const reply = { messageId, text, costUsd, usage, durationMs, numTurns };
        settle({ reply });
        // A reply that no assistant text announced (a slash command's output) still gets its place in the transcript.
        if (end.messageId === undefined && text !== "") {
          store.events.append({ sessionId, turnId, type: "message", data: { messageId, text } });
        }
        const { origin } = turn;
        const data = origin === "user" ? reply : { ...reply, origin };
        store.events.append({ sessionId, turnId, type: "turn.completed", data });
        break;
      }
      case "failed": {
        settle({ error: end.failure });
        const retryable = errorCatalogue[end.failure.code].retryable;
        const data = { ...end.failure, retryable, text: this.#keepHeard(turn) };
        store.events.append({ sessionId, turnId, type: "turn.failed", data });
        break;
      }
      case "interrupted": {
        settle({ error: end.failure });
        const data = { ...end.failure, text: this.#keepHeard(turn) };
        store.events.append({ sessionId, turnId, type: "turn.interrupted", data });
        break;
      }
      case "cancelled":
        settle({});
        // An attachment that another waiting message uses is kept all the same.
        for (const attachmentId of turn.attachmentIds) store.attachments.release(attachmentId);
        store.events.append({
          sessionId,
          turnId,
          type: "turn.cancelled",
          data: { by: end.by, text: this.#keepHeard(turn) },
        });
        break;
    }
    if (rests) setWorkState(store, sessionId);
    return true;
  }

  /**
   * Keeps the text that was begun and broken off as a message, and gives all that was heard of the turn's answer. Of a turn
   * that never began there is nothing to look for.
   */
  #keepHeard({ sessionId, turnId, givenAt, startedAt }: Turn): string | undefined {
    if (givenAt === undefined && startedAt === undefined) return undefined;
    const { events } = this.#store;
    const texts = events
      .transcript(sessionId, undefined, mostHeard)
      .flatMap((event) => (event.type === "message" && event.turnId === turnId ? [event.data.text] : []))
      .reverse();
    const begun = this.#feed.unfinished(sessionId, turnId)?.toWellFormed();
    if (begun !== undefined && begun.trim() !== "") {
      const data = { messageId: this.#newId(), text: begun, partial: true };
      events.append({ sessionId, turnId, type: "message", data });
      texts.push(begun);
    }
    return texts.length === 0 ? undefined : texts.join("\n\n");
  }

  /**
   * Ends the turn with an answer from Claude's transcript that it never gave. Texts that are logged already are not
   * repeated. `totalCostUsd` is the CLI's cumulative figure, if it gave one after all.
   */
  endWithTranscript(
    sessionId: string,
    turnId: string,
    reply: TranscriptReply,
    rests: boolean,
    totalCostUsd: number | undefined,
  ): boolean {
    const { texts, usage, durationMs, numTurns } = reply;
    const last = texts.at(-1);
    const turn = this.#store.turns.get(turnId);
    if (last === undefined || turn === undefined || isTerminal(turn.state)) return false;
    for (const { messageId, text } of texts) {
      if (this.#store.events.message(messageId) !== undefined) continue;
      this.#store.events.append({ sessionId, turnId, type: "message", data: { messageId, text } });
    }
    const result: TurnResult = {
      text: last.text,
      usage,
      durationMs,
      numTurns,
      totalCostUsd,
      outcome: "completed",
    };
    return this.end(sessionId, turnId, { kind: "completed", result, messageId: last.messageId }, rests);
  }

  /** Keeps a change that Claude made to the session by itself. */
  follow(sessionId: string, change: Extract<ProcessSignal, { kind: "conversation" | "mode" }>): void {
    const { sessions, events } = this.#store;
    this.#store.transaction(() => {
      if (change.kind === "conversation") return sessions.setClaudeSession(sessionId, change.claudeSessionId);
      const { permissionMode } = change;
      if (sessions.get(sessionId)?.permissionMode === permissionMode) return;
      sessions.update(sessionId, { permissionMode });
      events.append({ sessionId, type: "session.updated", data: { permissionMode } });
    });
  }

  /** Activity: the lease moves on, or the next term begins if this one has warned. */
  renewLease(session: Session): Session["lease"] {
    const now = this.#clock.now();
    const lease = renewLease(session.lease, now, this.#limits);
    this.#store.sessions.setLease(session.sessionId, lease, now);
    if (lease.term !== session.lease.term) {
      this.#store.events.append({
        sessionId: session.sessionId,
        type: "session.renewed",
        data: {
          term: lease.term,
          expiresAt: lease.expiresAt,
          reason: session.state === "expired" ? "revived" : "activity",
        },
      });
    }
    return lease;
  }
}

/**
 * How a turn ends with this result. Claude may say its answer before its last tool and nothing after it; the result then
 * has no text, and the reply is the last text that was heard.
 */
export function endOf(result: TurnResult, { lastMessage, end, limit }: Readonly<CurrentTurn>): TurnEnd {
  if (result.outcome === "completed") {
    const text = result.text || (lastMessage?.text ?? "");
    return { kind: "completed", result: { ...result, text }, messageId: lastMessage?.messageId };
  }
  if (end?.kind === "interrupt") {
    return { kind: "interrupted", failure: { code: "interrupted", detail: end.detail }, result };
  }
  if (end?.kind === "fault") return { kind: "failed", failure: end.failure, result };
  if (result.outcome === "interrupted") {
    return {
      kind: "failed",
      failure: { code: "claude_error", detail: "Claude broke off the turn." },
      result,
    };
  }
  // The limit, of which the phones were told, and not a fault of this turn.
  if (limit !== undefined) {
    return {
      kind: "failed",
      failure: { ...limit, detail: result.failure?.detail ?? limit.detail },
      result,
    };
  }
  return {
    kind: "failed",
    failure: result.failure ?? { code: "claude_error", detail: "Claude gave no reason." },
    result,
  };
}
