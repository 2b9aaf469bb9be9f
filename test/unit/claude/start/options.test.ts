import { describe, expect, test } from "@jest/globals";
import { baseOptions, conversationOptions, sessionOptions } from "../../../../server/claude/start/options.ts";
import type { ProcessSpec } from "../../../../server/domain/processes/process.ts";
import type { SessionOptions } from "../../../../server/domain/sessions/session.ts";

const spec = (options: SessionOptions = {}): ProcessSpec => ({
  processId: "p1",
  sessionId: "ours",
  claudeSessionId: "ours",
  projectPath: "/projects/alpha",
  model: null,
  permissionMode: "default",
  options,
});
const defined = (options: object) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

describe("F11 S02 a process", () => {
  test("begins a conversation under our id", () => {
    expect(defined(conversationOptions(spec(), false))).toEqual({ sessionId: "ours" });
  });

  test("goes on with one that Claude holds, and does not name it as a new one", () => {
    expect(defined(conversationOptions(spec(), true))).toEqual({ resume: "ours" });
  });

  test("S20 forks another conversation to our id once", () => {
    const forked = spec({ origin: { resume: "theirs", fork: true, resumeAt: "message" } });
    expect(defined(conversationOptions(forked, false))).toEqual({
      resume: "theirs",
      forkSession: true,
      sessionId: "ours",
      resumeSessionAt: "message",
    });
    expect(defined(conversationOptions(forked, true))).toEqual({ resume: "ours" });
  });

  test("never names a new conversation and an old one together, unless it forks", () => {
    const origins = [
      undefined,
      { resume: "theirs", fork: false },
      { resume: "theirs", fork: true },
      { resume: "theirs", fork: true, resumeAt: "message" },
    ];
    for (const origin of origins) {
      for (const exists of [true, false]) {
        const options = conversationOptions(spec({ origin }), exists);
        const both = options.sessionId !== undefined && options.resume !== undefined;
        expect(both).toBe(options.forkSession === true);
        expect(options.continue).toBeUndefined();
      }
    }
  });
});

describe("S34 every start", () => {
  test("has the session's project, settings and limits, and the given environment alone", () => {
    const options = baseOptions(
      spec({ appendSystemPrompt: "Be brief.", allowedTools: ["Read"], maxTurns: 3, maxBudgetUsd: 1 }),
      { HOME: "/home/a" },
      "/usr/bin/claude",
      "trusted",
    );
    expect(options).toMatchObject({
      cwd: "/projects/alpha",
      env: { HOME: "/home/a" },
      pathToClaudeCodeExecutable: "/usr/bin/claude",
      systemPrompt: { type: "preset", preset: "claude_code", append: "Be brief." },
      settingSources: ["user", "project", "local"],
      allowedTools: ["Read"],
      maxTurns: 3,
      maxBudgetUsd: 1,
    });
  });

  test("leaves the model to the CLI when the owner chose none", () => {
    expect(baseOptions(spec(), {}, undefined, "plain").model).toBeUndefined();
    expect(baseOptions({ ...spec(), model: "claude-x" }, {}, undefined, "plain").model).toBe("claude-x");
  });

  test.each(["plain", "untrusted"] as const)(
    "follows the owner's settings alone in a project that is %s",
    (standing) => {
      expect(baseOptions(spec(), {}, undefined, standing)).toMatchObject({
        settingSources: ["user"],
        additionalDirectories: ["/projects/alpha"],
      });
    },
  );

  test("reads not even the words of a project that is suspect, and names no trusted one twice", () => {
    const suspect = baseOptions(spec(), {}, undefined, "suspect");
    expect([suspect.settingSources, suspect.additionalDirectories]).toEqual([["user"], []]);
    expect(baseOptions(spec(), {}, undefined, "trusted").additionalDirectories).toBeUndefined();
  });

  test("has what may always be done in the project as settings, if there is any", () => {
    const rules = ["Bash(ls:*)", "Read"];
    expect(baseOptions(spec(), {}, undefined, "plain", rules).settings).toEqual({
      permissions: { allow: rules },
    });
    expect(baseOptions(spec(), {}, undefined, "plain").settings).toBeUndefined();
  });

  test("of a session keeps copies of files for a rewind and tells its words as they come", () => {
    expect(sessionOptions).toEqual({
      enableFileCheckpointing: true,
      includePartialMessages: true,
      perTaskStopAffordance: true,
      forwardSubagentText: true,
    });
  });
});
