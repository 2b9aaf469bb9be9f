import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { DaylongEvent, Delta } from "../../../../client/src/index.ts";
import { grownBy, type LiveText } from "./liveText.ts";

/**
 * The text that each session's answer is at, as the connection tells it, in its order. Kept for all sessions: a conversation
 * may be opened in the middle of an answer, and what was written until then is told once only.
 */
export class LiveTexts {
  readonly #texts = new Map<string, Signal<LiveText | undefined>>();
  readonly #lastSeqs = new Map<string, number>();

  of(sessionId: string): ReadonlySignal<LiveText | undefined> {
    return this.#of(sessionId);
  }

  hearDelta(delta: Delta): void {
    const live = this.#of(delta.sessionId);
    live.value = grownBy(live.value, delta, this.#lastSeqs.get(delta.sessionId) ?? 0);
  }

  hear({ sessionId, seq, type, turnId }: DaylongEvent): void {
    if (sessionId === null) return;
    this.#lastSeqs.set(sessionId, seq ?? 0);
    if (!/^message$|^turn\.(completed|failed|interrupted|cancelled)$/.test(type)) return;
    const live = this.#of(sessionId);
    if (live.value?.turnId === turnId) live.value = undefined;
  }

  #of(sessionId: string): Signal<LiveText | undefined> {
    const known = this.#texts.get(sessionId);
    if (known) return known;
    const made = signal<LiveText | undefined>(undefined);
    this.#texts.set(sessionId, made);
    return made;
  }
}
