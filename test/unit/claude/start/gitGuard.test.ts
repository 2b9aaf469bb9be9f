import { describe, expect, test } from "@jest/globals";
import { gitEnvironment, gitReason } from "../../../../server/claude/start/gitGuard.ts";

const cwd = "/projects/alpha";
const bash = (command: string) => ({ toolName: "Bash", input: { command }, cwd });

describe("A09 DOOR-10 git is asked about", () => {
  const reason = (command: string, dangers: Record<string, string[]>, hasPlainDiff = false) =>
    gitReason(bash(command), { dangersOf: async (directory) => dangers[directory] ?? [], hasPlainDiff });

  test("where the repository brings a program, with its name", async () => {
    expect(await reason("git status", { [cwd]: ["filter.x.clean"] })).toContain("filter.x.clean");
    expect(await reason("git -C in status", { [`${cwd}/in`]: ["alias.st"] })).toContain("alias.st");
    expect(await reason("ls", { [cwd]: ["filter.x.clean"] })).toBeUndefined();
    expect(await reason("git status", {})).toBeUndefined();
  });

  test("not for what the environment takes away", async () => {
    const off = { [cwd]: ["core.fsmonitor", "core.hookspath", "diff.external"] };
    expect(await reason("git diff", off, true)).toBeUndefined();
    expect(await reason("git diff", off, false)).toContain("diff.external");
  });

  test("when the use itself cannot be understood: the CLI goes on when a question to us fails", async () => {
    const unreadable = { subagent_type: { toString: 1, valueOf: 1 } };
    const use = { toolName: "Agent", input: unreadable, cwd };
    const asked = await gitReason(use, { dangersOf: async () => [], hasPlainDiff: false });
    expect(asked).toContain("cannot be told");
  });

  test("where the repository cannot be told, or its configuration cannot be read", async () => {
    expect(await reason("cd $X; git status", {})).toContain("cannot be told");
    expect(await reason("g=git; $g status", {})).toContain("cannot be told");
    expect(await reason("GIT_CONFIG_COUNT=0 git status", {})).toContain("cannot be told");
    const dangersOf = () => Promise.reject(new Error("EIO"));
    expect(await gitReason(bash("git log"), { dangersOf, hasPlainDiff: false })).toContain("cannot be read");
  });
});

describe("A09 DOOR-10 git's environment", () => {
  test("switches off the watcher and hooks, and puts a diff of ours only in the place of another", () => {
    expect(gitEnvironment({ hasPlainDiff: false })).toEqual({
      GIT_CONFIG_COUNT: "2",
      GIT_CONFIG_KEY_0: "core.fsmonitor",
      GIT_CONFIG_VALUE_0: "false",
      GIT_CONFIG_KEY_1: "core.hooksPath",
      GIT_CONFIG_VALUE_1: "/dev/null",
    });
    const replaced = gitEnvironment({ hasPlainDiff: true });
    expect(replaced.GIT_CONFIG_KEY_2).toBe("diff.external");
    expect(replaced.GIT_CONFIG_VALUE_2).toContain("diff -u");
  });

  test("comes after settings that the owner passes the same way, which it wins over", () => {
    const given = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "user.name", GIT_CONFIG_VALUE_0: "a" };
    expect(gitEnvironment({ hasPlainDiff: false }, given)).toMatchObject({
      GIT_CONFIG_COUNT: "3",
      GIT_CONFIG_KEY_1: "core.fsmonitor",
    });
  });
});
