import { expect, test } from "@jest/globals";
import { diffLines, linesBetween } from "../../../../web/src/text/diff.ts";

test("C05: a unified diff is read with the numbers of both files", () => {
  const diff = [
    "diff --git a/x.ts b/x.ts",
    "--- a/x.ts",
    "+++ b/x.ts",
    "@@ -3,3 +3,4 @@ function f() {",
    " same",
    "-old",
    "+new",
    "+--- more",
    " last",
    "\\ No newline at end of file",
    "",
  ].join("\n");
  expect(diffLines(diff)).toEqual([
    { kind: "hunk", text: "function f() {" },
    { kind: "context", text: "same", before: 3, after: 3 },
    { kind: "removed", text: "old", before: 4 },
    { kind: "added", text: "new", after: 4 },
    { kind: "added", text: "--- more", after: 5 },
    { kind: "context", text: "last", before: 5, after: 6 },
    { kind: "note", text: "No newline at end of file" },
  ]);
  expect(diffLines("Binary files a/x and b/x differ")).toEqual([{ kind: "note", text: "A binary file." }]);
  expect(diffLines("")).toEqual([]);
});

test("C05: an edit is shown as the lines that it takes and gives, with three around them", () => {
  const before = "1\n2\n3\n4\nold\n6\n7\n8\n9";
  const told = linesBetween(before, before.replace("old", "new\nnewer"));
  expect(told.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    ...["context 2", "context 3", "context 4", "removed old", "added new", "added newer"],
    ...["context 6", "context 7", "context 8"],
  ]);
  expect(linesBetween("", "all\nnew").map(({ kind }) => kind)).toEqual(["added", "added"]);
  expect(linesBetween("gone", "").map(({ kind }) => kind)).toEqual(["removed"]);
  expect(linesBetween("same\nsame", "same\nsame\nsame").filter(({ kind }) => kind === "added")).toHaveLength(
    1,
  );
});
