import { expect, test } from "@jest/globals";
import { findingLines, ok, wrong } from "../../../../server/commands/doctor/finding.ts";

test("DOOR-8 a finding that quotes a hostile name is shown with escapes", () => {
  const found = [
    ok("disk", "/data/\u202eab has room."),
    wrong("roots", "\u001b[2J is gone.", "mkdir a\u200bb"),
  ];
  expect(findingLines(found)).toEqual([
    "ok     disk   /data/\\u{202e}ab has room.",
    "WRONG  roots  \\u{1b}[2J is gone.",
    "              -> mkdir a\\u{200b}b",
  ]);
});
