import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { Store } from "../../domain/ports.ts";
import type { ProcessHost } from "../../domain/processes/process.ts";
import type { Session, SessionOptions } from "../../domain/sessions/session.ts";

/** How many texts are looked at for a seed; far more than fit into one. */
const mostTexts = 200;
/** Length of the seed of a new conversation, in UTF-16 units: some 5,000 tokens, once. */
export const seedUnits = 20_000;

/** The Claude conversation a process is started with. */
export interface ResumeSource {
  claudeSessionId: string;
  options: SessionOptions;
  /** Text that Claude gets before the first prompt. */
  preamble?: string;
  /** Set when the conversation replaces a lost one: the detail for the owner. */
  lossDetail?: string;
}

/**
 * Which conversation of Claude's a session's next process goes on with. Claude's record of it may be gone (deleted,
 * cleaned up after 30 days), damaged, or too large to be read in time: then the session goes on in a new one, which is
 * told what was said, and the owner is told once.
 */
export class ResumeSources {
  readonly #store: Store;
  readonly #host: ProcessHost;
  readonly #newId: () => string;
  /** Sessions whose transcript exists but cannot be resumed. */
  readonly #unusable = new Set<string>();
  /** The turn for which a session's conversation was given up last. */
  readonly #givenUpFor = new Map<string, string>();

  constructor(parts: { store: Store; host: ProcessHost; newId: () => string }) {
    this.#store = parts.store;
    this.#host = parts.host;
    this.#newId = parts.newId;
  }

  /**
   * Claude could not go on with the session's conversation: the next process begins another one. False: that was done
   * for this turn already, and a third conversation would fare no better than the second.
   */
  giveUp(sessionId: string, turnId: string | undefined): boolean {
    if (turnId !== undefined) {
      if (this.#givenUpFor.get(sessionId) === turnId) return false;
      this.#givenUpFor.set(sessionId, turnId);
    }
    this.#unusable.add(sessionId);
    return true;
  }

  async of(session: Session): Promise<ResumeSource> {
    const { sessionId, options, turnCount } = session;
    const { origin } = options;
    const kept = { claudeSessionId: session.claudeSessionId ?? sessionId, options };
    const earlier = this.#store.conversations.ofSession(sessionId)?.earlier;
    const isUnusable = this.#unusable.has(sessionId);
    if (!isUnusable) {
      // Nothing was said yet, so nothing can be lost.
      if (turnCount === 0 && !origin?.fork) {
        // A first prompt that was given once took the earlier messages with it.
        const isTold = !earlier || (await this.#host.hasTranscript(kept.claudeSessionId));
        return isTold ? kept : { ...kept, preamble: earlier };
      }
      if (await this.#host.hasTranscript(kept.claudeSessionId)) return kept;
      const isStillToCopy = origin?.fork === true && turnCount === (origin.afterTurns ?? 0);
      if (isStillToCopy && (await this.#host.hasTranscript(origin.resume))) return kept;
    }
    const said = seedText(this.#saidIn(session), this.#store.sessions.recap(sessionId)?.text);
    const preamble = [earlier, said].filter(Boolean).join("\n\n");
    const detail = isUnusable
      ? "Claude could not go on with its own record of this conversation. It began a new one"
      : "Claude's own record of this conversation is gone. It began a new one";
    return {
      claudeSessionId: this.#newId(),
      options: { ...options, origin: undefined },
      preamble: preamble || undefined,
      lossDetail: `${detail}${preamble === "" ? "." : " and was told what was said."}`,
    };
  }

  /** Inside a transaction: the session goes on in the new conversation from now on. */
  adopt(sessionId: string, claudeSessionId: string, detail: string): void {
    this.#unusable.delete(sessionId);
    this.#store.sessions.setClaudeSession(sessionId, claudeSessionId, null);
    if (!this.#wasSaid(sessionId)) {
      this.#store.events.append({ sessionId, type: "session.recovered", data: { detail } });
    }
  }

  /** A new conversation that was never used is lost again when its process goes: that is still the same loss. */
  #wasSaid(sessionId: string): boolean {
    const lastSeq = this.#store.sessions.get(sessionId)?.lastSeq ?? 0;
    const latest = this.#store.events.ofSession(sessionId, Math.max(0, lastSeq - mostTexts), mostTexts);
    return (
      latest.findLast((event) => event.type === "session.recovered" || event.type === "turn.completed")
        ?.type === "session.recovered"
    );
  }

  /** The session's messages, newest first, followed by those of the session that it was forked from. */
  #saidIn({ sessionId, options: { origin } }: Session): LoggedEvent[] {
    const own = this.#store.events.transcript(sessionId, undefined, mostTexts).filter((event) => {
      const turn = event.turnId === undefined ? undefined : this.#store.turns.get(event.turnId);
      // A turn that waits or runs now is the prompt that comes after the seed.
      return turn === undefined || (turn.state !== "queued" && turn.state !== "running");
    });
    if (!origin?.fork || origin.resume === sessionId) return own;
    const before = this.#store.events.transcript(origin.resume, undefined, mostTexts);
    const cutAt = before.findIndex(
      (event) =>
        (event.type === "message" || event.type === "turn.accepted") &&
        event.data.messageId === origin.resumeAt,
    );
    return [...own, ...(cutAt < 0 ? before : before.slice(cutAt))];
  }
}

/** The end of a text. Half a character at the cut is left out. */
const tailOf = (text: string, mostUnits: number): string =>
  text.slice(-mostUnits).replace(/^[\uDC00-\uDFFF]/, "");

/**
 * Seed of a conversation whose record Claude has lost: its last messages, oldest first, and the
 * kept recap before it when it does not reach back to the beginning. `said` comes newest first, as the log pages it.
 * Empty when nothing was said.
 */
export function seedText(said: readonly LoggedEvent[], recap: string | undefined): string {
  const lines: string[] = [];
  let left = seedUnits;
  let isWhole = true;
  for (const event of said) {
    const line =
      event.type === "turn.accepted"
        ? `User: ${event.data.message}`
        : event.type === "message"
          ? `Assistant: ${event.data.text}`
          : undefined;
    if (line === undefined) continue;
    isWhole = line.length <= left;
    lines.push(isWhole ? line : `… ${tailOf(line, left)}`);
    left -= line.length;
    if (left <= 0) break;
  }
  if (lines.length === 0) return "";
  const recapLines =
    recap === undefined || (isWhole && left > 0) ? [] : [`Recap of what came before: ${recap}`];
  return [
    "<earlier-conversation>",
    "Your own record of this conversation was lost. What follows is what was said in it, as far as it was kept. " +
      "Go on from there; files may have changed since.",
    ...recapLines,
    ...lines.reverse(),
    "</earlier-conversation>",
  ].join("\n\n");
}
