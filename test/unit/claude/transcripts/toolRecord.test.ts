import { describe, expect, test } from "@jest/globals";
import { recordOf } from "../../../../server/claude/transcripts/toolRecord.ts";

const use = (name: string, input: unknown, id = "t1") => ({
  type: "assistant",
  message: {
    content: [
      { type: "text", text: "I will." },
      { type: "tool_use", id, name, input },
    ],
  },
});
const result = (content: unknown, more: { is_error?: boolean; record?: unknown; id?: string } = {}) => ({
  type: "user",
  message: {
    content: [{ type: "tool_result", tool_use_id: more.id ?? "t1", content, is_error: more.is_error }],
  },
  toolUseResult: more.record,
});

describe("the record of a tool's use", () => {
  test("has what it was given and what came of it", () => {
    const entries = [use("Bash", { command: "ls" }), result("a\nb"), use("Bash", { command: "other" }, "t2")];
    expect(recordOf(entries, "t1")).toEqual({
      toolUseId: "t1",
      toolName: "Bash",
      title: "Bash: ls",
      input: { command: "ls" },
      output: "a\nb",
      failed: false,
      diff: undefined,
      truncated: false,
    });
    expect(
      recordOf([use("Bash", {}), result([{ type: "text", text: "no" }], { is_error: true })], "t1"),
    ).toMatchObject({
      output: "no",
      failed: true,
    });
  });

  test("has no output while the tool runs, and is none of another use", () => {
    const running = recordOf([use("Bash", { command: "ls" })], "t1");
    expect([running?.output, running?.failed]).toEqual([undefined, undefined]);
    expect(recordOf([use("Bash", {}, "t2"), result("x")], "t1")).toBeUndefined();
    expect(recordOf([{ type: "user", message: { content: "t1" } }, {}], "t1")).toBeUndefined();
  });

  test("of an edit has its diff, unified; of a new file all its lines", () => {
    const hunk = { oldStart: 3, oldLines: 1, newStart: 3, newLines: 2, lines: ["-b", "+c", "+d"] };
    const edited = result("Updated.", { record: { filePath: "/p/a.txt", structuredPatch: [hunk] } });
    expect(recordOf([use("Edit", { file_path: "/p/a.txt" }), edited], "t1")?.diff).toBe(
      "--- /p/a.txt\n+++ /p/a.txt\n@@ -3,1 +3,2 @@\n-b\n+c\n+d\n",
    );
    const record = { type: "create", filePath: "/p/n.txt", content: "one\ntwo\n", structuredPatch: [] };
    expect(recordOf([use("Write", {}), result("Created.", { record })], "t1")?.diff).toBe(
      "--- /dev/null\n+++ /p/n.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n",
    );
  });

  test("is cut to 256 KB, and says so", () => {
    const found = recordOf(
      [use("Bash", { command: "x".repeat(400_000) }), result("y".repeat(400_000))],
      "t1",
    );
    expect(found?.truncated).toBe(true);
    expect(found?.output?.length).toBeGreaterThan(100_000);
    expect(JSON.stringify(found).length).toBeLessThan(257 * 1024 + 400);
  });
});

test("DOOR-8 an input that is nested without end is shown as far as it makes sense", () => {
  const deep: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  const found = recordOf([use("mcp__a__b", { path: "/a", deep }), result("done")], "t1");
  expect(found).toMatchObject({ output: "done", input: { path: "/a" } });
  expect(JSON.stringify(found).length).toBeLessThan(2_000);
});
