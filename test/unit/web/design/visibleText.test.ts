import { expect, test } from "@jest/globals";
import { visibleText } from "../../../../server/domain/visibleText.ts";
import { cutText, hasHidden, visible, withoutTerminalCodes } from "../../../../web/src/design/visibleText.ts";

test("C05: characters that reorder or hide their neighbours are shown as escapes", () => {
  expect(visible("rm \u202Eecno\u202C -r")).toBe("rm \\u{202e}ecno\\u{202c} -r");
  expect(visible("a\u200Bb\u0007\uFEFF")).toBe("a\\u{200b}b\\u{7}\\u{feff}");
  expect(visible("tag \u{E0041}")).toContain("\\u{e0041}");
  expect([hasHidden("x\u2066y"), hasHidden("مرحبا, 你好 👩‍💻\tand\nlines")]).toEqual([true, false]);
});

test("DOOR-8 what shows nothing is an escape on the page as in a push, but for what languages and emoji are made of", () => {
  const kept: number[] = [];
  for (let code = 0; code <= 0x10ffff; code += 1) {
    const character = String.fromCodePoint(code);
    if (!/[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/u.test(character)) continue;
    // A variation selector and a joiner are a picture's only beside one.
    expect([code, visibleText(`a${character}b`).hidden]).toEqual([code, code !== 9 && code !== 10]);
    if (!hasHidden(character)) kept.push(code);
  }
  const selectors = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => from + index);
  expect(kept).toEqual([
    ...[0x9, 0xa, 0xd, 0x200c, 0x200d],
    ...selectors(0xfe00, 16),
    ...selectors(0xe0100, 240),
  ]);
});

test("colours of terminals go, their words stay", () => {
  expect(withoutTerminalCodes("\u001b[31;1mred\u001b[0m \u001b]0;title\u0007text")).toBe("red text");
});

test("a cut does not break a character", () => {
  expect(cutText("ab🙂", 3)).toBe("ab");
  expect(cutText("ab🙂", 4)).toBe("ab🙂");
});
