import { describe, expect, test } from "@jest/globals";
import { toolLine, toolTitle } from "../../../../server/domain/sessions/toolLine.ts";

describe("the line of a tool", () => {
  test.each([
    ["Bash", { command: "ls -l" }, "Bash: ls -l"],
    ["Read", { file_path: "/a/b.txt" }, "Read: /a/b.txt"],
    ["Agent", { description: "look around", prompt: "find it" }, "Agent: look around"],
    ["TodoWrite", {}, "TodoWrite"],
    ["mcp__db__run", { sql: "drop table t" }, 'mcp__db__run: {"sql":"drop table t"}'],
    ["Bash", { command: "x", dangerouslyDisableSandbox: true }, "Bash (outside the sandbox): x"],
    ["WebFetch", { url: "http://x", description: "d" }, "WebFetch: http://x"],
    ["Other", { command: 5 }, 'Other: {"command":5}'],
    ["Bash", { command: "x".repeat(500) }, `Bash: ${"x".repeat(200)}…`],
    ["Bash", { command: `x${"🙂".repeat(200)}` }, `Bash: x${"🙂".repeat(99)}…`],
    ["Bash", { command: "a\ud83db" }, "Bash: a\\u{d83d}b"],
    ["Bash", { command: "  ", description: "nothing" }, "Bash: nothing"],
  ])("%s %j is shown as %s", (toolName, input, expected) => {
    expect(toolTitle(toolName, input as Record<string, unknown>)).toBe(expected);
  });

  test("DOOR-8 a command that is not shown whole is cut, and a hidden character in a name counts", () => {
    expect(toolLine("Bash", { command: "touch a\ntouch b" })).toEqual({
      text: "Bash: touch a … and 1 more line",
      hidden: false,
      cut: true,
    });
    expect(toolLine("mcp__a\u200b__b", {}).hidden).toBe(true);
  });
});
