import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { layOut, layOutLine, plainOf } from "../../../../../server/commands/attach/terminal/layout.ts";
import { widthOf } from "../../../../../server/commands/attach/terminal/textWidth.ts";
import { processorSeconds } from "../../../processorTime.ts";

const canvas = (width: number, hasColors = false) => ({ width, hasColors });
/** What a terminal acts upon instead of showing it. */
const acting = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Text with what terminals act upon in it, more often than chance would put it there. */
const wildText = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\u001b[2J", "\u001b]0;t\u0007", "\u202e", "\u009b", "\t", "\r\n", "漢字", "👩‍💻"),
    ),
  )
  .map((parts) => parts.join(""));

describe("layOut", () => {
  test("breaks at spaces, hangs the indent, and keeps an empty line", () => {
    const indents = { first: [{ text: "* " }], rest: [{ text: "  " }] };
    expect(layOut([{ text: "one two three\n\nfour" }], canvas(10), indents)).toEqual([
      "* one two",
      "  three",
      "  ",
      "  four",
    ]);
  });

  test("cuts code anywhere and keeps its spaces, a word only where it does not fit a line", () => {
    expect(layOut([{ text: "a  b  c" }], canvas(4), {}, true)).toEqual(["a  b", "  c"]);
    expect(layOut([{ text: "go abcdefghij" }], canvas(6))).toEqual(["go", "abcdef", "ghij"]);
  });

  test("counts wide characters as two columns, marks as none, an emoji of several code points as one", () => {
    expect([widthOf("漢字"), widthOf("e\u0301"), widthOf("👩‍💻"), widthOf("❯"), widthOf("한")]).toEqual([
      4, 1, 2, 1, 2,
    ]);
    expect(layOut([{ text: "漢字漢字" }], canvas(5), {}, true)).toEqual(["漢字", "漢字"]);
    expect(layOutLine([{ text: "漢字漢字" }], canvas(6))).toBe("漢字…");
  });

  test("attributes stand around the words that have them, and nowhere without colours", () => {
    const spans = [{ text: "a " }, { text: "b", looks: ["bold", "red"] as const }, { text: " c" }];
    expect(layOut(spans, canvas(20, true))).toEqual(["a \u001b[0;1;31mb\u001b[0m c"]);
    expect(layOut(spans, canvas(20))).toEqual(["a b c"]);
    expect(plainOf(layOutLine(spans, canvas(20, true)))).toBe("a b c");
  });

  test("shows what would act on the terminal as escapes", () => {
    const hostile = "\u001b]0;t\u0007\u001b[2J\u009b31m\r\u0008\u202eexe";
    expect(layOut([{ text: hostile }], canvas(100))).toEqual([
      "\\u{1b}]0;t\\u{7}\\u{1b}[2J\\u{9b}31m\\r\\u{8}\\u{202e}exe",
    ]);
  });

  test("whatever the text: no line acts on the terminal, and none is wider than the canvas", () => {
    fc.assert(
      fc.property(wildText, fc.integer({ min: 4, max: 40 }), fc.boolean(), (text, width, isCode) => {
        const lines = [
          ...layOut([{ text }], canvas(width), {}, isCode),
          layOutLine([{ text }], canvas(width)),
        ];
        for (const line of lines) {
          expect(line).not.toMatch(acting);
          expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  test("DOOR-8 spaces around a line feed go with it, and a hundred thousand without one hold nobody up", () => {
    const line = (text: string) => layOutLine([{ text }], canvas(20));
    expect(line("a \n \n  b  c\n")).toBe("a b  c ");
    const seconds = processorSeconds(() => expect(line(`${" ".repeat(100_000)}x`)).toHaveLength(20));
    expect(seconds).toBeLessThan(2);
  });
});
