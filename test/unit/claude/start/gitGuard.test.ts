import { describe, expect, test } from "@jest/globals";
import { gitDirectoriesOf, gitEnvironment, gitReason } from "../../../../server/claude/start/gitGuard.ts";

const cwd = "/projects/alpha";
const bash = (command: string) => ({ toolName: "Bash", input: { command }, cwd });
const directories = (command: string) => gitDirectoriesOf(bash(command));

describe("A09 DOOR-10 a use of git", () => {
  test.each([
    "git status",
    "cat a && git diff",
    "/usr/bin/git log",
    'g"i"t status',
    String.raw`\git status`,
    "GIT status",
    "x=$(git rev-parse HEAD)",
    "git-lfs pull",
    "cat .git/config",
  ])("is in %j", (command) => {
    expect(directories(command)).toEqual({ directories: [cwd], isCertain: true });
  });

  test.each(["ls", "cat digit.txt", "echo legit", "make"])("is not in %j", (command) => {
    expect(directories(command)).toBeUndefined();
  });

  test("may be in another directory", () => {
    expect(directories("git -C vendor/x status")?.directories).toEqual([cwd, "/projects/alpha/vendor/x"]);
    expect(directories("cd ../beta; git status")?.directories).toEqual([cwd, "/projects/beta"]);
    expect(directories("git --git-dir=/x/.git log")?.directories).toEqual([cwd, "/x/.git"]);
    expect(directories("GIT_DIR=y git log")?.directories).toEqual([cwd, "/projects/alpha/y"]);
    expect(directories("pushd 'z' && git log")?.directories).toEqual([cwd, "/projects/alpha/z"]);
  });

  test.each([
    "cd $X && git status",
    "cd - && git status",
    "git -C ~/x log",
    "cd `x`; git log",
    "cd v*; git log",
  ])("in %j is in a directory that cannot be told", (command) => {
    expect(directories(command)?.isCertain).toBe(false);
  });

  test("is what worktrees are made with, and a subagent in one of its own", () => {
    const use = (toolName: string, input: unknown) => gitDirectoriesOf({ toolName, input, cwd });
    expect(use("EnterWorktree", {})).toEqual({ directories: [cwd], isCertain: true });
    expect(use("Agent", { isolation: "worktree" })).toEqual({ directories: [cwd], isCertain: true });
    expect(use("Agent", { prompt: "look at git" })).toBeUndefined();
    expect(use("Bash", undefined)).toBeUndefined();
  });
});

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

  test("where the repository cannot be told, or its configuration cannot be read", async () => {
    expect(await reason("cd $X; git status", {})).toContain("cannot be told");
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
