import { expect, test } from "@jest/globals";
import { cellText, tableText } from "../../../../server/commands/framework/table.ts";

test("DOOR-8 a cell shows what moves the cursor, or is not seen, as escapes, and is one line of its length", () => {
  expect(cellText("a\u001b[2Jb", 40)).toBe("a\\u{1b}[2Jb");
  expect(cellText("Phone \u202e)nimda(", 40)).toBe("Phone \\u{202e})nimda(");
  expect(cellText("one\n\ttwo", 40)).toBe("one two");
  expect(cellText("x".repeat(50), 10)).toBe(`${"x".repeat(9)}…`);
  expect(tableText(["NAME", "N"], [[cellText("\u200b", 10), "1"]])).toBe("NAME      N\n\\u{200b}  1");
});
