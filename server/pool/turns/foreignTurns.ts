import type { Clock, Store } from "../../domain/ports.ts";
import type { ForeignTurn } from "../../domain/processes/handoff.ts";
import type { Reply } from "../../domain/sessions/turn.ts";

/** Characters of the last text in `session.continued`. */
const shownUnits = 200;

const noUse: Reply["usage"] = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };

/**
 * Writer of turns that another program ran in a session's conversation: inside a transaction of the caller they become turns
 * of the session, each with its words, and are told once. They are kept when they are over, so they begin and end in one
 * commit; what they cost is counted by the program that ran them.
 */
export class ForeignTurns {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /** Those that are not kept already, oldest first. Returns how many were. */
  keep(sessionId: string, turns: readonly ForeignTurn[]): number {
    const { events, sessions } = this.#store;
    const fresh = turns.filter(({ turnId }) => this.#store.turns.get(turnId) === undefined);
    if (fresh.length === 0) return 0;
    for (const turn of fresh) this.#keepOne(sessionId, turn);
    const lastText = fresh.flatMap(({ texts }) => texts).at(-1)?.text;
    const shown = lastText === undefined ? {} : { lastText: lastText.slice(0, shownUnits).toWellFormed() };
    events.append({
      sessionId,
      type: "session.continued",
      data: { by: "terminal", turns: fresh.length, ...shown },
    });
    // It is the conversation that was used last, wherever that was; only a word to this server renews its lease.
    const session = sessions.get(sessionId);
    const usedAt = Math.max(...fresh.map(({ endedAt }) => endedAt));
    if (session !== undefined && usedAt > session.lastActivityAt && usedAt <= this.#clock.now())
      sessions.setLease(sessionId, session.lease, usedAt);
    return fresh.length;
  }

  #keepOne(sessionId: string, { turnId, message, startedAt, endedAt, texts, isWhole }: ForeignTurn): void {
    const { events, turns } = this.#store;
    const origin = "terminal" as const;
    const last = texts.at(-1);
    turns.insert({
      turnId,
      sessionId,
      origin,
      requestHash: "",
      message,
      attachmentIds: [],
      state: "running",
      acceptedAt: startedAt,
      givenAt: startedAt,
      startedAt,
    });
    const accepted = { messageId: turnId, message, clientMessageId: turnId, deviceId: "", attachments: [] };
    events.append({ sessionId, turnId, type: "turn.accepted", data: { ...accepted, origin } });
    for (const text of texts) {
      if (events.message(text.messageId) !== undefined) continue;
      events.append({ sessionId, turnId, type: "message", data: { ...text, origin } });
    }
    if (isWhole && last !== undefined) {
      const durationMs = Math.max(0, endedAt - startedAt);
      const reply = { ...last, costUsd: 0, usage: noUse, durationMs, numTurns: 1 };
      turns.settle(turnId, { state: "completed", endedAt, reply });
      events.append({ sessionId, turnId, type: "turn.completed", data: { ...reply, origin } });
      return;
    }
    const error = { code: "interrupted", detail: "The terminal ended before Claude's answer did." } as const;
    turns.settle(turnId, { state: "interrupted", endedAt, error });
    events.append({ sessionId, turnId, type: "turn.interrupted", data: error });
  }
}
