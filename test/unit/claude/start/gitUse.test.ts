import { describe, expect, test } from "@jest/globals";
import { gitDirectoriesOf } from "../../../../server/claude/start/gitUse.ts";

const cwd = "/projects/alpha";
const directories = (command: string) => gitDirectoriesOf({ toolName: "Bash", input: { command }, cwd });
const here = { directories: [cwd], isCertain: true };

describe("A09 DOOR-10 a use of git", () => {
  test.each([
    "git status",
    "cat a && git diff",
    "/usr/bin/git log",
    'g"i"t status',
    String.raw`\git status`,
    "g\\\nit status",
    "GIT status",
    "x=$(git rev-parse HEAD)",
    'echo "$(git rev-parse HEAD)"',
    "git-lfs pull",
    "(git status)",
    "{ git status; }",
    "if git diff --quiet; then echo same; fi",
    "for f in a b; do git log $f; done",
    "! git diff --quiet",
    "git status > out.txt 2>&1",
    "git --no-pager log -5",
    "git -c color.ui=false status",
    "set -e; git status",
    "LC_ALL=C git status",
    "git commit -m \"$(cat <<'EOF'\nIt's `done` $(now)\nEOF\n)\"",
    "git log # of $everything",
    "cat <(git log)",
    "gh pr list",
    "git diff $FILE",
  ])("is in %j, where Claude works", (command) => {
    expect(directories(command)).toEqual(here);
  });

  test.each([
    "ls",
    "cat digit.txt",
    "echo legit",
    "make",
    "cat .git/config",
    "grep git README.md",
    "echo use git | cat",
    "node /home/u/git/app/x.js",
    "npm test -- --grep 'a b'",
    "pip install git+https://a/b.git",
    "curl https://github.com/a/b",
    "ls *.ts",
    "echo $HOME",
    "x=$(date); echo $x",
    "echo $((1 + 2)) $(($X * 3))",
    "cd sub && make",
    "for f in *.ts; do echo $f; done",
    "cat <<EOF\ngit status\nEOF",
  ])("is not in %j", (command) => {
    expect(directories(command)).toBeUndefined();
  });

  test.each([
    ["git -C vendor/x status", ["vendor/x"]],
    ['git -C "a b" status', ["a b"]],
    ["git -C 'a b' -C c status", ["a b/c"]],
    ["git -C a\\ b status", ["a b"]],
    ["git -C $(echo) status", [], false],
    ["cd ../beta; git status", ["../beta"]],
    ['cd "a b" && git status', ["a b"]],
    ["cd 'a b'/c && git status", ["a b/c"]],
    ["cd a\\ b && git status", ["a b"]],
    ["cd -P sub && git status", ["sub"]],
    ["cd -L -- sub && git status", ["sub"]],
    ["cd a && cd b && git status", ["a", "b", "a/b"]],
    ["(cd a && git status)", ["a"]],
    ["x=$(cd 'a b' && git rev-parse HEAD)", ["a b"]],
    ["pushd 'z' && git log", ["z"]],
    ["git --git-dir=/x/.git log", ["/x/.git"]],
    ["git --git-dir '/x y/.git' --work-tree q log", ["/x y/.git", "q"]],
    ["cd sub; gh pr list", ["sub"]],
    ["cd sub\ngit status", ["sub"]],
  ])("in %j may be in %j", (command, named, isCertain = true) => {
    const found = directories(command as string);
    const wanted = (named as string[]).map((path) =>
      new URL(path, `file://${cwd}/`).pathname.replaceAll("%20", " "),
    );
    expect([...(found?.directories ?? [])].sort()).toEqual(isCertain ? [cwd, ...wanted].sort() : [cwd]);
    expect(found?.isCertain).toBe(isCertain);
  });

  test.each([
    // Places that the shell works out.
    "cd $X && git status",
    "cd - && git status",
    "cd && git status",
    "cd +1 && git status",
    "git -C ~/x log",
    "git -C $X log",
    "git -C 'a'* log",
    "cd `x`; git log",
    "cd v*; git log",
    "cd {a,b}; git log",
    "cd link/.. && git log",
    "cd link && git -C .. log",
    "for d in a b; do cd x; git log; done",
    "while true; do cd ..; git log; done",
    "CDPATH=/x cd sub && git status",
    "CDPATH=/x; cd sub && git status",
    "pushd x; popd; git status",
    // What the environment of git is.
    "GIT_CONFIG_COUNT=0 git status",
    "GIT_CONFIG_COUNT=0; git status",
    "export GIT_CONFIG_COUNT=0; git status",
    "unset GIT_CONFIG_COUNT; git status",
    "GIT_DIR=y git log",
    "GIT_EXTERNAL_DIFF=./x git diff",
    "HOME=/x git log",
    "XDG_CONFIG_HOME=. git log",
    "PATH=.:$PATH git log",
    "https_proxy=x git fetch",
    "git -c core.fsmonitor=./x status",
    "git -c alias.s='!x' s",
    "git --exec-path=. status",
    "git --config-env=a=b status",
    "git config core.pager ./x && git log",
    "cp x .git/config && git status",
    "mv x 'sub/config' && git -C sub status",
    "echo x >> .git/config; git status",
    "git clone ext::x",
    // What runs its arguments.
    "env git status",
    "env -C x git status",
    "env --chdir=x git status",
    "env --chdir 'a b' git status",
    "env -i git status",
    'sh -c "git status"',
    "bash -lc 'cd x; git status'",
    'eval "git status"',
    "echo git status | sh",
    "xargs git < list",
    "echo a | xargs -n1 git -C",
    "find . -name x -exec git log {} +",
    "sudo git status",
    "timeout 5 git status",
    "command git status",
    "time git status",
    "python3 -c 'import os; os.system(\"git status\")'",
    "make GIT=git",
    "alias s=git; s status",
    "f() { git status; }; f",
    "function f { git -C x status; }; f",
    "hub() { :; }; git status",
    "tig",
    "lazygit -p x",
    "jj log",
    // Programs whose names the shell works out.
    "$'\\x67it' status",
    "$GIT status",
    ["g=gi; $", "{g}t status"].join(""),
    "$(echo git) status",
    "$(echo Z2l0 | base64 -d) status",
    "`echo gi`t status",
    "/usr/bin/gi? status",
    "/usr/bin/g[i]t status",
    "{git,status}",
    "=git status",
    'sh -c "$X"',
    "echo `$X status`",
    ["echo $", "{Y:-$($X status)}"].join(""),
    "echo $(($X status) | cat)",
    "((echo 'git' # x; git -C y status))",
    "cat <<E\n$($X)\nE",
    'eval "$X"',
    "eval $(x)",
    "env $X status",
    "xargs -I{} {} status",
    "~/bin/git status",
    // Commands that are not understood.
    "git status 'a",
    'git status "a',
    "echo $(git status",
    "cat <<EOF; git status\n$(git -C x log)\nEOF",
    ["x=(git status); $", "{x[@]}"].join(""),
    `git status ${"x".repeat(40_000)}`,
    `$(echo g)it status # ${"x".repeat(40_000)}`,
  ])("in %j cannot be told, and is asked about", (command) => {
    const found = directories(command);
    expect(found?.isCertain).toBe(false);
    expect(found?.directories).toContain(cwd);
  });

  test("is what worktrees are made with, and a subagent or a workflow in one of its own", () => {
    const use = (toolName: string, input: unknown) => gitDirectoriesOf({ toolName, input, cwd });
    expect(use("EnterWorktree", {})).toEqual(here);
    expect(use("EnterWorktree", { path: "../b" })?.directories).toEqual([cwd, "/projects/b"]);
    expect(use("Agent", { isolation: "worktree" })).toEqual(here);
    expect(use("Agent", { prompt: "look at git" })).toBeUndefined();
    expect(use("Task", { prompt: "x", subagent_type: "Explore" })).toBeUndefined();
    expect(use("Agent", { prompt: "x", subagent_type: "owners-own" })).toEqual(here);
    expect(use("Workflow", { script: "x" })).toEqual(here);
    expect(use("Bash", undefined)).toBeUndefined();
    expect(use("Monitor", { command: "git fetch" })).toEqual(here);
  });
});
