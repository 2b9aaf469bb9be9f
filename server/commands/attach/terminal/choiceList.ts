import type { TerminalInput } from "./input.ts";
import { layOutLine, type Span, type TerminalLine } from "./layout.ts";
import type { Screen } from "./screen.ts";

/** List to choose one row of: by the arrows and Enter, or by a digit. */
export class ChoiceList {
  readonly #title: string;
  readonly #rows: readonly Span[][];
  #at: number;

  constructor(title: string, rows: readonly Span[][], at: number) {
    this.#title = title;
    this.#rows = rows;
    this.#at = at;
  }

  /** The index of the chosen row; `undefined`: the owner has left. The list is gone from the screen then. */
  async ask(screen: Screen, input: TerminalInput): Promise<number | undefined> {
    const chosen = await new Promise<number | undefined>((resolve) => {
      screen.draw([], { lines: this.#lines(screen) });
      input.listen((key) => {
        const name = key.kind === "key" ? key.name : undefined;
        if (name === "up") this.#at = Math.max(0, this.#at - 1);
        if (name === "down") this.#at = Math.min(this.#rows.length - 1, this.#at + 1);
        const isLeft = name === "leave" || name === "interrupt" || name === "escape";
        const text = key.kind === "text" ? key.text : "";
        if (isLeft || text === "q") return resolve(undefined);
        if (name === "enter" && this.#rows.length > 0) return resolve(this.#at);
        // A digit stands for the row that it is written before.
        if (/^\d$/.test(text) && Number(text) < this.#rows.length) return resolve(Number(text));
        return screen.draw([], { lines: this.#lines(screen) });
      });
    });
    input.listen(() => {});
    screen.draw([], { lines: [] });
    return chosen;
  }

  #lines({ canvas, rows }: Screen): TerminalLine[] {
    const most = Math.max(1, rows - 3);
    const from = Math.max(0, Math.min(this.#at - most + 1, this.#rows.length - most));
    const shown = this.#rows.slice(from, from + most).map((row, index) => {
      const number = from + index;
      const mark = number === this.#at ? "› " : "  ";
      const digit = number < 10 ? `${number} ` : "  ";
      return layOutLine([{ text: mark, looks: ["cyan"] }, { text: digit, looks: ["dim"] }, ...row], canvas);
    });
    const help = "↑ ↓ Enter or a digit chooses · q leaves";
    return [
      layOutLine([{ text: this.#title, looks: ["bold"] }], canvas),
      ...shown,
      layOutLine([{ text: help, looks: ["dim"] }], canvas),
    ];
  }
}
