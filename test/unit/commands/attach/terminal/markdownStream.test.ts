import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { markdownLines } from "../../../../../server/commands/attach/terminal/markdown.ts";
import { MarkdownStream } from "../../../../../server/commands/attach/terminal/markdownStream.ts";

const canvas = { width: 30, hasColors: false };
const indents = { first: [{ text: "● " }], rest: [{ text: "  " }] };
const text =
  "Intro words.\n\n- one\n- two\n\n```js\nlet a = 1;\n\nlet b;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. x\n\n   y\n\nEnd.";

describe("MarkdownStream", () => {
  test("gives whole blocks once and the last one as it grows; together they are the text", () => {
    const stream = new MarkdownStream(indents);
    stream.put(0, "First paragraph.\n\nSec");
    expect(stream.takeWhole(canvas)).toEqual(["● First paragraph."]);
    expect(stream.open(canvas)).toEqual(["  ", "  Sec"]);
    stream.put(21, "ond.");
    expect(stream.takeWhole(canvas)).toEqual([]);
    expect(stream.finish("First paragraph.\n\nSecond.", canvas)).toEqual(["  ", "  Second."]);
    expect([stream.isEmpty, stream.isBegun]).toEqual([true, false]);
  });

  test("however a text is cut into pieces, its lines are those of the whole", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: text.length - 1 })), (cuts) => {
        const stream = new MarkdownStream(indents);
        const places = [0, ...new Set(cuts.sort((a, b) => a - b)), text.length];
        const lines: string[] = [];
        for (const [index, at] of places.slice(0, -1).entries()) {
          stream.put(at, text.slice(at, places[index + 1]));
          lines.push(...stream.takeWhole(canvas));
        }
        lines.push(...stream.finish(text, canvas));
        expect(lines).toEqual(markdownLines(text, canvas, indents));
      }),
    );
  });

  test("words that come again after a resume are not said twice, and a gap is filled by the finished text", () => {
    const stream = new MarkdownStream({});
    stream.put(0, "One two");
    stream.put(0, "One two three");
    stream.put(40, "lost");
    expect(stream.open(canvas)).toEqual(["One two three"]);
    expect(stream.finish("One two three four.", canvas)).toEqual(["One two three four."]);
  });

  test("the next text may begin before the end of this one is told", () => {
    const stream = new MarkdownStream({});
    stream.put(0, "One.");
    stream.put(0, "Two");
    expect(stream.finish("One.", canvas)).toEqual(["One."]);
    stream.put(3, " more");
    expect(stream.open(canvas)).toEqual(["Two more"]);
    stream.drop();
    expect(stream.isEmpty).toBe(true);
  });

  test("a finished text that is another one than was heard is shown whole", () => {
    const stream = new MarkdownStream({});
    stream.put(0, "Wrong.\n\nMore");
    stream.takeWhole(canvas);
    expect(stream.finish("Right.", canvas)).toEqual(["Right."]);
  });
});
