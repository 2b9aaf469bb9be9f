import type { Token, Tokens } from "marked";
import { withoutTrailing } from "../../../domain/trimText.ts";
import { BoundedLexer } from "./boundedLexer.ts";
import { type Canvas, type Indents, type Look, layOut, type Span, type TerminalLine } from "./layout.ts";
import { inlineSpans } from "./markdownInline.ts";
import { tableLines } from "./markdownTable.ts";

/** Deepest nesting of lists and quotations that is indented: deeper ones keep their words. */
const deepest = 8;

/** Blocks of a Markdown text; each with its source in `raw`. */
export const blocksOf = (text: string): Token[] => new BoundedLexer({ gfm: true }).lex(text);

/** Markdown as lines of a terminal: headings, lists, quotations, tables and code by indents and attributes of text. */
export const markdownLines = (text: string, canvas: Canvas, indents: Indents = {}): TerminalLine[] =>
  linesOf(blocksOf(text), canvas, indents);

/** Lines of blocks with an empty line between two, the first line of all after its own indent. */
export function linesOf(
  blocks: readonly Token[],
  canvas: Canvas,
  indents: Indents = {},
  depth = 0,
): TerminalLine[] {
  const lines: TerminalLine[] = [];
  const rest = { first: indents.rest ?? [], rest: indents.rest ?? [] };
  for (const block of blocks) {
    if (block.type === "space" || block.type === "def") continue;
    const isFirst = lines.length === 0;
    if (!isFirst) lines.push(...layOut([], canvas, rest));
    lines.push(...blockLines(block, canvas, isFirst ? indents : rest, depth));
  }
  return lines;
}

function blockLines(block: Token, canvas: Canvas, indents: Indents, depth: number): TerminalLine[] {
  const known = block as
    | Tokens.Heading
    | Tokens.Paragraph
    | Tokens.Text
    | Tokens.Code
    | Tokens.List
    | Tokens.Blockquote
    | Tokens.Table
    | Tokens.Hr
    | Tokens.HTML;
  switch (known.type) {
    case "heading": {
      const looks: Look[] = known.depth === 1 ? ["bold", "underline"] : ["bold"];
      return layOut(inlineSpans(known.tokens, looks), canvas, indents);
    }
    case "paragraph":
    case "text":
      return layOut(inlineSpans(known.tokens ?? [known], []), canvas, indents);
    case "code":
      return codeLines(known.text, canvas, indents);
    case "list":
      return listLines(known, canvas, indents, depth);
    case "blockquote": {
      const bar: Span = { text: "▏ ", looks: ["dim"] };
      return linesOf(known.tokens, canvas, deeper(indents, [bar], [bar], depth), depth + 1);
    }
    case "table":
      return tableLines(known, canvas, indents);
    case "hr":
      return layOut([{ text: "─".repeat(20), looks: ["dim"] }], canvas, indents);
    default:
      // HTML, and what a later lexer may know: its source, as it was written.
      return layOut([{ text: withoutTrailing(block.raw, "\n") }], canvas, indents);
  }
}

/** Code is cut where it does not fit, and the bar beside it says how far it goes. */
function codeLines(code: string, canvas: Canvas, indents: Indents): TerminalLine[] {
  const bar: Span = { text: "│ ", looks: ["dim"] };
  const first = [...(indents.first ?? []), bar];
  const rest = [...(indents.rest ?? []), bar];
  return code
    .split("\n")
    .flatMap((line, index) =>
      layOut([{ text: line, looks: ["cyan"] }], canvas, { first: index === 0 ? first : rest, rest }, true),
    );
}

function listLines(list: Tokens.List, canvas: Canvas, indents: Indents, depth: number): TerminalLine[] {
  const begin = typeof list.start === "number" ? list.start : 1;
  const widest = String(begin + list.items.length - 1).length;
  const rest = { first: indents.rest ?? [], rest: indents.rest ?? [] };
  const lines: TerminalLine[] = [];
  for (const [index, item] of list.items.entries()) {
    const number = `${String(begin + index).padStart(widest)}. `;
    const box = item.task ? (item.checked ? "☑ " : "☐ ") : "• ";
    const mark = list.ordered ? number : box;
    const own = index === 0 ? indents : rest;
    const inner = deeper(own, [{ text: mark, looks: ["dim"] }], [{ text: " ".repeat(mark.length) }], depth);
    if (list.loose && index > 0) lines.push(...layOut([], canvas, rest));
    const blocks = item.tokens.filter(({ type }) => type !== "checkbox");
    const itemLines = list.loose
      ? linesOf(blocks, canvas, inner, depth + 1)
      : tightLines(blocks, canvas, inner, depth + 1);
    lines.push(...(itemLines.length === 0 ? layOut([], canvas, inner) : itemLines));
  }
  return lines;
}

/** Blocks of an item of a list without empty lines. */
function tightLines(
  blocks: readonly Token[],
  canvas: Canvas,
  indents: Indents,
  depth: number,
): TerminalLine[] {
  const rest = { first: indents.rest ?? [], rest: indents.rest ?? [] };
  return blocks
    .filter(({ type }) => type !== "space")
    .flatMap((block, index) => blockLines(block, canvas, index === 0 ? indents : rest, depth));
}

function deeper({ first = [], rest = [] }: Indents, mark: Span[], room: Span[], depth: number): Indents {
  // A hostile text nests a hundred deep: the words have to keep some columns.
  return depth >= deepest ? { first, rest } : { first: [...first, ...mark], rest: [...rest, ...room] };
}
