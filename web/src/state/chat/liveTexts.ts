import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { DaylongEvent, Delta } from "../../../../client/src/index.ts";
import { grownBy, type LiveText } from "./liveText.ts";

interface Live {
  /** The text as the connection has told it. */
  newest: LiveText | undefined;
  /** The session's last event that was heard. */
  lastSeq: number;
  readonly shown: Signal<LiveText | undefined>;
}

/**
 * The text that each session's answer is at, as the connection tells it, in its order. Kept for all sessions: a conversation
 * may be opened in the middle of an answer, and what was written until then is told once only. What is shown changes once a
 * frame: words come much faster than a screen can be drawn.
 */
export class LiveTexts {
  readonly #lives = new Map<string, Live>();
  readonly #inNextFrame: (act: () => void) => void;
  readonly #late = new Set<Live>();

  constructor({ inNextFrame }: { inNextFrame: (act: () => void) => void }) {
    this.#inNextFrame = inNextFrame;
  }

  of(sessionId: string): ReadonlySignal<LiveText | undefined> {
    return this.#of(sessionId).shown;
  }

  hearDelta(delta: Delta): void {
    const live = this.#of(delta.sessionId);
    live.newest = grownBy(live.newest, delta, live.lastSeq);
    const isFirst = this.#late.size === 0;
    this.#late.add(live);
    if (!isFirst) return;
    this.#inNextFrame(() => {
      for (const late of this.#late) late.shown.value = late.newest;
      this.#late.clear();
    });
  }

  hear({ sessionId, seq, type, turnId }: DaylongEvent): void {
    if (sessionId === null) return;
    const live = this.#of(sessionId);
    live.lastSeq = seq ?? 0;
    if (!/^message$|^turn\.(completed|failed|interrupted|cancelled)$/.test(type)) return;
    if (live.newest?.turnId !== turnId) return;
    // The finished text stands there in the same frame: nothing may be shown twice.
    live.newest = undefined;
    live.shown.value = undefined;
  }

  /** The session was erased. */
  erase(sessionId: string): void {
    const live = this.#lives.get(sessionId);
    if (live === undefined) return;
    this.#lives.delete(sessionId);
    this.#late.delete(live);
    live.newest = undefined;
    live.shown.value = undefined;
  }

  #of(sessionId: string): Live {
    const known = this.#lives.get(sessionId);
    if (known) return known;
    const made: Live = { newest: undefined, lastSeq: 0, shown: signal<LiveText | undefined>(undefined) };
    this.#lives.set(sessionId, made);
    return made;
  }
}
