import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { gitDangers } from "../../../server/git/gitDangers.ts";
import { GitProgram } from "../../../server/git/gitProgram.ts";
import { useGitRig } from "./rig.ts";

const rig = useGitRig();
const judge = (directory = rig.project) => gitDangers(directory, rig);
const plain = { "a.txt": "one\n", ".gitattributes": "*.java diff=java\n*.txt text merge=union -filter\n" };

describe("what makes a repository dangerous", () => {
  test("a usual repository has no dangers, nor has a directory without one", async () => {
    expect(await judge()).toEqual([]);
    rig.commit(rig.project, plain);
    rig.git(rig.project, "remote", "add", "origin", "https://example.org/a.git");
    rig.git(rig.project, "config", "alias.st", "status -s");
    rig.git(rig.project, "config", "core.fsmonitor", "false");
    expect(await judge()).toEqual([]);
  });

  test.each([
    ["core.fsmonitor", "/tmp/x"],
    ["core.hooksPath", "hooks"],
    ["core.sshCommand", "sh -c x"],
    ["diff.external", "x"],
    ["diff.pdf.textconv", "x"],
    ["diff.pdf.command", "x"],
    ["filter.some.name.clean", "x"],
    ["filter.x.process", "x"],
    ["merge.ours.driver", "true"],
    ["gpg.program", "x"],
    ["gpg.x509.program", "x"],
    ["credential.helper", "x"],
    ["credential.https://example.org.helper", "x"],
    ["alias.st", "!sh -c x"],
    ["submodule.s.update", "!x"],
    ["remote.origin.url", "ext::sh -c x"],
    ["url.ext::sh -c x.insteadOf", "https://"],
    ["protocol.ext.allow", "always"],
    ["pager.status", "x"],
  ])("its configuration sets %s", async (key, value) => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", key, value);
    expect(await judge()).toHaveLength(1);
    expect(await judge()).toEqual([expect.stringMatching(/^its configuration sets [a-z]/)]);
  });

  test("a worktree's configuration, an included file and a file that is included under a condition count", async () => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", "extensions.worktreeConfig", "true");
    rig.git(rig.project, "config", "--worktree", "gpg.program", "x");
    writeFileSync(join(rig.project, ".git", "more"), "[core]sshCommand=x\n[include]\n\tpath = ../deeper\n");
    writeFileSync(join(rig.project, "deeper"), '[filter "b"]\n\tsmudge = x\n');
    rig.git(rig.project, "config", "includeIf.onbranch:never.path", "more");
    expect(await judge()).toEqual([
      "its configuration sets core.sshcommand",
      "its configuration sets filter.b.smudge",
      "its configuration sets gpg.program",
    ]);
  });

  test("attributes that name a driver count, in the tree, in the index and in the repository", async () => {
    rig.commit(rig.project, {
      "a.txt": "one\n",
      "sub/.gitattributes": "# filter=not\n*.bin filter=lfs diff=lfs\n",
      "gone/.gitattributes": "[attr]mine merge=mine\n",
    });
    rig.git(rig.project, "update-index", "--skip-worktree", "gone/.gitattributes");
    execFileSync("rm", ["-r", join(rig.project, "gone")]);
    rig.write(rig.project, { "new/.gitattributes": "* diff=untracked\n", ".gitignore": "new\n" });
    writeFileSync(join(rig.project, ".git", "info", "attributes"), "* filter=own\n");
    expect((await judge()).sort()).toEqual([
      "its attributes name diff=lfs",
      "its attributes name diff=untracked",
      "its attributes name filter=lfs",
      "its attributes name filter=own",
      "its attributes name merge=mine",
    ]);
  });

  test("a submodule, a repository within the project and a bare one among its files count", async () => {
    const library = join(rig.folder, "library");
    rig.commit(library, { "l.txt": "l\n" });
    rig.commit(rig.project, plain);
    rig.git(rig.project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", library, "lib");
    rig.git(join(rig.project, "lib"), "config", "core.fsmonitor", "x");
    rig.commit(join(rig.project, "deep", "nested"), { "n.txt": "n\n" });
    rig.git(join(rig.project, "deep", "nested"), "config", "diff.external", "x");
    const bare = join(rig.project, "data", "bare");
    mkdirSync(bare, { recursive: true });
    rig.git(bare, "init", "-q", "--bare");
    rig.git(bare, "config", "gpg.program", "x");
    writeFileSync(join(bare, "refs", "keep"), "");
    expect((await judge()).sort()).toEqual([
      "its configuration sets core.fsmonitor",
      "its configuration sets diff.external",
      "its configuration sets gpg.program",
    ]);
  });

  test("a project that lies in a repository, or is a bare one, is judged by that", async () => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", "diff.external", "x");
    rig.write(rig.project, { "packages/a/b.txt": "b\n" });
    expect(await judge(join(rig.project, "packages", "a"))).toEqual(["its configuration sets diff.external"]);
    const bare = join(rig.root, "bare");
    mkdirSync(bare);
    rig.git(bare, "init", "-q", "--bare");
    rig.git(bare, "config", "core.fsmonitor", "x");
    expect(await judge(bare)).toEqual(["its configuration sets core.fsmonitor"]);
  });
});

describe("what cannot be judged", () => {
  test("a configuration or an index that cannot be read is a danger", async () => {
    rig.commit(rig.project, plain);
    writeFileSync(join(rig.project, ".git", "index"), "nonsense");
    expect(await judge()).toEqual(["a repository in the project cannot be read"]);
    renameSync(join(rig.project, ".git", "config"), join(rig.project, ".git", "old"));
    execFileSync("mkfifo", [join(rig.project, ".git", "config")]);
    expect(await judge()).toEqual(["a repository in the project cannot be read"]);
    execFileSync("rm", ["-r", join(rig.project, ".git")]);
    symlinkSync("/nowhere", join(rig.project, ".git"));
    expect(await judge()).toEqual(["a repository in the project cannot be read"]);
  });

  test("names out of a repository are shown without control characters, and cut", async () => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", `filter.\u001b[2J${"x".repeat(300)}.clean`, "x");
    const [reason = ""] = await judge();
    expect(reason).toHaveLength("its configuration sets ".length + 80);
    expect(reason).toMatch(/^[\x20-\x7e]+$/);
  });

  test("without a git on the PATH there is nothing to fear of one", async () => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", "diff.external", "x");
    const program = new GitProgram({ PATH: "/nonexistent:.", HOME: rig.home });
    expect(await gitDangers(rig.project, { program, clock: rig.clock })).toEqual([]);
  });

  test("nothing is run while it is judged, and no timer is left", async () => {
    rig.commit(rig.project, plain);
    rig.git(rig.project, "config", "core.fsmonitor", rig.trap("fsmonitor"));
    rig.git(rig.project, "config", "filter.x.clean", rig.trap("clean"));
    writeFileSync(join(rig.project, ".gitattributes"), "* filter=x\n");
    expect(await judge()).toHaveLength(3);
    expect(rig.canaries()).toEqual([]);
    expect(rig.clock.armed).toBe(0);
  });
});
