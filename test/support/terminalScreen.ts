import { widthOf } from "../../server/commands/attach/terminal/textWidth.ts";

/** What a program may tell a terminal, without parameters' values: moves, erasing, attributes, modes of its own. */
const sequence = new RegExp(String.raw`^${"\u001b"}\[(\??)([\d;]*)([A-Za-z])`);
const modes = new Set(["25", "2004", "1049"]);

/**
 * Screen of a terminal, as far as a program that only prints and draws below needs one: a grid with its scrollback. Throws at
 * every control character and sequence beyond that: text of others has reached the terminal raw.
 */
export class TerminalScreen {
  #columns: number;
  #rows: number;
  #lines: string[][] = [[]];
  #other: { lines: string[][]; row: number; column: number } | undefined;
  #row = 0;
  #column = 0;
  #rest = "";
  /** Every title, colour or mode that was set: with its attributes, for tests of looks. */
  raw = "";

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Everything that is or was on the screen, without what was drawn over. */
  get text(): string {
    return this.#lines.map((cells) => cells.join("").trimEnd()).join("\n");
  }

  /** Whether the second screen is shown. */
  get isAlternate(): boolean {
    return this.#other !== undefined;
  }

  /** Another size, as a terminal takes it: lines that do not fit any more are broken, and the cursor stays on its character. */
  resize(columns: number, rows: number): void {
    const before = this.#lines;
    const pieces = before.map((cells) =>
      Array.from({ length: Math.max(1, Math.ceil(cells.length / columns)) }, (_, index) =>
        cells.slice(index * columns, (index + 1) * columns),
      ),
    );
    const above = pieces.slice(0, this.#row).reduce((sum, { length }) => sum + length, 0);
    this.#row = above + Math.min(Math.floor(this.#column / columns), (pieces[this.#row]?.length ?? 1) - 1);
    this.#column %= columns;
    this.#lines = pieces.flat();
    this.#columns = columns;
    this.#rows = rows;
  }

  write(text: string): void {
    this.raw += text;
    let rest = this.#rest + text;
    this.#rest = "";
    while (rest !== "") {
      const taken = this.#take(rest);
      if (taken === 0) {
        this.#rest = rest;
        return;
      }
      rest = rest.slice(taken);
    }
  }

  #take(text: string): number {
    const first = text[0] ?? "";
    switch (first) {
      case "\r":
        this.#column = 0;
        return 1;
      case "\n":
        this.#row += 1;
        while (this.#lines.length <= this.#row) this.#lines.push([]);
        return 1;
      case "\u0007":
        return 1;
      case "\u001b":
        return this.#control(text);
      default:
        if (/[\p{Cc}\p{Cf}\p{Co}]/u.test(first) && !/[\u200d\ufe0f]/.test(first))
          throw new Error(
            `The terminal got ${JSON.stringify(first)} in ${JSON.stringify(text.slice(0, 80))}`,
          );
        return this.#put(text);
    }
  }

  #put(text: string): number {
    const character = String.fromCodePoint(text.codePointAt(0) ?? 0);
    const width = widthOf(character);
    if (this.#column + width > this.#columns) {
      this.#column = 0;
      this.#row += 1;
      while (this.#lines.length <= this.#row) this.#lines.push([]);
    }
    const cells = this.#lines[this.#row] ?? [];
    while (cells.length < this.#column) cells.push(" ");
    cells[this.#column] = width === 0 ? (cells[this.#column] ?? "") : character;
    if (width === 2) cells[this.#column + 1] = "";
    this.#column += width;
    return character.length;
  }

  #control(text: string): number {
    const found = sequence.exec(text);
    if (found === null) {
      if (new RegExp(String.raw`^${"\u001b"}(\[[?\d;]*)?$`).test(text)) return 0;
      throw new Error(`The terminal got the sequence ${JSON.stringify(text.slice(0, 40))}`);
    }
    const [whole, isPrivate, parameters = "", final = ""] = found;
    const count = Number(parameters) || 1;
    if (isPrivate === "?") {
      if (!modes.has(parameters) || !/[hl]/.test(final))
        throw new Error(`The terminal got the mode ${JSON.stringify(whole)}`);
      if (parameters === "1049") this.#switchScreen(final === "h");
      return whole.length;
    }
    switch (final) {
      case "m":
        break;
      case "A":
        this.#row = Math.max(this.#top, this.#row - count);
        break;
      case "C":
        this.#column = Math.min(this.#columns - 1, this.#column + count);
        break;
      case "H":
        this.#row = this.#top;
        this.#column = 0;
        break;
      case "J":
        if (parameters === "2")
          for (let row = this.#top; row < this.#lines.length; row += 1) this.#lines[row] = [];
        else {
          this.#lines.length = this.#row + 1;
          this.#lines[this.#row]?.splice(this.#column);
        }
        break;
      default:
        throw new Error(`The terminal got the sequence ${JSON.stringify(whole)}`);
    }
    return whole.length;
  }

  /** The first line of the window: what is above it has scrolled away. */
  get #top(): number {
    return Math.max(0, this.#lines.length - this.#rows);
  }

  #switchScreen(toOther: boolean): void {
    if (toOther) {
      this.#other = { lines: this.#lines, row: this.#row, column: this.#column };
      this.#lines = [[]];
      this.#row = 0;
      this.#column = 0;
    } else if (this.#other !== undefined) {
      this.#lines = this.#other.lines;
      this.#row = this.#other.row;
      this.#column = this.#other.column;
      this.#other = undefined;
    }
  }
}
