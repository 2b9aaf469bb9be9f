import type { DurableGate } from "../../delivery/durableGate.ts";
import { type LoggedEvent, terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { DeltaFrame } from "../../domain/delivery/frames.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import { isTerminal, type Turn } from "../../domain/sessions/turn.ts";

/** Between two texts of one turn: what Claude says before and after it uses a tool. */
const textBreak = "\n\n";
/** Events read at once while the beginning of a turn is looked for. */
const pageSize = 200;

export interface TurnStreamParts {
  store: Pick<Store, "events" | "turns">;
  gate: DurableGate;
  clock: Clock;
  sessionId: string;
  turnId: string;
  /** The words as they are spoken; without it the texts come when they are finished. */
  listen?: (sessionId: string, listener: (delta: DeltaFrame) => void) => () => void;
}

/**
 * Stream of the text that Claude writes in one turn: `reading -> ended`. Deltas make it quick, the log makes it whole: a
 * text of which not every delta came is completed when it is committed. Text that the reader has not taken is kept, joined:
 * a reader that is slow costs no more than the reply's own size.
 */
export class TurnStream {
  readonly #parts: TurnStreamParts;
  readonly #unsubscribes: Array<() => void> = [];
  #pending = "";
  /** Of the text being written. */
  #soFar = "";
  #hasText = false;
  #ended: Turn | undefined;
  #wake: (() => void) | undefined;

  /** Begin it in the tick in which the turn was accepted, so that nothing is said before. */
  constructor(parts: TurnStreamParts) {
    this.#parts = parts;
    const { store, sessionId, listen } = parts;
    for (const text of this.#textsInLog()) this.#finish(text);
    this.#look();
    if (this.#ended) return;
    this.#unsubscribes.push(store.events.subscribe((events) => this.#hear(events)));
    if (listen) this.#unsubscribes.push(listen(sessionId, (delta) => this.#grow(delta)));
  }

  /** The turn, when it is over. */
  get ended(): Turn | undefined {
    return this.#ended;
  }

  /** Takes the text that came since the last call. */
  take(): string {
    const taken = this.#pending;
    this.#pending = "";
    return taken;
  }

  /** Whether there is something to take. */
  get hasText(): boolean {
    return this.#pending !== "";
  }

  /** Resolves when there is something to take or the turn is over, after `waitMs`, or when `over` aborts. */
  async change(waitMs: number, over: AbortSignal): Promise<void> {
    if (this.hasText || this.#ended || over.aborted) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        cancel();
        over.removeEventListener("abort", finish);
        this.#wake = undefined;
        resolve();
      };
      const cancel = this.#parts.clock.after(waitMs, finish);
      over.addEventListener("abort", finish);
      this.#wake = finish;
    });
  }

  /** Reads no further. Idempotent. */
  close(): void {
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe();
  }

  /** The finished texts of a turn that began before it had a reader, the oldest first. */
  #textsInLog(): string[] {
    const { store, sessionId, turnId } = this.#parts;
    const texts: string[] = [];
    let before: number | undefined;
    for (;;) {
      const page = store.events.transcript(sessionId, before, pageSize);
      for (const event of page) {
        if (event.turnId !== turnId) continue;
        if (event.type === "turn.accepted") return texts.reverse();
        if (event.type === "message") texts.push(event.data.text);
      }
      before = page.at(-1)?.cursor;
      if (page.length < pageSize || before === undefined) return texts.reverse();
    }
  }

  #hear(events: LoggedEvent[]): void {
    for (const event of events) {
      if (event.turnId !== this.#parts.turnId) continue;
      if (event.type === "message") this.#finish(event.data.text);
      else if (terminalTurnEvents.has(event.type)) this.#look();
    }
  }

  #look(): void {
    const { store, gate, turnId } = this.#parts;
    const turn = store.turns.get(turnId);
    if (turn === undefined || !isTerminal(turn.state)) return;
    // The log may have been cut since; the turn's own record has at least the last text.
    if (!this.#hasText && turn.reply) this.#finish(turn.reply.text);
    // Words may be shown before they are durable; that the turn is over may not.
    gate.whenDurable(() => {
      this.#ended = turn;
      this.close();
      this.#wake?.();
    });
  }

  #grow({ turnId, offset, text }: DeltaFrame): void {
    if (turnId !== this.#parts.turnId) return;
    // Words that were lost on the way come with the finished text.
    if (offset > this.#soFar.length) return;
    this.#say(text.slice(this.#soFar.length - offset));
  }

  #finish(text: string): void {
    const isWhole = text.startsWith(this.#soFar);
    // Claude began the text anew: words that were sent cannot be taken back, so all of the new text follows.
    if (!isWhole) this.#begin();
    this.#say(isWhole ? text.slice(this.#soFar.length) : text);
    this.#begin();
  }

  #begin(): void {
    this.#soFar = "";
  }

  #say(text: string): void {
    if (text === "") return;
    this.#pending += this.#soFar === "" && this.#hasText ? textBreak + text : text;
    this.#soFar += text;
    this.#hasText = true;
    this.#wake?.();
  }
}
