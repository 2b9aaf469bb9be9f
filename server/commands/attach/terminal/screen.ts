import { layOutLine, plainOf, type TerminalLine } from "./layout.ts";
import { widthOf } from "./textWidth.ts";

/** What a screen writes to: a terminal's output. */
export interface TerminalOutput {
  write(text: string): unknown;
  readonly columns?: number;
  readonly rows?: number;
}

/** The lines below everything that was printed, which are drawn anew with every change. */
export interface LiveLines {
  lines: readonly TerminalLine[];
  /** Where the cursor stands, counted from the first of the lines; absent: it is hidden. */
  cursor?: { row: number; column: number };
}

/** What terminals of every kind have; smaller ones are not drawn for. */
const usualColumns = 80;
const usualRows = 24;

/**
 * Screen of a terminal: lines that are printed once and then belong to the terminal's own scrollback, and live lines below
 * them. Every line was laid out before (`TerminalLine`).
 */
export class Screen {
  readonly #output: TerminalOutput;
  readonly #hasColors: boolean;
  #drawn: readonly TerminalLine[] = [];
  #cursorRow = 0;
  #isAlternate = false;

  constructor(output: TerminalOutput, hasColors: boolean) {
    this.#output = output;
    this.#hasColors = hasColors;
  }

  get canvas(): { width: number; hasColors: boolean } {
    return { width: Math.max(20, this.#output.columns || usualColumns), hasColors: this.#hasColors };
  }

  get rows(): number {
    return Math.max(5, this.#output.rows || usualRows);
  }

  /** Bracketed pastes are told from typing (xterm, mode 2004). */
  open(): void {
    this.#output.write("\u001b[?2004h");
  }

  /** Leaves what was printed, and the cursor below it. */
  close(): void {
    this.leaveAlternate();
    this.draw([], { lines: [] });
    this.#output.write("\u001b[?2004l\u001b[?25h\u001b[0m");
  }

  /** Prints lines above the live ones, and draws these anew. */
  draw(printed: readonly TerminalLine[], live: LiveLines): void {
    if (this.#isAlternate) return;
    const lines = live.lines.slice(-(this.rows - 1));
    const cut = live.lines.length - lines.length;
    const above = printed.map((line) => `${line}\r\n`).join("");
    const cursor =
      live.cursor === undefined ? undefined : { row: live.cursor.row - cut, column: live.cursor.column };
    const row = cursor === undefined || cursor.row < 0 ? Math.max(0, lines.length - 1) : cursor.row;
    const up = Math.max(0, lines.length - 1) - row;
    const place =
      (up > 0 ? `\u001b[${up}A` : "") +
      (cursor === undefined ? "" : `\r${cursor.column > 0 ? `\u001b[${cursor.column}C` : ""}\u001b[?25h`);
    this.#output.write(`\u001b[?25l${this.#toTop()}\u001b[J${above}${lines.join("\r\n")}${place}`);
    this.#drawn = lines;
    this.#cursorRow = row;
  }

  /** Whole pages in the terminal's second screen; what was printed comes back when it is left. */
  drawPage(lines: readonly TerminalLine[]): void {
    if (!this.#isAlternate) this.#output.write("\u001b[?1049h");
    this.#isAlternate = true;
    const page = lines.slice(0, this.rows);
    this.#output.write(`\u001b[?25l\u001b[H\u001b[2J${page.join("\r\n")}`);
  }

  leaveAlternate(): void {
    if (!this.#isAlternate) return;
    this.#isAlternate = false;
    this.#output.write("\u001b[?1049l");
  }

  /** Rings the terminal's bell: Claude waits for an answer. */
  ring(): void {
    this.#output.write("\u0007");
  }

  /** One line of it, cut where it does not fit. */
  line(...spans: Parameters<typeof layOutLine>[0]): TerminalLine {
    return layOutLine(spans, this.canvas);
  }

  /** Back to the first live line. A terminal that became narrower has broken the lines above the cursor. */
  #toTop(): string {
    const { width } = this.canvas;
    const above = this.#drawn.slice(0, this.#cursorRow);
    const rows = above.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(plainOf(line)) / width)), 0);
    return `\r${rows > 0 ? `\u001b[${rows}A` : ""}`;
  }
}
