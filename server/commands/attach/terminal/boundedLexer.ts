import { Lexer, type Token, type TokensList } from "marked";

/** Deepest quotations and lists in one another; what lies deeper is words. */
const mostDepth = 50;
/** Most signs of emphasis in a paragraph, a list's item or a cell, and its longest word; beyond them all of it is words. */
const mostSigns = 500;
const longWord = /\S{2000}/;

/**
 * Lexer of Markdown that may be anything: the library's own overflows the stack over some thousand `>`, and takes time that is
 * quadratic in the signs of emphasis and in the length of a word (7 s for 20,000 characters).
 */
export class BoundedLexer extends Lexer {
  #depth = 0;

  override blockTokens(src: string, tokens?: Token[], isClipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, isClipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], isClipped?: boolean): Token[] {
    if (this.#depth >= mostDepth) {
      tokens.push({ type: "paragraph", raw: src, text: src, tokens: this.inline(src) });
      return tokens;
    }
    this.#depth += 1;
    try {
      return super.blockTokens(src, tokens, isClipped);
    } finally {
      this.#depth -= 1;
    }
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    const signs = src.match(/[*_~]/g)?.length ?? 0;
    if (signs <= mostSigns && !longWord.test(src)) return super.inlineTokens(src, tokens);
    tokens.push({ type: "text", raw: src, text: src });
    return tokens;
  }
}
