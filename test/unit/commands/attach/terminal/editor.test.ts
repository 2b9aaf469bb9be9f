import { describe, expect, test } from "@jest/globals";
import { Editor } from "../../../../../server/commands/attach/terminal/editor.ts";
import type { KeyName } from "../../../../../server/commands/attach/terminal/keys.ts";
import { processorSeconds } from "../../../processorTime.ts";

const canvas = { width: 13, hasColors: false };
const press = (editor: Editor, ...keys: Array<KeyName | { text: string } | { paste: string }>) => {
  for (const key of keys) {
    if (typeof key === "string") editor.hear({ kind: "key", name: key });
    else if ("text" in key) editor.hear({ kind: "text", text: key.text });
    else editor.hear({ kind: "paste", text: key.paste });
  }
};
const edited = (...keys: Parameters<typeof press>[1][]) => {
  const editor = new Editor();
  press(editor, ...keys);
  return editor;
};

describe("Editor", () => {
  test("writes, moves and removes by what a reader takes for characters", () => {
    expect(edited({ text: "a👩‍💻b" }, "left", "backspace", { text: "x" }).text).toBe("axb");
    expect(edited({ text: "ab" }, "left", "left", "delete", "right", { text: "!" }).text).toBe("b!");
    expect(edited({ text: "one two  three" }, "killWord", "wordLeft", { text: "[" }).text).toBe("one [two  ");
    expect(
      edited({ text: "one" }, "newline", { text: "two" }, "home", "killBefore", "backspace", "killLine").text,
    ).toBe("one");
  });

  test("moves between lines, and beyond them through what was sent, with the draft below it", () => {
    const editor = edited({ text: "first" });
    editor.clear();
    editor.remember("sent one");
    editor.remember("sent two");
    press(editor, { text: "dra" }, "newline", { text: "ft" }, "up", { text: "!" });
    expect(editor.text).toBe("dr!a\nft");
    press(editor, "up");
    expect(editor.text).toBe("sent two");
    press(editor, "up", "up");
    expect(editor.text).toBe("sent one");
    press(editor, "down", "down");
    expect(editor.text).toBe("dr!a\nft");
  });

  test("takes the lines of a paste, and nothing in it that controls a terminal", () => {
    expect(edited({ paste: "a\r\nb\rc\u001b[31m\u0007\u009b" }).text).toBe("a\nb\nc[31m");
  });

  test("shows its lines with the cursor where the next character comes, wide ones and broken lines included", () => {
    expect(new Editor().view(canvas, 5, "hint")).toEqual({ lines: ["❯ hint"], row: 0, column: 2 });
    expect(edited({ text: "漢字" }).view(canvas, 5)).toEqual({ lines: ["❯ 漢字"], row: 0, column: 6 });
    expect(edited({ text: "0123456789ab" }).view(canvas, 5)).toEqual({
      lines: ["❯ 0123456789", "  ab"],
      row: 1,
      column: 4,
    });
    expect(edited({ text: "0123456789" }).view(canvas, 5)).toMatchObject({ row: 1, column: 2 });
    expect(edited({ text: "a" }, "newline").view(canvas, 5)).toEqual({
      lines: ["❯ a", "  "],
      row: 1,
      column: 2,
    });
  });

  test("shows at most so many lines, those around the cursor", () => {
    const editor = edited({ paste: "1\n2\n3\n4\n5" });
    expect(editor.view(canvas, 3)).toEqual({ lines: ["  3", "  4", "  5"], row: 2, column: 3 });
    press(editor, "up", "up", "up", "up");
    expect(editor.view(canvas, 3)).toEqual({ lines: ["❯ 1", "  2", "  3"], row: 0, column: 3 });
  });

  test("DOOR-8 a word of fifty thousand characters that was pasted is passed and removed at once", () => {
    const editor = edited({ paste: `${"a".repeat(50_000)} b` });
    const seconds = processorSeconds(() => press(editor, "wordLeft", "wordLeft", "end", "killWord"));
    expect(editor.text).toBe(`${"a".repeat(50_000)} `);
    expect(seconds).toBeLessThan(2);
  });
});
