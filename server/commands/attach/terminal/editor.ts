import { escapedText } from "../../../domain/visibleText.ts";
import type { Key, KeyName } from "./keys.ts";
import { type Canvas, layOut, type Span, type TerminalLine } from "./layout.ts";
import { graphemesOf, widthOf } from "./textWidth.ts";

/** An editor as it is drawn: its lines, and where the cursor stands in them. */
export interface EditorView {
  lines: TerminalLine[];
  row: number;
  column: number;
}

/** Before the first line and before the others; of one width. */
const prompts = { first: "❯ ", rest: "  " };
const tabText = "    ";

/**
 * Multi-line text editor with a history. Pure: keys go in, text and cursor come out. Up and down move between lines, and
 * beyond the first and the last line through what was sent before; the draft stays below it.
 */
export class Editor {
  #text = "";
  /** UTF-16 units before the cursor. */
  #at = 0;
  #history: string[] = [];
  /** Which entry of the history is shown; its length: the draft. */
  #shown = 0;
  #draft = "";

  get text(): string {
    return this.#text;
  }

  get isEmpty(): boolean {
    return this.#text === "";
  }

  /** Whether the cursor stands behind everything. */
  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  set(text: string): void {
    this.#text = text;
    this.#at = text.length;
  }

  clear(): void {
    this.set("");
    this.#draft = "";
    this.#shown = this.#history.length;
  }

  /** What was sent comes back with Up, the latest first. */
  remember(text: string): void {
    if (text.trim() === "" || this.#history.at(-1) === text) return;
    this.#history.push(text);
    if (this.#shown === this.#history.length - 1) this.#shown = this.#history.length;
  }

  /** False: the key means nothing to an editor. */
  hear(key: Key): boolean {
    if (key.kind === "key") return this.#press(key.name);
    this.#insert(key.kind === "paste" ? pasted(key.text) : key.text);
    return true;
  }

  #press(name: KeyName): boolean {
    const before = this.#text.slice(0, this.#at);
    const after = this.#text.slice(this.#at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const lineEnd = this.#at + (after.includes("\n") ? after.indexOf("\n") : after.length);
    switch (name) {
      case "newline":
        this.#insert("\n");
        return true;
      case "backspace":
        this.#remove(this.#at - lastLength(before), this.#at);
        return true;
      case "delete":
        this.#remove(this.#at, this.#at + firstLength(after));
        return true;
      case "killWord":
        this.#remove(this.#at - lastWordLength(before), this.#at);
        return true;
      case "killBefore":
        this.#remove(lineStart, this.#at);
        return true;
      case "killLine":
        this.#remove(this.#at, lineEnd === this.#at ? lineEnd + 1 : lineEnd);
        return true;
      case "left":
        this.#at -= lastLength(before);
        return true;
      case "right":
        this.#at += firstLength(after);
        return true;
      case "wordLeft":
        this.#at -= lastWordLength(before);
        return true;
      case "wordRight":
        this.#at += /^\s*\S*/.exec(after)?.[0].length ?? 0;
        return true;
      case "home":
        this.#at = lineStart;
        return true;
      case "end":
        this.#at = lineEnd;
        return true;
      case "up":
        return this.#moveUp(before, lineStart);
      case "down":
        return this.#moveDown(before, lineStart, lineEnd);
      default:
        return false;
    }
  }

  #moveUp(before: string, lineStart: number): boolean {
    if (lineStart === 0) return this.#show(this.#shown - 1);
    const column = before.length - lineStart;
    const aboveStart = this.#text.lastIndexOf("\n", lineStart - 2) + 1;
    this.#at = Math.min(aboveStart + column, lineStart - 1);
    return true;
  }

  #moveDown(before: string, lineStart: number, lineEnd: number): boolean {
    if (lineEnd === this.#text.length) return this.#show(this.#shown + 1);
    const column = before.length - lineStart;
    const belowEnd = this.#text.indexOf("\n", lineEnd + 1);
    this.#at = Math.min(lineEnd + 1 + column, belowEnd < 0 ? this.#text.length : belowEnd);
    return true;
  }

  #show(index: number): boolean {
    if (index < 0 || index > this.#history.length || index === this.#shown) return false;
    if (this.#shown === this.#history.length) this.#draft = this.#text;
    this.#shown = index;
    this.set(this.#history[index] ?? this.#draft);
    return true;
  }

  #insert(text: string): void {
    this.#text = this.#text.slice(0, this.#at) + text + this.#text.slice(this.#at);
    this.#at += text.length;
  }

  #remove(from: number, to: number): void {
    this.#text = this.#text.slice(0, Math.max(0, from)) + this.#text.slice(to);
    this.#at = Math.max(0, from);
  }

  /** Its lines, at most so many of them around the cursor; `hint` stands where nothing was written yet. */
  view(canvas: Canvas, mostLines: number, hint = ""): EditorView {
    const room = { width: Math.max(8, canvas.width - 1), hasColors: canvas.hasColors };
    const first: Span[] = [{ text: prompts.first, looks: ["cyan"] }];
    const rest: Span[] = [{ text: prompts.rest }];
    const spans: Span[] = this.isEmpty ? [{ text: hint, looks: ["dim"] }] : [{ text: this.#text }];
    const lines = layOut(spans, room, { first, rest }, true);
    const { row, column } = this.#cursorIn(room.width - prompts.first.length);
    while (lines.length <= row) lines.push(...layOut([], room, { first: rest }));
    const from = Math.max(0, Math.min(row - mostLines + 1, lines.length - mostLines));
    return {
      lines: lines.slice(from, from + mostLines),
      row: row - from,
      column: column + prompts.first.length,
    };
  }

  /** Where the cursor stands when lines are cut as `layOut` cuts code. */
  #cursorIn(room: number): { row: number; column: number } {
    let row = 0;
    let column = 0;
    for (const grapheme of graphemesOf(this.#text.slice(0, this.#at))) {
      if (grapheme === "\n") {
        row += 1;
        column = 0;
        continue;
      }
      for (const shown of graphemesOf(escapedText(grapheme).text.replaceAll("\t", tabText))) {
        const width = widthOf(shown);
        if (column + width > room && column > 0) {
          row += 1;
          column = 0;
        }
        column += width;
      }
    }
    return column >= room ? { row: row + 1, column: 0 } : { row, column };
  }
}

/** A paste brings its line ends as the other program had them, and nothing that controls a terminal. */
const pasted = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is left out
  text.replace(/\r\n?/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");

/** UTF-16 units of the last word, with the spaces behind it. */
function lastWordLength(text: string): number {
  let begin = text.trimEnd().length;
  while (begin > 0 && !/\s/.test(text.charAt(begin - 1))) begin -= 1;
  return text.length - begin;
}

const lastLength = (text: string): number => graphemesOf(text).at(-1)?.length ?? 0;
const firstLength = (text: string): number => graphemesOf(text.slice(0, 64))[0]?.length ?? 0;
