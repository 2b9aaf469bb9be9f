import { describe, expect, test } from "@jest/globals";
import { toolLine, toolTitle } from "../../../../server/domain/sessions/toolLine.ts";
import { Chance } from "../../../support/chance.ts";

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

const long = "x".repeat(400);
const lines = Array.from({ length: 60 }, (_, index) => `line ${index}`).join("\n");

/** What the title of a permission shows of an input; what is not shown whole has to be looked at. */
describe("DOOR-8 the line of a permission", () => {
  test.each<[string, Record<string, unknown>, string, boolean]>([
    ["Write", { file_path: "/a", content: "" }, 'Write: /a {"content":""}', false],
    ["Write", { file_path: "/a", content: "hi\nyou" }, String.raw`Write: /a {"content":"hi\nyou"}`, false],
    ["Write", { file_path: "/a", content: lines }, "Write: /a … and content", true],
    [
      "Edit",
      { file_path: "/a", old_string: "b", new_string: "c" },
      'Edit: /a {"old_string":"b","new_string":"c"}',
      false,
    ],
    [
      "Edit",
      { file_path: "/a", old_string: "b", new_string: long, replace_all: true },
      "Edit: /a … and old_string, new_string, replace_all",
      true,
    ],
    ["NotebookEdit", { notebook_path: "/n", new_source: long }, "NotebookEdit: /n … and new_source", true],
    ["Agent", { description: "look", prompt: "find it" }, 'Agent: look {"prompt":"find it"}', false],
    ["Agent", { description: "look", prompt: long, mode: "x" }, "Agent: look … and prompt, mode", true],
    ["Task", { description: "look", prompt: lines }, "Task: look … and prompt", true],
    ["WebFetch", { url: "https://a", prompt: long }, "WebFetch: https://a … and prompt", true],
    ["Glob", { pattern: "*", path: "/etc" }, 'Glob: /etc {"pattern":"*"}', false],
    ["mcp__fs__write", { path: "/a", content: "b" }, 'mcp__fs__write: {"path":"/a","content":"b"}', false],
    ["mcp__fs__write", { path: "/a", content: long }, `mcp__fs__write: {"path":"/a","content":"`, true],
    ["mcp__x__run", { description: "harmless", code: long }, 'mcp__x__run: {"description":"harmless"', true],
    [
      "mcp__x__run",
      { command: "ls", dangerouslyDisableSandbox: true },
      'mcp__x__run: {"command":"ls"',
      false,
    ],
    ["Bash", { command: "ls", description: "d", timeout: 5, run_in_background: true }, "Bash: ls", false],
    ["Bash", { command: "ls", env: "EVIL=1" }, 'Bash: ls {"env":"EVIL=1"}', false],
    ["Bash", { command: "ls", dangerouslyDisableSandbox: "true" }, "Bash: ls {", false],
    ["Monitor", { description: "d", ws: { url: "wss://x" } }, 'Monitor: d {"ws":{"url":"wss://x"}}', false],
  ])("of %s %j says %s", (toolName, input, begin, cut) => {
    const line = toolLine(toolName, input);
    expect(line.text).toContain(begin);
    expect(line.cut).toBe(cut);
  });

  test("shows hidden characters of every field as escapes, and says that there are some", () => {
    expect(toolLine("Write", { file_path: "/a", content: "b\u202ec" })).toEqual({
      text: String.raw`Write: /a {"content":"b\u{202e}c"}`,
      hidden: true,
      cut: false,
    });
    expect(toolLine("mcp__a__b", { "na\u200bme": 1 }).hidden).toBe(true);
  });

  const tools = ["Bash", "Write", "Edit", "MultiEdit", "NotebookEdit", "Agent", "Task", "WebFetch", "Read"];
  const fields = ["command", "file_path", "content", "prompt", "description", "url", "path", "x", "mode"];
  const quiet = (tool: string) => (tool === "Bash" ? ["description"] : []);
  test("of any input leaves nothing out without saying so", () => {
    const chance = new Chance(8);
    for (let round = 0; round < 2_000; round += 1) {
      const toolName = chance.pick([...tools, "mcp__some__tool", "Unknown"]) ?? "";
      const input: Record<string, unknown> = {};
      for (const field of fields) {
        if (!chance.happens(0.4)) continue;
        const word = `w${round}${field}`;
        const value = `${"y".repeat(chance.between(0, 90))}${word}${chance.happens(0.2) ? "\nmore" : ""}`;
        input[field] = chance.happens(0.2) ? { deep: [value] } : value;
      }
      const { text, cut } = toolLine(toolName, input);
      const left = Object.keys(input).filter((field) => !text.includes(`w${round}${field}`));
      const unsaid = cut ? [] : left.filter((field) => !quiet(toolName).includes(field));
      expect({ toolName, input, unsaid }).toEqual({ toolName, input, unsaid: [] });
    }
  });
});

test("DOOR-8 an input that is nested without end is shown as cut, and throws nothing", () => {
  const deep: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  expect(toolLine("mcp__a__b", { deep })).toMatchObject({ cut: true });
  expect(toolLine("Write", { file_path: "/a", content: "", deep }).text).toMatch(/^Write: \/a … and /);
  expect(toolLine("Bash", { command: "ls", description: deep }).cut).toBe(true);
  expect(toolTitle("mcp__a__b", { deep })).toMatch(/^mcp__a__b: \{"deep":\[/);
});
