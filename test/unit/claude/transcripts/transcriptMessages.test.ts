import { describe, expect, test } from "@jest/globals";
import { pastMessageOf, type RawEntry } from "../../../../server/claude/transcripts/transcriptMessages.ts";

const entry = (type: string, content: unknown, more: Partial<RawEntry> = {}): RawEntry => ({
  type,
  uuid: "u1",
  message: { role: type, content },
  ...more,
});
const text = (value: string) => ({ type: "text", text: value });

const synthetic = (words: string): RawEntry => ({
  type: "assistant",
  uuid: "u1",
  message: { role: "assistant", model: "<synthetic>", content: [text(words)] },
});

describe("S31: what a person reads of a transcript", () => {
  test("S31: both sides' words, whatever form they were written in", () => {
    expect(pastMessageOf(entry("user", "Hi", { timestamp: "2026-01-01T00:00:00.000Z" }))).toEqual({
      messageId: "u1",
      role: "user",
      text: "Hi",
      tools: [],
      imageCount: 0,
      createdAt: Date.UTC(2026, 0, 1),
    });
    expect(pastMessageOf(entry("assistant", [text("One."), text(""), text("Two.")]))?.text).toBe(
      "One.\n\nTwo.",
    );
    expect(pastMessageOf(entry("user", [text("half \ud83d")]))?.text).toBe("half \ufffd");
  });

  test("S31: tools and images are told of, without their bytes", () => {
    const use = { type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls -l\nrm x" } };
    const content = [text("Look."), use];
    expect(pastMessageOf(entry("assistant", content))?.tools).toEqual([
      { toolUseId: "toolu_1", toolName: "Bash", title: "Bash: ls -l … and 1 more line" },
    ]);
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
    const shown = pastMessageOf(entry("user", [image, image]));
    expect(shown).toMatchObject({ text: "", imageCount: 2 });
    expect(JSON.stringify(shown)).not.toContain("AAAA");
  });

  test.each([
    ["a tool's result", entry("user", [{ type: "tool_result", tool_use_id: "t", content: "out" }])],
    ["a reminder", entry("user", [text("<system-reminder>\nx\n</system-reminder>")])],
    ["a note about files", entry("user", [text("<attached-files>\n- a\n</attached-files>")])],
    ["what was said in a lost conversation", entry("user", [text("<earlier-conversation>\nx")])],
    ["an entry of the CLI's own", entry("system", "compacted")],
    ["a note to the model", entry("user", "Caveat", { isMeta: true })],
    ["a word of a subagent", entry("assistant", [text("x")], { parent_tool_use_id: "t" })],
    ["thinking", entry("assistant", [{ type: "thinking", thinking: "hm" }])],
    ["no content", entry("user", undefined)],
    ["odd content", entry("user", [null, 7, { type: "text", text: 7 }, { type: "tool_use" }])],
    ["no message", { type: "user", uuid: "u", message: null }],
    ["what the CLI puts in for a reply that never came", synthetic("No response requested.")],
  ])("S31: %s is not shown", (_what, raw) => {
    expect(pastMessageOf(raw)).toBeUndefined();
  });

  test("S31: an error that the CLI tells in Claude's place is shown, and so are Claude's own words like the CLI's", () => {
    expect(pastMessageOf(synthetic("API Error: 529"))?.text).toBe("API Error: 529");
    const own = entry("assistant", [text("No response requested.")]);
    expect(pastMessageOf(own)?.text).toBe("No response requested.");
  });

  test("S31: a prompt keeps its words beside what was put before it, and a command its name", () => {
    const asked = [text("<system-reminder>x</system-reminder>"), text("Why <b>?")];
    expect(pastMessageOf(entry("user", asked))?.text).toBe("Why <b>?");
    const command = "<command-name>/clear</command-name>\n<command-message>clear</command-message>";
    expect(pastMessageOf(entry("user", command))?.text).toBe("/clear");
  });
});

test("DOOR-8 a tool whose input is nested without end hides no message", () => {
  const deep: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  const content = [text("Look."), { type: "tool_use", id: "t1", name: "mcp__a__b", input: { deep } }];
  const message = pastMessageOf(entry("assistant", content));
  expect(message?.text).toBe("Look.");
  expect(message?.tools[0]?.title).toMatch(/^mcp__a__b: /);
});
