import { Editor } from "../terminal/editor.ts";
import type { Key } from "../terminal/keys.ts";

/** Text field of a question: Enter gives the words, Escape gives none. */
export class WordsField {
  readonly name: string;
  readonly #editor = new Editor();

  constructor(name: string) {
    this.name = name;
  }

  get text(): string {
    return this.#editor.text;
  }

  /** The words when they are finished, `null` when the field was left, `undefined` while it is written in. */
  hear(key: Key): string | null | undefined {
    if (key.kind === "key" && key.name === "enter") return this.#editor.text.trim();
    if (key.kind === "key" && key.name === "escape") return null;
    this.#editor.hear(key);
    return undefined;
  }
}
