import { describe, expect, test } from "@jest/globals";
import {
  askForTool,
  formRequestOf,
  permissionRequestOf,
} from "../../../../server/claude/process/permissionRequest.ts";

type Context = Parameters<typeof permissionRequestOf>[2];
const context = (more: Partial<Context> = {}): Context => ({
  signal: new AbortController().signal,
  toolUseID: "use-1",
  requestId: "r1",
  ...more,
});
const asker = { turnId: "t1" };
const asked = (command: string, more: Partial<Context> = {}) =>
  permissionRequestOf("Bash", { command }, context(more), asker);

describe("the permission request of a tool", () => {
  test("A13: a command that its title shows whole can be allowed by it", () => {
    expect(asked("touch a.txt")).toMatchObject({
      turnId: "t1",
      toolUseId: "use-1",
      title: "Bash: touch a.txt",
      lookFirst: false,
      truncated: false,
      onceOnly: false,
    });
  });

  const sixtyLines = Array.from({ length: 60 }, (_, index) => `echo ${index}`).join("\n");
  test.each([
    ["sixty lines before the one that matters", `touch a.txt\n${sixtyLines}\ntouch EVIL`, true],
    ["400 spaces before the end", `touch a.txt${" ".repeat(400)}; touch EVIL`, false],
    ["a bidirectional override", "touch \u202etxt.a", false],
    ["a zero-width space", "touch a\u200b.txt", false],
    ["a heredoc", "cat > a <<X\nrm -rf ~\nX", true],
    ["a line that is too long", `touch ${"a".repeat(300)}; touch EVIL`, true],
  ])("DOOR-8 %s must be looked at", (_what, command, truncated) => {
    const request = asked(command);
    expect(request).toMatchObject({ lookFirst: true, truncated });
    expect(request.input).toEqual({ command });
    expect(request.title).not.toMatch(/[\u200b\u202e]| {20}|\n/);
  });

  test("DOOR-8 the CLI's own sentence does not take the place of the command", () => {
    const request = asked("rm -rf x", { title: "Claude wants to look around" });
    expect(request).toMatchObject({ title: "Bash: rm -rf x", description: "Claude wants to look around" });
  });

  test("A13: the CLI's own default, and a description that hides something, count", () => {
    expect(asked("ls", { defaultToNo: true }).lookFirst).toBe(true);
    expect(asked("ls", { description: "look\u202e" })).toMatchObject({
      description: "look\\u{202e}",
      lookFirst: true,
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ["Write", { file_path: "/a", content: "x\n".repeat(200) }],
    ["Edit", { file_path: "/a", old_string: "a", new_string: "b".repeat(300) }],
    ["NotebookEdit", { notebook_path: "/a", new_source: "b".repeat(300) }],
    ["Agent", { description: "look around", prompt: "b".repeat(300) }],
    ["mcp__fs__put", { path: "/a", content: "b".repeat(300) }],
  ])("DOOR-8 %s, whose title names a part of it, must be looked at", (toolName, input) => {
    expect(permissionRequestOf(toolName, input, context(), asker)).toMatchObject({
      lookFirst: true,
      truncated: true,
    });
  });

  test("DOOR-8 a plan that asks for commands beside its words must be looked at", () => {
    const plan = (input: Record<string, unknown>) =>
      permissionRequestOf("ExitPlanMode", { plan: "1. Build", ...input }, context(), asker).lookFirst;
    expect(plan({})).toBe(false);
    expect(plan({ allowedPrompts: [] })).toBe(false);
    expect(plan({ allowedPrompts: [{ tool: "Bash", prompt: "anything" }] })).toBe(true);
  });

  test("A13: the MCP server of a tool is named, and a rule that would grant more is not offered", () => {
    const mcpServer = { name: "fi\u200bles", source: "user" };
    expect(
      permissionRequestOf("mcp__files__x", {}, context({ mcpServer, suppressAlwaysAllowRule: true }), asker),
    ).toMatchObject({ server: "fi\\u{200b}les", onceOnly: true });
  });

  test("T05: the subagent that asks is named", () => {
    const agent = { agentId: "a1", type: "Explore" };
    expect(permissionRequestOf("Bash", { command: "ls" }, context(), { turnId: "t1", agent }).agent).toEqual(
      agent,
    );
  });

  test("P02: a question is titled by its own words", () => {
    const questions = [{ question: "Which\u200b?" }];
    expect(permissionRequestOf("AskUserQuestion", { questions }, context(), asker).title).toBe(
      "Which\\u{200b}?",
    );
    expect(permissionRequestOf("AskUserQuestion", {}, context(), asker).title).toBe("Claude has a question");
    expect(permissionRequestOf("ExitPlanMode", {}, context(), asker).title).toBe("Claude has made a plan");
  });
});

describe("DOOR-8 what is nested without end", () => {
  /** What the phones would be asked, and what the CLI is told, as it is written to it. */
  async function askedFor(toolName: string, input: Record<string, unknown>, more: Partial<Context> = {}) {
    const told: string[] = [];
    const logged: string[] = [];
    const note = (event: string) => void logged.push(event);
    const result = await askForTool(toolName, input, context(more), {
      asker,
      why: undefined,
      sessionId: "s1",
      log: { debug: note, info: note, warn: note, error: note },
      listener: {
        askPermission: async (ask) => {
          told.push(JSON.stringify(ask));
          return { decision: "allow" };
        },
      },
    });
    return { told, logged, result: JSON.stringify(result) };
  }
  const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const nestedObjects = (levels: number): unknown =>
    JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);

  test.each<[string, string, Record<string, unknown>]>([
    ["lists", "mcp__a__b", { deep: nested(20_000) }],
    ["objects", "mcp__a__b", { deep: nestedObjects(20_000) }],
    ["beside a command", "Bash", { command: "ls", description: nested(20_000) }],
    ["in a question", "AskUserQuestion", { questions: [{ question: "Which?", options: nested(20_000) }] }],
    ["in a plan", "ExitPlanMode", { plan: "1. Build", allowedPrompts: nestedObjects(20_000) }],
    ["as deep as JSON can be written", "mcp__a__b", { deep: nested(1_000) }],
  ])("is refused unasked with the reason: %s", async (_what, toolName, input) => {
    const { told, logged, result } = await askedFor(toolName, input);
    expect([told, logged]).toEqual([[], ["permission.not_shown"]]);
    expect(JSON.parse(result)).toMatchObject({
      behavior: "deny",
      message: expect.stringContaining("nested deeper than 100 levels"),
    });
  });

  test("among the CLI's suggestions is refused the same", async () => {
    const suggestions = [{ type: "addRules", rules: nested(20_000) }] as unknown as Context["suggestions"];
    const { told, result } = await askedFor("Bash", { command: "ls" }, { suggestions });
    expect([told, JSON.parse(result).behavior]).toEqual([[], "deny"]);
  });

  test("no tool's honest input is: it is asked about whole", async () => {
    const { told, result } = await askedFor("mcp__a__b", { tree: nestedObjects(90) });
    expect(JSON.parse(told[0]!).input).toEqual({ tree: nestedObjects(90) });
    expect(JSON.parse(result)).toMatchObject({
      behavior: "allow",
      updatedInput: { tree: nestedObjects(90) },
    });
  });
});

describe("the request of a form", () => {
  const { signal } = new AbortController();
  test("REPORT-7 says who asks for what, and can be answered once", () => {
    const request = {
      serverName: "forms",
      message: "Who are you?",
      requestedSchema: { type: "object", properties: {} },
    };
    expect(formRequestOf(request, signal, asker)).toMatchObject({
      turnId: "t1",
      title: "forms: Who are you?",
      server: "forms",
      form: { message: "Who are you?", server: "forms", fields: [] },
      onceOnly: true,
      suggestions: [],
    });
  });

  test("REPORT-7 an address is in what is told of it", () => {
    const request = {
      serverName: "s",
      message: "Sign in",
      mode: "url" as const,
      url: "https://example.com/a",
    };
    expect(formRequestOf(request, signal, asker)).toMatchObject({
      description: "https://example.com/a",
      input: { url: "https://example.com/a" },
    });
    expect(formRequestOf({ ...request, url: "http://example.com/" }, signal, asker)).toHaveProperty("unfit");
  });
});
