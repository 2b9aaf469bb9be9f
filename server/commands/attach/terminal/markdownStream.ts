import { type Canvas, type Indents, layOut, type TerminalLine } from "./layout.ts";
import { blocksOf, linesOf } from "./markdown.ts";

/**
 * Markdown text in the course of being written. Blocks that are whole are given once, for the terminal's scrollback; the
 * last block, which the next words may change, is drawn anew until it is whole.
 */
export class MarkdownStream {
  readonly #indents: Indents;
  #text = "";
  /** Of the text that follows. */
  #next = "";
  /** UTF-16 units whose lines were given. */
  #given = 0;

  constructor(indents: Indents) {
    this.#indents = indents;
  }

  get isEmpty(): boolean {
    return this.#text === "";
  }

  /** Whether lines of the text were given already. */
  get isBegun(): boolean {
    return this.#given > 0;
  }

  /**
   * Words from an offset of the text; a gap is filled by the whole text at its end. The next text may begin before the end
   * of this one was heard: it is kept until then.
   */
  put(offset: number, text: string): void {
    const isNext = this.#next !== "" || (offset === 0 && !text.startsWith(this.#text));
    const known = isNext ? this.#next : this.#text;
    if (offset > known.length) return;
    const grown = known.slice(0, offset) + text;
    if (isNext) this.#next = grown;
    else this.#text = grown;
  }

  /** Lines of the blocks that became whole since the last call. */
  takeWhole(canvas: Canvas): TerminalLine[] {
    const blocks = blocksOf(this.#text.slice(this.#given)).filter(({ raw }) => raw !== "");
    const last = blocks.findLastIndex(({ type }) => type !== "space");
    const whole = blocks.slice(0, Math.max(0, last));
    if (whole.every(({ type }) => type === "space")) return [];
    const lines = this.#linesOf(whole, canvas);
    this.#given += whole.reduce((sum, { raw }) => sum + raw.length, 0);
    return lines;
  }

  /** Lines of the last block as it is now. */
  open(canvas: Canvas): TerminalLine[] {
    return this.#linesOf(blocksOf(this.#text.slice(this.#given)), canvas);
  }

  /** The text as it was finished; lines of what was not given yet. Afterwards the stream is at the next one. */
  finish(text: string, canvas: Canvas): TerminalLine[] {
    const isKnown = text.startsWith(this.#text.slice(0, this.#given));
    const given = isKnown ? this.#given : 0;
    this.#given = given;
    const lines = this.#linesOf(blocksOf(text.slice(given)), canvas);
    this.drop();
    return lines;
  }

  /** The text was finished, and is known. */
  drop(): void {
    this.#text = this.#next;
    this.#next = "";
    this.#given = 0;
  }

  /** What was heard of a text that nobody finished. */
  breakOff(canvas: Canvas): TerminalLine[] {
    return this.finish(this.#text, canvas);
  }

  /** Nothing more will be heard of what is being written. */
  clear(): void {
    this.#text = "";
    this.#next = "";
    this.#given = 0;
  }

  /** Only the very first line of a text has the first indent; between two groups of blocks is an empty line. */
  #linesOf(blocks: Parameters<typeof linesOf>[0], canvas: Canvas): TerminalLine[] {
    const { first = [], rest = [] } = this.#indents;
    if (this.#given === 0) return linesOf(blocks, canvas, { first, rest });
    const lines = linesOf(blocks, canvas, { first: rest, rest });
    return lines.length === 0 ? [] : [...layOut([], canvas, { first: rest }), ...lines];
  }
}
