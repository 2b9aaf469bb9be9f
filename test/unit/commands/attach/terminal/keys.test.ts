import { describe, expect, test } from "@jest/globals";
import { type Key, KeyDecoder } from "../../../../../server/commands/attach/terminal/keys.ts";

const names = (keys: Key[]) => keys.map((key) => (key.kind === "key" ? key.name : `${key.kind}:${key.text}`));
const taken = (...chunks: string[]) => {
  const decoder = new KeyDecoder();
  return names(chunks.flatMap((chunk) => decoder.take(chunk)));
};

describe("KeyDecoder", () => {
  test("tells text from keys, of terminals of several kinds", () => {
    expect(taken("hé漢\r")).toEqual(["text:hé漢", "enter"]);
    expect(taken("\u001b[A\u001bOB\u001b[1;5C\u001b[3~\u001b[5~\u007f\u0003\u0004\u0017")).toEqual([
      "up",
      "down",
      "wordRight",
      "delete",
      "pageUp",
      "backspace",
      "interrupt",
      "leave",
      "killWord",
    ]);
    expect(taken("\u001b\r\n\u001b[13;2u\u001b[27;2;13~")).toEqual([
      "newline",
      "newline",
      "newline",
      "newline",
    ]);
    expect(taken("\u001b[99X", "\u0000a")).toEqual(["unknown", "text:a"]);
  });

  test("puts a sequence together that comes in parts, and a paste as a whole", () => {
    expect(taken("\u001b", "[", "1;", "5D", "x")).toEqual(["wordLeft", "text:x"]);
    expect(taken("\u001b[200~one\r\ntwo", "\u001b[A\u001b[2", "01~y")).toEqual([
      "paste:one\r\ntwo\u001b[A",
      "text:y",
    ]);
  });

  test("Escape alone is a key only when nothing follows", () => {
    const decoder = new KeyDecoder();
    expect(decoder.take("\u001b")).toEqual([]);
    expect(decoder.isPending).toBe(true);
    expect(names(decoder.flush())).toEqual(["escape"]);
    expect(names(decoder.flush())).toEqual([]);
    expect(names(decoder.take("a"))).toEqual(["text:a"]);
  });
});
