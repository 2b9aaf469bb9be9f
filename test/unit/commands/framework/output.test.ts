import { expect, test } from "@jest/globals";
import { jsonLine, shownText } from "../../../../server/commands/framework/output.ts";

const hostile = "\u3164\u2800a\u001b]0;title\u0007\u009b2J\u202eb\u2066\r\nc\td";

test("O16: text of others is printed with its controls as escapes; lines and tabs stay", () => {
  expect(shownText(hostile)).toBe(
    "\\u{3164}\\u{2800}a\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{202e}b\\u{2066}\nc\td",
  );
});

test("O16: JSON is one line without a control, and says what it was given", () => {
  const line = jsonLine({ name: hostile });
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u);
  expect(JSON.parse(line)).toEqual({ name: hostile });
});
