import { describe, expect, test } from "@jest/globals";
import { hunksIn, outcomeOf, shownInput, textOf } from "../../../../server/claude/process/toolOutcome.ts";

describe("the outcome of a tool", () => {
  const hunk = { oldStart: 1, oldLines: 2, newStart: 1, newLines: 3, lines: [" a", "-b", "+c", "+d"] };

  test("of an edit is its numbers of lines", () => {
    expect(outcomeOf("The file was updated.", { structuredPatch: [hunk, hunk] })).toEqual({
      insertions: 4,
      deletions: 2,
    });
  });

  test("of a new file are the lines that it has", () => {
    const created = (content: string) =>
      outcomeOf("Created.", { type: "create", content, structuredPatch: [] });
    expect(created("one\ntwo\n")).toEqual({ insertions: 2, deletions: 0 });
    expect(created("")).toEqual({ insertions: 0, deletions: 0 });
  });

  test("of another tool is its first line, on which nothing is hidden", () => {
    expect(outcomeOf("\n  ok\u202e\nmore", { stdout: "ok" })).toEqual({ summary: "ok\\u{202e}" });
    expect(outcomeOf([{ type: "text", text: "a" }, { type: "image" }], undefined)).toEqual({ summary: "a" });
    expect(outcomeOf("", null)).toEqual({ summary: undefined });
    expect(outcomeOf("x".repeat(1_000_000), undefined).summary).toHaveLength(201);
  });

  test("a record of another shape is no edit", () => {
    expect(hunksIn({ structuredPatch: [{ lines: [1] }, null] })).toEqual([]);
    expect([hunksIn("text"), hunksIn([]), hunksIn({ structuredPatch: "x" })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("the texts of a result are joined", () => {
    expect(textOf([{ type: "text", text: "a" }, null, { text: 5 }, { text: "b" }])).toBe("a\nb");
    expect(textOf({ text: "a" })).toBe("");
  });
});

describe("the input that is told with the start of a tool", () => {
  test("is whole up to 4 KB, and cut beyond", () => {
    expect(shownInput({ command: "ls" })).toEqual({ input: { command: "ls" } });
    const { input, truncated } = shownInput({ file_path: "/a", content: "x".repeat(100_000) });
    expect(truncated).toBe(true);
    expect(input.file_path).toBe("/a");
    expect(JSON.stringify(input)).toHaveLength(4_096);
  });
});
