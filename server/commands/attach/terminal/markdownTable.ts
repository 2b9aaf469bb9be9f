import type { Tokens } from "marked";
import {
  type Canvas,
  type Indents,
  type Look,
  layOut,
  plainOf,
  type Span,
  type TerminalLine,
} from "./layout.ts";
import { inlineSpans } from "./markdownInline.ts";
import { widthOf } from "./textWidth.ts";

const gap = 2;
/** A column is not made narrower than this, unless its cells are. */
const narrowest = 6;

/** A table as columns of text; cells that do not fit go on in further lines. */
export function tableLines({ header, rows }: Tokens.Table, canvas: Canvas, indents: Indents): TerminalLine[] {
  const grid = [header, ...rows].map((cells, index) =>
    cells.map((cell) => inlineSpans(cell.tokens, index === 0 ? (["bold"] satisfies Look[]) : [])),
  );
  const indentWidth = widthOf((indents.first ?? []).map(({ text }) => text).join(""));
  const widths = columnWidths(grid, canvas.width - indentWidth);
  if (widths === undefined) return asLists(grid, canvas, indents);
  const lines = grid.flatMap((cells, index) => [
    ...rowLines(cells, widths),
    ...(index === 0
      ? [[{ text: widths.map((width) => "─".repeat(width)).join(" ".repeat(gap)), looks: ["dim"] }] as Span[]]
      : []),
  ]);
  const rest = indents.rest ?? [];
  return lines.flatMap((spans, index) =>
    layOut(spans, canvas, { first: index === 0 ? (indents.first ?? []) : rest, rest }, true),
  );
}

/** As wide as the widest cell; the widest columns give what is missing. None: the table cannot be shown as columns. */
function columnWidths(grid: readonly Span[][][], room: number): number[] | undefined {
  const columns = grid[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(1, ...grid.map((cells) => widthOf(shownText(cells[column] ?? [])))),
  );
  const total = () => widths.reduce((sum, width) => sum + width, 0) + gap * (columns - 1);
  while (total() > room) {
    const widest = Math.max(...widths);
    if (widest <= narrowest) return undefined;
    widths[widths.indexOf(widest)] = Math.max(narrowest, widest - (total() - room), Math.floor(widest / 2));
  }
  return widths;
}

/** The lines of one row, each cell broken to its column's width. */
function rowLines(cells: readonly Span[][], widths: readonly number[]): Span[][] {
  const broken = cells.map((spans, column) => brokenCell(spans, widths[column] ?? 1));
  const height = Math.max(1, ...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    widths.flatMap((width, column) => {
      const spans = broken[column]?.[row] ?? [];
      const isLast = column === widths.length - 1;
      const fill = width - widthOf(shownText(spans));
      return isLast ? spans : [...spans, { text: " ".repeat(Math.max(0, fill) + gap) }];
    }),
  );
}

/** A cell that has to be broken loses its attributes: its words are what counts. */
function brokenCell(spans: readonly Span[], width: number): Span[][] {
  const plain = { width, hasColors: false };
  const lines = layOut(spans, plain);
  if (lines.length <= 1) return [[...spans]];
  return lines.map((line) => [{ text: plainOf(line) }]);
}

/** Each row as a list of its cells under the names of the columns: for a terminal that is too narrow for columns. */
function asLists(grid: readonly Span[][][], canvas: Canvas, indents: Indents): TerminalLine[] {
  const [names = [], ...rows] = grid;
  const rest = indents.rest ?? [];
  const lines = rows.flatMap((cells) =>
    cells.map((spans, column): Span[] => [...(names[column] ?? []), { text: ": " }, ...spans]),
  );
  return lines.flatMap((spans, index) =>
    layOut(spans, canvas, { first: index === 0 ? (indents.first ?? []) : rest, rest }),
  );
}

const shownText = (spans: readonly Span[]): string =>
  layOut(spans, { width: Number.MAX_SAFE_INTEGER, hasColors: false }).join(" ");
