import type { Token } from "marked";
import { BoundedLexer } from "./boundedLexer.ts";

/** A block of a text: a paragraph, a list, a code block. A finished block is the same object for ever. */
export interface Block {
  key: number;
  token: Token;
  isFinished: boolean;
}

/** A text beyond this is not Markdown to anybody: it is shown as it is. */
export const plainBeyondChars = 300_000;

/**
 * Markdown that is still being written. Blocks that can no longer change are lexed once; with each further piece only the
 * tail is lexed again, so that a long answer costs the same for each word as a short one.
 */
export class StreamingMarkdown {
  #finished: Block[] = [];
  /** What stands before the tail. */
  #settled = "";
  #text = "";

  /** The blocks of the text as it is now; a text that is not a longer one than before begins anew. */
  update(text: string, isWhole: boolean): Block[] {
    if (!text.startsWith(this.#settled)) {
      this.#finished = [];
      this.#settled = "";
    }
    this.#text = text;
    const tail = this.#lex(text.slice(this.#settled.length));
    const settledCount = isWhole ? tail.length : firstOpen(tail);
    for (const token of tail.slice(0, settledCount)) {
      if (token.type !== "space")
        this.#finished = [...this.#finished, { key: this.#finished.length, token, isFinished: true }];
      this.#settled += token.raw;
    }
    const open = tail.slice(settledCount).filter(({ type }) => type !== "space");
    return [
      ...this.#finished,
      ...open.map((token, index) => ({ key: this.#finished.length + index, token, isFinished: false })),
    ];
  }

  get text(): string {
    return this.#text;
  }

  #lex(markdown: string): Token[] {
    return new BoundedLexer({ gfm: true, breaks: true }).lex(markdown);
  }
}

/**
 * The first block that further words could change: the last one with content, and what stands directly before it without
 * an empty line (a list may go on after one, so it stays open until another block has begun).
 */
function firstOpen(tokens: readonly Token[]): number {
  const last = tokens.findLastIndex(({ type }) => type !== "space");
  return Math.max(0, last);
}
