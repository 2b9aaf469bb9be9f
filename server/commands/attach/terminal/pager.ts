import type { Key } from "./keys.ts";
import { type Canvas, layOutLine, type TerminalLine } from "./layout.ts";

export interface PagerParts {
  title: string;
  /** Everything there is now, for a canvas. */
  lines(canvas: Canvas): TerminalLine[];
  /** Whether it begins at its first line; else at its last. */
  fromTop: boolean;
}

/** Pager over lines of text, a screen at a time, as `less` is. */
export class Pager {
  readonly #parts: PagerParts;
  /** Lines below the screen. */
  #below = 0;
  #height = 1;
  #count = 0;
  #isPlaced = false;

  constructor(parts: PagerParts) {
    this.#parts = parts;
  }

  /** Whether the first line is on the screen. */
  get isAtTop(): boolean {
    return this.#below >= this.#most;
  }

  get #most(): number {
    return Math.max(0, this.#count - this.#height);
  }

  page(canvas: Canvas, rows: number): TerminalLine[] {
    const lines = this.#parts.lines(canvas);
    this.#height = Math.max(1, rows - 1);
    this.#count = lines.length;
    if (!this.#isPlaced) this.#below = this.#parts.fromTop ? this.#most : 0;
    this.#isPlaced = true;
    this.#below = Math.min(Math.max(0, this.#below), this.#most);
    const end = lines.length - this.#below;
    const shown = lines.slice(Math.max(0, end - this.#height), end);
    const empty = layOutLine([], canvas);
    while (shown.length < this.#height) shown.push(empty);
    const place =
      this.#most === 0 ? "all" : `${Math.round((100 * (this.#most - this.#below)) / this.#most)} %`;
    const words = ` ${this.#parts.title} · ${place} · ↑ ↓ PageUp PageDown · q goes back`;
    return [...shown, layOutLine([{ text: words, looks: ["dim"] }], canvas)];
  }

  /** False: it was left. */
  hear(key: Key): boolean {
    if (key.kind === "text") {
      if (key.text === "q") return false;
      if (key.text === " ") this.#below -= this.#height;
      return true;
    }
    if (key.kind === "paste") return true;
    switch (key.name) {
      case "escape":
      case "interrupt":
      case "leave":
        return false;
      case "up":
        this.#below += 1;
        return true;
      case "down":
      case "enter":
        this.#below -= 1;
        return true;
      case "pageUp":
        this.#below += this.#height - 1;
        return true;
      case "pageDown":
        this.#below -= this.#height - 1;
        return true;
      case "home":
        this.#below = this.#most;
        return true;
      case "end":
        this.#below = 0;
        return true;
      default:
        return true;
    }
  }
}
