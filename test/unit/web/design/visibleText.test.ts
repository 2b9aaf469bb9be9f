import { expect, test } from "@jest/globals";
import { cutText, hasHidden, visible, withoutTerminalCodes } from "../../../../web/src/design/visibleText.ts";

test("C05: characters that reorder or hide their neighbours are shown as escapes", () => {
  expect(visible("rm \u202Eecno\u202C -r")).toBe("rm \\u{202e}ecno\\u{202c} -r");
  expect(visible("a\u200Bb\u0007\uFEFF")).toBe("a\\u{200b}b\\u{7}\\u{feff}");
  expect(visible("tag \u{E0041}")).toContain("\\u{e0041}");
  expect([hasHidden("x\u2066y"), hasHidden("مرحبا, 你好 👩‍💻\tand\nlines")]).toEqual([true, false]);
});

test("colours of terminals go, their words stay", () => {
  expect(withoutTerminalCodes("\u001b[31;1mred\u001b[0m \u001b]0;title\u0007text")).toBe("red text");
});

test("a cut does not break a character", () => {
  expect(cutText("ab🙂", 3)).toBe("ab");
  expect(cutText("ab🙂", 4)).toBe("ab🙂");
});
