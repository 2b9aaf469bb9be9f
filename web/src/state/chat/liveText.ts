import type { Delta } from "../../../../client/src/index.ts";

/** The text that Claude is writing now. */
export interface LiveText {
  turnId: string;
  text: string;
}

/** The text with one more piece; `offset` 0 begins another text, a gap keeps what is there until the finished text comes. */
export function grownBy(live: LiveText | undefined, { turnId, offset, text }: Delta): LiveText | undefined {
  const before = live?.turnId === turnId ? live.text : "";
  if (offset > before.length) return live;
  return { turnId, text: before.slice(0, offset) + text };
}
