import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { plainOf } from "../../../../../server/commands/attach/terminal/layout.ts";
import { markdownLines } from "../../../../../server/commands/attach/terminal/markdown.ts";
import { widthOf } from "../../../../../server/commands/attach/terminal/textWidth.ts";
import { processorSeconds } from "../../../processorTime.ts";

const plain = { width: 40, hasColors: false };
const shown = (text: string, width = 40) => markdownLines(text, { width, hasColors: false });

describe("markdownLines", () => {
  test("headings, emphasis and code are attributes of text, not marks in it", () => {
    const lines = markdownLines("# Big\n\n## Small\n\nA **bold** *word*, `code`, ~~gone~~.", {
      width: 60,
      hasColors: true,
    });
    expect(lines.map(plainOf)).toEqual(["Big", "", "Small", "", "A bold word, code, gone."]);
    expect(lines[0]).toBe("\u001b[0;1;4mBig\u001b[0m");
    expect(lines[4]).toContain(
      "\u001b[0;1mbold\u001b[0m \u001b[0;3mword\u001b[0m, \u001b[0;36mcode\u001b[0m",
    );
  });

  test("lists keep their numbers, their nesting and their boxes", () => {
    expect(
      shown("3. three\n4. four\n   - inner words that go on beyond the line\n\n- [x] done\n- [ ] open"),
    ).toEqual([
      "3. three",
      "4. four",
      "   • inner words that go on beyond the",
      "     line",
      "",
      "☑ done",
      "☐ open",
    ]);
  });

  test("code stands behind a bar with its own line breaks, quotations behind a thin one", () => {
    expect(shown("```ts\nif (a) {\n  b();\n}\n```\n\n> said\n> before")).toEqual([
      "│ if (a) {",
      "│   b();",
      "│ }",
      "",
      "▏ said before",
    ]);
  });

  test("a table is columns; where it does not fit its cells break, and at the last it is a list", () => {
    const table = "| file | change |\n|---|---|\n| a.ts | waits for the refresh of it |\n| b | no |";
    expect(shown(table)).toEqual([
      "file  change",
      "────  ───────────────────────────",
      "a.ts  waits for the refresh of it",
      "b     no",
    ]);
    expect(shown(table, 22)).toEqual([
      "file  change",
      "────  ────────────────",
      "a.ts  waits for the",
      "      refresh of it",
      "b     no",
    ]);
    expect(shown(table, 8).join("\n")).toContain("file:");
  });

  test("a link says where it leads, unless its words do; entities are the characters that they mean", () => {
    expect(shown("[here](https://x.y/z) <https://x.y> a &lt; b &amp; c `&lt;`", 80)).toEqual([
      "here (https://x.y/z) https://x.y a < b & c &lt;",
    ]);
  });

  test("HTML is shown as it was written, and does nothing", () => {
    expect(shown("<b onclick=x>hi</b>\n\n<script>\nalert(1)\n</script>")).toEqual([
      "<b onclick=x>hi</b>",
      "",
      "<script>",
      "alert(1)",
      "</script>",
    ]);
  });

  test("the words of a text that nests without end stay readable", () => {
    const lines = shown(`${"> ".repeat(200)}deep`);
    expect(lines.join("\n")).toContain("deep");
  });

  test("whatever the text: no line acts on the terminal or is wider than it", () => {
    const marks = fc.constantFrom(
      "# ",
      "- ",
      "1. ",
      "> ",
      "```\n",
      "**",
      "`",
      "| a | b |\n|--|--|\n| ",
      "\n\n",
      "[a](",
      ")",
      "\u001b[2J",
      "\u202e",
      "    ",
      "<div>",
    );
    const text = fc.array(fc.oneof(marks, fc.string({ unit: "binary", maxLength: 12 })), { maxLength: 25 });
    fc.assert(
      fc.property(text, fc.integer({ min: 20, max: 60 }), (parts, width) => {
        for (const line of markdownLines(parts.join(""), { ...plain, width })) {
          expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
          expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

test("DOOR-8 a hundred thousand line feeds within a piece of HTML hold nobody up", () => {
  const html = `<pre>${"\n".repeat(100_000)}x</pre>`;
  expect(processorSeconds(() => shown(html))).toBeLessThan(4);
});

test.each([
  ["quotations in quotations", ">".repeat(20_000)],
  ["lists in lists", "1. ".repeat(7_000)],
  ["quotations and lists in turn", "> - ".repeat(5_000)],
  ["signs of emphasis", "*a_".repeat(10_000)],
  ["words of underscores", "_a".repeat(15_000)],
  ["signs that are struck through", "~a~~".repeat(10_000)],
  ["such signs over many lines", "*a_\n".repeat(8_000)],
])("DOOR-8 thousands of %s are words, and hold nobody up", (_what, text) => {
  let lines: string[] = [];
  expect(
    processorSeconds(() => {
      lines = shown(text);
    }),
  ).toBeLessThan(4);
  expect(lines.length).toBeGreaterThan(0);
});

test("DOOR-8 honest nesting and emphasis are as they were beside what is too much", () => {
  const text = `> - **a** _b_\n\n${"*x_".repeat(600)}\n\n**c**`;
  const lines = markdownLines(text, { width: 60, hasColors: true });
  expect(lines[0]).toContain("\u001b[0;1ma\u001b[0m");
  expect(lines.at(-1)).toBe("\u001b[0;1mc\u001b[0m");
  expect(lines.map(plainOf).join("")).toContain("*x_*x_");
});
