/** Names of keys that are no text. */
export type KeyName =
  | "enter"
  | "newline"
  | "tab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "pageUp"
  | "pageDown"
  | "wordLeft"
  | "wordRight"
  | "escape"
  | "killLine"
  | "killBefore"
  | "killWord"
  | "interrupt"
  | "leave"
  | "suspend"
  | "redraw"
  | "unknown";

/** What was typed: text (a key, or a paste as a whole), or a key by its name. */
export type Key =
  | { kind: "text"; text: string }
  | { kind: "paste"; text: string }
  | { kind: "key"; name: KeyName };

/** Control characters that stand for keys; the others are none. */
const controls: Record<string, KeyName> = {
  "\r": "enter",
  "\n": "newline",
  "\t": "tab",
  "\u0001": "home",
  "\u0002": "left",
  "\u0003": "interrupt",
  "\u0004": "leave",
  "\u0005": "end",
  "\u0006": "right",
  "\b": "backspace",
  "\u007f": "backspace",
  "\u000b": "killLine",
  "\f": "redraw",
  "\u000e": "down",
  "\u0010": "up",
  "\u0015": "killBefore",
  "\u0017": "killWord",
  "\u001a": "suspend",
};

/** Escape sequences of xterm and what is like it, without the escape character; of modified keys those that are used. */
const sequences: Record<string, KeyName> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  "[H": "home",
  "[F": "end",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  OH: "home",
  OF: "end",
  "[1~": "home",
  "[7~": "home",
  "[4~": "end",
  "[8~": "end",
  "[3~": "delete",
  "[5~": "pageUp",
  "[6~": "pageDown",
  "[1;5D": "wordLeft",
  "[1;3D": "wordLeft",
  "[1;5C": "wordRight",
  "[1;3C": "wordRight",
  b: "wordLeft",
  f: "wordRight",
  "\r": "newline",
  "\n": "newline",
  // Shift and Enter, of terminals that tell it from Enter.
  "[13;2u": "newline",
  "[27;2;13~": "newline",
  "[27u": "escape",
  "\u007f": "killWord",
};

const escapeCharacter = "\u001b";
const sequence = new RegExp(`^${escapeCharacter}(?:\\[[0-9;?<>=]*[ -/]*[@-~]|O[A-Za-z]|[^[O])`);
/** A sequence that has begun and goes on with the next bytes. */
const unfinished = new RegExp(`^${escapeCharacter}(?:\\[[0-9;?<>=]*[ -/]*|O)?$`);
const pasteBegins = `${escapeCharacter}[200~`;
const pasteEnds = `${escapeCharacter}[201~`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what ends a run of text
const textRun = /^[^\u0000-\u001f\u007f]+/;

/**
 * Decoder of a terminal's input into keys. A sequence that comes in two parts is put together; an escape character that
 * nothing follows is the key Escape, which only `flush` can tell.
 */
export class KeyDecoder {
  #rest = "";

  /** The keys that are whole now. */
  take(text: string): Key[] {
    this.#rest += text;
    const keys: Key[] = [];
    while (this.#rest !== "") {
      const length = this.#takeOne(keys);
      if (length === 0) break;
      this.#rest = this.#rest.slice(length);
    }
    return keys;
  }

  /** Whether a sequence has begun, or Escape was pressed. */
  get isPending(): boolean {
    return this.#rest !== "" && !this.#rest.startsWith(pasteBegins);
  }

  /** Nothing came after the escape character for a while. */
  flush(): Key[] {
    if (!this.isPending) return [];
    this.#rest = "";
    return [{ kind: "key", name: "escape" }];
  }

  /** How much of the rest it took; 0: more has to come. */
  #takeOne(keys: Key[]): number {
    const rest = this.#rest;
    const run = textRun.exec(rest)?.[0];
    if (run !== undefined) {
      keys.push({ kind: "text", text: run });
      return run.length;
    }
    if (!rest.startsWith(escapeCharacter)) {
      const name = controls[rest[0] ?? ""];
      if (name !== undefined) keys.push({ kind: "key", name });
      return 1;
    }
    if (rest.startsWith(pasteBegins)) {
      const end = rest.indexOf(pasteEnds);
      if (end < 0) return 0;
      keys.push({ kind: "paste", text: rest.slice(pasteBegins.length, end) });
      return end + pasteEnds.length;
    }
    if (unfinished.test(rest)) return 0;
    const found = sequence.exec(rest)?.[0];
    if (found === undefined) return 1;
    keys.push({ kind: "key", name: sequences[found.slice(1)] ?? "unknown" });
    return found.length;
  }
}
