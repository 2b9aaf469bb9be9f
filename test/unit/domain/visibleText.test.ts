import { describe, expect, test } from "@jest/globals";
import { shownName, visibleLine, visibleText } from "../../../server/domain/visibleText.ts";

const shown = (text: string) => visibleText(text).text;

describe("visible text", () => {
  test.each([
    ["a bidirectional override", "rm \u202egpj.txt", "rm \\u{202e}gpj.txt"],
    ["a zero-width space", "rm\u200b-rf", "rm\\u{200b}-rf"],
    ["a byte order mark", "\ufeffls", "\\u{feff}ls"],
    ["a tag character", "ls\u{e0041}", "ls\\u{e0041}"],
    ["a Hangul filler", "ls \u3164", "ls \\u{3164}"],
    ["a soft hyphen", "l\u00ads", "l\\u{ad}s"],
    ["an empty Braille cell", "ls\u2800x", "ls\\u{2800}x"],
    ["a no-break space", "rm\u00a0x", "rm\\u{a0}x"],
    ["a line separator", "ls\u2028rm", "ls\\u{2028}rm"],
    ["an escape sequence", "\u001b[2Kls", "\\u{1b}[2Kls"],
    ["a carriage return", "rm -rf x\rls", "rm -rf x\\rls"],
    ["a NUL", "ls\0rm", "ls\\0rm"],
    ["a private character", "ls\ue000", "ls\\u{e000}"],
    ["half of a pair", "ls\ud800", "ls\\u{d800}"],
    ["a joiner between letters", "a\u200db", "a\\u{200d}b"],
  ])("DOOR-8 %s is an escape", (_what, text, expected) => {
    expect(visibleText(text)).toEqual({ text: expected, hidden: true });
  });

  test("DOOR-8 a long run of spaces is a number", () => {
    expect(visibleText(`touch a${" ".repeat(400)}; rm b`)).toEqual({
      text: "touch a [400 spaces] ; rm b",
      hidden: true,
    });
  });

  test("DOOR-8 a pile of marks is escaped from the fifth on", () => {
    expect(shown(`a${"\u0301".repeat(6)}`)).toBe("a\u0301\u0301\u0301\u0301\\u{301}\\u{301}");
  });

  test.each(["für Größe", "日本語", "🙂👩🏽‍💻❤️", "a\tb\nc", "e\u0301", "       indented", "हिन्दी"])(
    "ordinary text stays: %s",
    (text) => {
      expect(visibleText(text)).toEqual({ text, hidden: false });
    },
  );
});

describe("a visible line", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join("\n");

  test("DOOR-8 what is left out is said in words", () => {
    expect(visibleLine(`touch a.txt\n${lines(60)}\ntouch EVIL`, 200)).toEqual({
      text: "touch a.txt … and 61 more lines",
      hidden: false,
      cut: true,
    });
    expect(visibleLine("cat <<X\nX", 200).text).toBe("cat <<X … and 1 more line");
  });

  test("DOOR-8 something unseen on a later line counts", () => {
    expect(visibleLine("ls\nrm \u202ex", 200)).toMatchObject({ hidden: true, cut: true });
  });

  test("DOOR-8 empty lines before the command do not take its place", () => {
    expect(visibleLine("\n\n  \nrm -rf x\n", 200)).toEqual({ text: "rm -rf x", hidden: false, cut: false });
  });

  test("a long line is cut at a character, and says so", () => {
    const { text, cut } = visibleLine("🙂".repeat(200), 201);
    expect(text).toBe(`${"🙂".repeat(100)}…`);
    expect(cut).toBe(true);
  });

  test("a line that fits is whole", () => {
    expect(visibleLine("ls -l", 5)).toEqual({ text: "ls -l", hidden: false, cut: false });
  });
});

test("DOOR-8 a name is shown on one line, as long as a name may be, with what is not seen as escapes", () => {
  expect(shownName("a\u202egpj.exe")).toBe("a\\u{202e}gpj.exe");
  expect(shownName("alpha\nThe server: all is well")).toBe("alpha … and 1 more line");
  expect(shownName("\u001b]0;x\u0007a\rb")).toBe("\\u{1b}]0;x\\u{7}a\\rb");
  expect(shownName(`a${" ".repeat(300)}b`)).toBe("a [300 spaces] b");
  expect(shownName("x".repeat(500))).toBe(`${"x".repeat(200)}…`);
  expect(shownName("größe 日本 👩‍💻")).toBe("größe 日本 👩‍💻");
});

test.each(["\n", " ", "\t", "\u00a0", "\u0301", "\u200b"])(
  "DOOR-8 a text with 300,000 of %j within is shown at once",
  (character) => {
    const begunAt = performance.now();
    const line = visibleLine(`ls${character.repeat(300_000)}; evil`, 200);
    expect(line.cut || line.hidden).toBe(true);
    // A time that grows with the square of the length is minutes.
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  },
);
