import { escapedText } from "../../../domain/visibleText.ts";
import { graphemesOf, widthOf } from "./textWidth.ts";

/** Attributes of text, as parameters of SGR (ECMA-48, 8.3.117). */
export const looks = {
  bold: "1",
  dim: "2",
  italic: "3",
  underline: "4",
  struck: "9",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  cyan: "36",
} as const;
export type Look = keyof typeof looks;

/** A piece of text that looks the same throughout. The text may hold anything: it is made harmless by `layOut`. */
export interface Span {
  text: string;
  looks?: readonly Look[];
}

/** Where lines are laid out for. */
export interface Canvas {
  /** Columns of a line. */
  width: number;
  /** Without: no attribute is set (NO_COLOR, a dumb terminal). */
  hasColors: boolean;
}

declare const isLaidOut: unique symbol;
/** A line that may be written to a terminal: escaped, no wider than its canvas. Only `layOut` makes it. */
export type TerminalLine = string & { readonly [isLaidOut]: true };

export interface Indents {
  /** Before the first line. */
  first?: readonly Span[];
  /** Before the others; of the same width. */
  rest?: readonly Span[];
}

const tabColumns = 4;
const escapeCharacter = "\u001b";
const attribute = new RegExp(`${escapeCharacter}\\[[\\d;]*m`, "g");

/** A grapheme or a word in the course of being laid out. */
interface Piece {
  text: string;
  width: number;
  look: string;
}

/**
 * Lines of a terminal from spans of any text. The one way of text to the screen: what would move the cursor, change colours,
 * set a title or turn the direction of reading is shown as an escape (`\u{1b}`), as everywhere in this server. Lines break at
 * spaces where there are some; `isCode`: anywhere, and its spaces stay.
 */
export function layOut(
  spans: readonly Span[],
  canvas: Canvas,
  { first = [], rest = [] }: Indents = {},
  isCode = false,
): TerminalLine[] {
  const room = Math.max(1, canvas.width - widthOf(first.map(({ text }) => text).join("")));
  const rows: Piece[][] = [];
  for (const line of logicalLines(spans))
    rows.push(...(isCode ? hardRows(line, room) : softRows(line, room)));
  return rows.map((row, index) => {
    const indent = (index === 0 ? first : rest).flatMap((span) => piecesOf(span));
    return written([...indent, ...row], canvas.hasColors);
  });
}

/** Spaces around a line feed go with it. Not by one pattern: it takes quadratic time over spaces without a line feed. */
const onOneLine = (text: string): string => text.replace(/\s+/g, (gap) => (gap.includes("\n") ? " " : gap));

/** One line, cut with an ellipsis where it does not fit; its line feeds are spaces. */
export function layOutLine(spans: readonly Span[], canvas: Canvas): TerminalLine {
  const pieces = spans.flatMap((one) => piecesOf({ text: onOneLine(one.text), looks: one.looks }));
  let width = 0;
  const kept: Piece[] = [];
  for (const piece of pieces) {
    if (width + piece.width > canvas.width) {
      while (kept.length > 0 && width + 1 > canvas.width) width -= kept.pop()?.width ?? 0;
      kept.push({ text: "…", width: 1, look: piece.look });
      break;
    }
    kept.push(piece);
    width += piece.width;
  }
  return written(kept, canvas.hasColors);
}

/** The text of a line without its attributes. */
export const plainOf = (line: TerminalLine): string => line.replace(attribute, "");

const lookOf = ({ looks: names = [] }: Span): string => names.map((name) => looks[name]).join(";");

/** The graphemes of a span without line feeds, none of which does anything but show itself. */
function piecesOf(span: Span): Piece[] {
  const look = lookOf(span);
  const shown = escapedText(span.text).text.replaceAll("\t", " ".repeat(tabColumns));
  return graphemesOf(shown).map((text) => ({ text, width: widthOf(text), look }));
}

function logicalLines(spans: readonly Span[]): Piece[][] {
  const lines: Piece[][] = [[]];
  for (const span of spans) {
    for (const [index, text] of span.text.replace(/\r\n/g, "\n").split("\n").entries()) {
      if (index > 0) lines.push([]);
      lines.at(-1)?.push(...piecesOf({ text, looks: span.looks }));
    }
  }
  return lines;
}

function hardRows(pieces: readonly Piece[], room: number): Piece[][] {
  const rows: Piece[][] = [[]];
  let width = 0;
  for (const piece of pieces) {
    if (width + piece.width > room && width > 0) {
      rows.push([]);
      width = 0;
    }
    rows.at(-1)?.push(piece);
    width += piece.width;
  }
  return rows;
}

function softRows(pieces: readonly Piece[], room: number): Piece[][] {
  const rows: Piece[][] = [[]];
  let width = 0;
  const row = () => rows.at(-1) as Piece[];
  const isSpace = (piece: Piece | undefined) => piece?.text === " ";
  for (const word of wordsOf(pieces)) {
    const wordWidth = word.reduce((sum, piece) => sum + piece.width, 0);
    if (isSpace(word[0])) {
      // A space at the end of a full line is where it broke.
      if (width === 0 ? rows.length > 1 : width + wordWidth > room) continue;
    } else if (width > 0 && width + wordWidth > room) {
      while (isSpace(row().at(-1))) row().pop();
      rows.push([]);
      width = 0;
    }
    for (const part of hardRows(word, room).entries()) {
      if (part[0] > 0) {
        rows.push([]);
        width = 0;
      }
      row().push(...part[1]);
      width += part[1].reduce((sum, piece) => sum + piece.width, 0);
    }
  }
  return rows;
}

/** Runs of spaces and runs of anything else. */
function wordsOf(pieces: readonly Piece[]): Piece[][] {
  const words: Piece[][] = [];
  let wasSpace: boolean | undefined;
  for (const piece of pieces) {
    const isSpace = piece.text === " ";
    if (isSpace !== wasSpace) words.push([]);
    words.at(-1)?.push(piece);
    wasSpace = isSpace;
  }
  return words;
}

/** The only place where an escape sequence is put beside text. */
function written(pieces: readonly Piece[], hasColors: boolean): TerminalLine {
  let line = "";
  let look = "";
  for (const piece of pieces) {
    if (hasColors && piece.look !== look) {
      line += piece.look === "" ? `${escapeCharacter}[0m` : `${escapeCharacter}[0;${piece.look}m`;
      look = piece.look;
    }
    line += piece.text;
  }
  return (look === "" ? line : `${line}${escapeCharacter}[0m`) as TerminalLine;
}
