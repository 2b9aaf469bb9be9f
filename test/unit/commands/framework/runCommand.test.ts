import { expect, test } from "@jest/globals";
import { failureText } from "../../../../server/commands/framework/runCommand.ts";

test("DOOR-8 a failure that quotes a name controls no terminal", () => {
  const error = new Error("No folder \u001b]0;x\u0007\u202egpj.", { cause: new Error("a\rb") });
  expect(failureText(error)).toBe("daylong: No folder \\u{1b}]0;x\\u{7}\\u{202e}gpj. (a\\rb)");
  expect(failureText("\u009bA")).toBe("daylong: \\u{9b}A");
});
