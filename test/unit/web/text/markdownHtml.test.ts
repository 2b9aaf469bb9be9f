import { expect, test } from "@jest/globals";
import { Lexer } from "marked";
import { htmlOf, isSafeLink } from "../../../../web/src/text/markdownHtml.ts";

const html = (markdown: string) => new Lexer({ gfm: true, breaks: true }).lex(markdown).map(htmlOf).join("");

test("C05: markup in an answer is shown, not obeyed", () => {
  expect(html("<script>alert(1)</script>")).toBe("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html("a <img src=x onerror=alert(1)> b")).not.toContain("<img");
  expect(html("`<b>`")).toContain("&lt;b&gt;");
});

test("C05: a link leads to the web or to mail, or is words", () => {
  expect(html("[site](https://example.org/x)")).toMatch(
    /<a href="https:\/\/example\.org\/x" title="[^"]+" target="_blank" rel="noopener noreferrer">site<\/a>/,
  );
  for (const href of [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "JaVaScRiPt:x",
    "/s/x",
  ])
    expect(html(`[words](${href})`)).not.toContain("<a ");
  expect([isSafeLink("mailto:a@example.org"), isSafeLink("vbscript:x")]).toEqual([true, false]);
});

test("C05: a picture is not fetched: its address is a link", () => {
  const shown = html("![tracker](https://evil.example/pixel.png)");
  expect(shown).not.toContain("<img");
  expect(shown).toContain('href="https://evil.example/pixel.png"');
});

test("C05: a giant table is cut, and says so", () => {
  const rows = Array.from({ length: 700 }, (_, index) => `| ${index} | x |`).join("\n");
  const shown = html(`| a | b |\n|---|---|\n${rows}`);
  expect(shown.match(/<tr>/g)).toHaveLength(501);
  expect(shown).toContain("200 more rows are not shown.");
});
