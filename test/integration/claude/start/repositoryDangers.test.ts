import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  dangersIn,
  repositoryDangers,
  runsProgram,
} from "../../../../server/claude/start/repositoryDangers.ts";

let home: string;
let path: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "daylong-git-")));
  path = join(home, "repo");
  mkdirSync(join(path, "sub"), { recursive: true });
  git("init", "-q");
});
afterEach(() => {
  rmSync(home, { recursive: true });
});
const environment = () => ({ PATH: process.env.PATH, HOME: home });
const git = (...args: string[]) => execFileSync("git", ["-C", path, ...args], { env: environment() });
const dangers = (directory = path) => repositoryDangers(directory, environment());

describe("A09 DOOR-10 what a repository's configuration would have git run", () => {
  test("is found from any directory in it, behind an include and in a worktree's own file, and nothing runs", async () => {
    git("config", "filter.x.clean", `touch ${home}/ran`);
    git("config", "core.fsmonitor", `touch ${home}/ran`);
    writeFileSync(join(path, ".git", "more"), '[diff "y"]\n\ttextconv = cat\n');
    git("config", "include.path", "more");
    git("config", "extensions.worktreeConfig", "true");
    git("config", "--worktree", "gpg.program", "x");
    expect((await dangers(join(path, "sub"))).sort()).toEqual([
      "core.fsmonitor",
      "diff.y.textconv",
      "filter.x.clean",
      "gpg.program",
    ]);
    expect(() => realpathSync(join(home, "ran"))).toThrow();
  });

  test("is not what the owner has set for all repositories", async () => {
    writeFileSync(
      join(home, ".gitconfig"),
      '[filter "lfs"]\n\tclean = git-lfs clean\n[alias]\n\tst = !git status\n',
    );
    expect(await dangers()).toEqual([]);
  });

  test("is nothing where there is no repository or no git", async () => {
    mkdirSync(join(home, "plain"));
    expect(await dangers(join(home, "plain"))).toEqual([]);
    expect(await dangers(join(home, "gone"))).toEqual([]);
    git("config", "gpg.program", "x");
    expect(await repositoryDangers(path, { PATH: join(home, "nothing"), HOME: home })).toEqual([]);
  });

  test("cannot be told where the configuration is damaged", async () => {
    writeFileSync(join(path, ".git", "config"), "[core\n");
    await expect(dangers()).rejects.toThrow();
  });

  test.each([
    ["filter.a.b.clean", "x", true],
    ["Filter.x.Process", "x", true],
    ["diff.external", "x", true],
    ["diff.x.command", "x", true],
    ["merge.x.driver", "x", true],
    ["gpg.ssh.program", "x", true],
    ["core.sshcommand", "x", true],
    ["credential.https://x.helper", "x", true],
    ["alias.st", "!x", true],
    ["alias.st", "status", false],
    ["core.fsmonitor", "true", false],
    ["submodule.x.update", "!x", true],
    ["submodule.x.update", "merge", false],
    ["remote.origin.url", "ext::sh -c x", true],
    ["remote.origin.url", "https://example.org", false],
    ["url.ext::x.insteadof", "https://", true],
    ["user.name", "a", false],
    ["diff.algorithm", "patience", false],
  ])("of %s = %j is a program: %s", (name, value, expected) => {
    expect(runsProgram(name, value)).toBe(expected);
  });

  test("is read from git's own list, in which a value may have lines", () => {
    const listed =
      "local\0alias.a\n!x\ny\0global\0gpg.program\nx\0worktree\0merge.m.driver\nx\0local\0core.bare\0";
    expect(dangersIn(listed)).toEqual(["alias.a", "merge.m.driver"]);
  });
});
