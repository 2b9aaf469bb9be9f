import { BackOff } from "./connection/backOff.ts";
import {
  type Accepted,
  type Answer,
  type DaylongEvent,
  type Delta,
  isTerminalEvent,
  type TerminalEvent,
} from "./connection/protocol.ts";
import { type ClientStopped, DaylongProblem } from "./errors.ts";
import type { Clock } from "./ports.ts";
import type { Rest } from "./rest.ts";
import { Turn, type TurnPromises } from "./turn.ts";

/** Ends of turns that are remembered for those that are known only afterwards. */
const remembered = 200;

export interface TurnsParts {
  rest: Rest;
  clock: Clock;
  random: () => number;
}

/** The turns that this client began and waits for, by their ids. */
export class Turns {
  readonly #parts: TurnsParts;
  readonly #open = new Map<string, { turn: Turn; sessionId: string }>();
  readonly #unaccepted = new Set<Turn>();
  readonly #ends = new Map<string, TerminalEvent>();
  readonly #cancels = new Set<() => void>();
  /** Up to here events were heard. Those that come again for a handler's sake would say their words twice. */
  #heardCursor = 0;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** `put` sends the message and calls back as soon as the server has accepted it. */
  begin(clientMessageId: string, put: (heard: (accepted: Accepted) => void) => TurnPromises): Turn {
    const promises = put((accepted) => this.#accept(turn, accepted));
    const turn: Turn = new Turn(clientMessageId, promises);
    this.#unaccepted.add(turn);
    promises.accepted.catch(() => this.#unaccepted.delete(turn));
    return turn;
  }

  #accept(turn: Turn, { turnId, sessionId, state }: Accepted): void {
    this.#unaccepted.delete(turn);
    const end = this.#ends.get(turnId);
    if (end && end.truncated !== true) {
      turn.hear(end);
      return;
    }
    this.#open.set(turnId, { turn, sessionId });
    // A repeat of a message whose answer was lost: it may be over, and its end long past.
    if (end || (state !== "queued" && state !== "running")) void this.#check(turnId);
  }

  hear(event: DaylongEvent): void {
    const { cursor, turnId } = event;
    if (cursor <= this.#heardCursor) return;
    this.#heardCursor = cursor;
    if (turnId === undefined) return;
    if (event.type === "message") this.#open.get(turnId)?.turn.hear({ text: event.data.text });
    if (!isTerminalEvent(event)) return;
    // A reply that was too long for its frame is asked for.
    if (event.truncated === true) void this.#check(turnId);
    else {
      this.#open.get(turnId)?.turn.hear(event);
      this.#open.delete(turnId);
    }
    this.#ends.set(turnId, event);
    const oldest = this.#ends.keys().next();
    if (this.#ends.size > remembered && !oldest.done) this.#ends.delete(oldest.value);
  }

  hearDelta(delta: Delta): void {
    this.#open.get(delta.turnId)?.turn.hear(delta);
  }

  /** Events up to `cursor` were missed, or the log is another one: asks what became of each turn. */
  startOver(cursor: number): void {
    this.#heardCursor = cursor;
    for (const turnId of this.#open.keys()) void this.#check(turnId);
  }

  stop(why: ClientStopped): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    for (const { turn } of this.#open.values()) turn.hear({ error: why });
    for (const turn of this.#unaccepted) turn.hear({ error: why });
    this.#open.clear();
  }

  /** Until the server has said it; a turn that it does not know is one of another log. */
  async #check(turnId: string, backOff = new BackOff(this.#parts.random)): Promise<void> {
    const open = this.#open.get(turnId);
    if (open === undefined) return;
    try {
      const view = await this.#parts.rest.ask<Answer<"GET /api/sessions/{id}/turns/{turnId}">>(
        "GET",
        `/api/sessions/${open.sessionId}/turns/${turnId}`,
      );
      if (view.state === "queued" || view.state === "running") return;
      open.turn.hear(view);
      this.#open.delete(turnId);
    } catch (error) {
      if (error instanceof DaylongProblem && error.status < 500 && error.status !== 429) {
        open.turn.hear({ error });
        this.#open.delete(turnId);
        return;
      }
      const cancel = this.#parts.clock.after(backOff.nextMs(), () => {
        this.#cancels.delete(cancel);
        void this.#check(turnId, backOff);
      });
      this.#cancels.add(cancel);
    }
  }
}
