import { describe, expect, test } from "@jest/globals";
import { htmlOf } from "../../../../web/src/text/markdownHtml.ts";
import { StreamingMarkdown } from "../../../../web/src/text/streamingMarkdown.ts";
import { processorSeconds } from "../../processorTime.ts";

const text = [
  "# Title",
  "",
  "A paragraph with **words**.",
  "",
  "- one",
  "- two",
  "",
  "```ts",
  "const a = 1;",
  "",
  "const b = 2;",
  "```",
  "",
  "| a | b |",
  "|---|---|",
  "| 1 | 2 |",
  "",
  "> quoted",
  "",
  "The end.",
].join("\n");

const shapes = (blocks: ReturnType<StreamingMarkdown["update"]>) =>
  blocks.map(({ token }) => [token.type, token.raw.trim()]);

describe("C05: Markdown while it is written", () => {
  test("C05: a text that comes in pieces of any size ends in the blocks that the whole text has", () => {
    const whole = shapes(new StreamingMarkdown().update(text, true));
    expect(whole.map(([type]) => type)).toEqual([
      ...["heading", "paragraph", "list", "code", "table", "blockquote", "paragraph"],
    ]);
    for (const size of [1, 2, 3, 7, 19]) {
      const streaming = new StreamingMarkdown();
      for (let end = size; end < text.length; end += size) streaming.update(text.slice(0, end), false);
      expect([size, shapes(streaming.update(text, true))]).toEqual([size, whole]);
    }
  });

  test("C05: a finished block is the same object however much follows: it is lexed once", () => {
    const streaming = new StreamingMarkdown();
    const [first] = streaming.update("One paragraph.\n\nAnd another", false);
    const later = streaming.update("One paragraph.\n\nAnd another one.\n\n```js\nlet x", false);
    expect(later[0]).toBe(first);
    expect(later.map(({ isFinished }) => isFinished)).toEqual([true, true, false]);
  });

  test("C05: code that has not ended is one open block, whatever it holds", () => {
    const blocks = new StreamingMarkdown().update("Look:\n\n```md\n# no title\n\n- no list\n\n", false);
    expect(blocks.map(({ token, isFinished }) => [token.type, isFinished])).toEqual([
      ["paragraph", true],
      ["code", false],
    ]);
  });

  test("C05: another text begins anew", () => {
    const streaming = new StreamingMarkdown();
    streaming.update("One.\n\nTwo.\n\nThree", false);
    expect(shapes(streaming.update("Other words", false))).toEqual([["paragraph", "Other words"]]);
  });

  test("C05: an answer of many blocks costs each further word no more than a short one", () => {
    const streaming = new StreamingMarkdown();
    const long = Array.from({ length: 400 }, (_, index) => `Paragraph ${index} of a long answer.`).join(
      "\n\n",
    );
    streaming.update(long, false);
    const [first] = streaming.update(`${long} more`, false);
    const blocks = streaming.update(`${long} more words`, false);
    expect(blocks).toHaveLength(400);
    expect(blocks[0]).toBe(first);
    expect(blocks.filter(({ isFinished }) => !isFinished)).toHaveLength(1);
  });
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
  let html = "";
  const seconds = processorSeconds(() => {
    const blocks = new StreamingMarkdown().update(text, true);
    html = blocks.map(({ token }) => htmlOf(token)).join("");
  });
  expect(seconds).toBeLessThan(4);
  expect(html.length).toBeGreaterThan(0);
});

test("DOOR-8 what is too much to be Markdown is escaped as all words are, and the next block is Markdown", () => {
  const blocks = new StreamingMarkdown().update(`${"*x_".repeat(600)}<img src=x>\n\n**c**`, true);
  const [tangled, honest] = blocks.map(({ token }) => htmlOf(token));
  expect(tangled).toContain("*x_*x_");
  expect(tangled).toContain("&lt;img src=x&gt;");
  expect(honest).toContain("<strong>c</strong>");
  const [deep] = new StreamingMarkdown().update(`${">".repeat(60)} <script>`, true);
  expect(htmlOf(deep!.token)).toContain("&lt;script&gt;");
});
