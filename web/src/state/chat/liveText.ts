import type { Delta } from "../../../../client/src/index.ts";
import type { Entry } from "./entries.ts";

/** The text that Claude is writing now. */
export interface LiveText {
  turnId: string;
  text: string;
  /** The session's last event before the text began; 0: none was heard. What the turn said up to it is another text. */
  afterSeq: number;
}

/** The text with one more piece; `offset` 0 begins another text, a gap keeps what is there until the finished text comes. */
export function grownBy(
  live: LiveText | undefined,
  { turnId, offset, text }: Delta,
  lastSeq: number,
): LiveText | undefined {
  const isSame = live?.turnId === turnId && offset > 0;
  const before = live?.turnId === turnId ? live.text : "";
  if (offset > before.length) return live;
  return { turnId, text: before.slice(0, offset) + text, afterSeq: isSame ? live.afterSeq : lastSeq };
}

/** Whether the conversation holds the finished text already: it may be read before the connection tells of its end. */
export function isFinished({ turnId, text, afterSeq }: LiveText, entries: readonly Entry[]): boolean {
  const words = entries.findLast((entry) => entry.kind === "words" && entry.turnId === turnId);
  return words?.kind === "words" && words.seq > afterSeq && words.text.startsWith(text);
}
