import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { ChangesRequest } from "../../../server/domain/sessions/changes.ts";
import { GitChanges } from "../../../server/git/gitChanges.ts";
import { GitProgram } from "../../../server/git/gitProgram.ts";
import { gitBranch } from "../../../server/git/repository.ts";
import { useGitRig } from "./rig.ts";

const rig = useGitRig();
const warned: unknown[] = [];
const log = { debug() {}, info() {}, warn: (_: string, fields?: unknown) => warned.push(fields), error() {} };
const readerOf = (program: GitProgram) =>
  new GitChanges({
    program,
    clock: rig.clock,
    log,
    rootsOf: async () => [rig.root],
    closedPlaces: async () => (path) =>
      closed.some((place) => path === place || path.startsWith(`${place}/`)),
  });
let closed: string[];
let changes: GitChanges;
beforeEach(() => {
  warned.length = 0;
  closed = [];
  changes = readerOf(rig.program);
});
const asked = (projectPath = rig.project, signal = new AbortController().signal): ChangesRequest => ({
  projectPath,
  deviceId: "phone",
  signal,
});
const list = (projectPath?: string) => changes.list(asked(projectPath));
const diff = (path: string, projectPath?: string) => changes.diff(asked(projectPath), path);
const states = async (projectPath?: string) =>
  Object.fromEntries((await list(projectPath)).files.map(({ path, state }) => [path, state]));
/** Everything of a repository's git directory, with its content. */
const snapshot = (directory: string) =>
  (readdirSync(directory, { recursive: true }) as string[])
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort()
    .map((name) => [name, readFileSync(join(directory, name), "latin1")]);
const leftovers = () => readdirSync(tmpdir()).filter((name) => /^daylong-git-\d+-/.test(name));

describe("a project's changes", () => {
  test("T13: every state is listed with its figures, and each file's diff can be read", async () => {
    rig.commit(rig.project, { mod: "a\nb\n", del: "x\n", old: "1\n2\n3\n4\n5\n", bin: "a\0b", same: "s\n" });
    appendFileSync(join(rig.project, "mod"), "c\n");
    unlinkSync(join(rig.project, "del"));
    rig.git(rig.project, "mv", "old", "new");
    writeFileSync(join(rig.project, "bin"), "a\0c");
    rig.write(rig.project, { staged: "one\n", "dir/un": "1\n2\n", ignored: "i", ".gitignore": "ignored\n" });
    rig.git(rig.project, "add", "staged");
    const found = await list();
    expect(found).toEqual({
      isRepository: true,
      branch: "main",
      truncated: false,
      files: [
        { path: ".gitignore", state: "untracked", insertions: 1, deletions: 0, binary: false },
        { path: "bin", state: "modified", binary: true },
        { path: "del", state: "deleted", insertions: 0, deletions: 1, binary: false },
        { path: "dir/un", state: "untracked", insertions: 2, deletions: 0, binary: false },
        { path: "mod", state: "modified", insertions: 1, deletions: 0, binary: false },
        { path: "new", state: "renamed", oldPath: "old", insertions: 0, deletions: 0, binary: false },
        { path: "staged", state: "added", insertions: 1, deletions: 0, binary: false },
      ],
    });
    expect((await diff("mod")).diff).toMatch(/^diff --git a\/mod b\/mod\n[\s\S]*\n a\n b\n\+c\n$/);
    expect((await diff("del")).diff).toMatch(/deleted file mode 100644[\s\S]*\n-x\n$/);
    expect((await diff("new")).diff).toMatch(/rename from old\nrename to new\n$/);
    expect((await diff("staged")).diff).toMatch(/new file mode 100644[\s\S]*\n\+one\n$/);
    expect((await diff("dir/un")).diff).toMatch(/new file mode 100644[\s\S]*\n\+1\n\+2\n$/);
    expect((await diff("bin")).diff).toMatch(/Binary files a\/bin and b\/bin differ\n$/);
    for (const path of ["same", "ignored", "missing", ".git/config"])
      expect(await diff(path)).toEqual({ path, diff: "", truncated: false });
    expect(rig.clock.armed).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  test("T13: conflicts, the distance from the upstream, a detached HEAD and a branch without a commit", async () => {
    rig.git(rig.project, "init", "-q", "-b", "first");
    rig.write(rig.project, { a: "a\n" });
    rig.git(rig.project, "add", "a");
    expect(await list()).toMatchObject({
      branch: "first",
      files: [{ path: "a", state: "added", insertions: 1 }],
    });
    rig.commit(rig.project, { a: "a\nb\n" });
    const copy = join(rig.root, "copy");
    rig.git(rig.root, "clone", "-q", rig.project, copy);
    rig.commit(copy, { a: "copy\n" });
    rig.commit(copy, { b: "b\n" });
    rig.commit(rig.project, { a: "origin\n" });
    rig.git(copy, "fetch", "-q");
    expect(await list(copy)).toEqual({
      isRepository: true,
      branch: "first",
      upstream: { ahead: 2, behind: 1 },
      files: [],
      truncated: false,
    });
    expect(() => rig.git(copy, "merge", "-q", "origin/first")).toThrow();
    expect(await states(copy)).toEqual({ a: "conflicted" });
    expect((await diff("a", copy)).diff).toContain("+<<<<<<< HEAD");
    rig.git(rig.project, "checkout", "-q", "--detach");
    const detached = await list();
    expect([detached.isRepository, detached.branch, detached.upstream]).toEqual([true, undefined, undefined]);
    expect(await gitBranch(copy, [rig.root])).toBe("first");
    expect(await gitBranch(rig.project, [rig.root])).toBeUndefined();
  });

  test("T13: paths are relative to the project, and what lies outside of it is not listed", async () => {
    rig.commit(rig.project, { top: "t\n", "packages/a/in": "i\n", "packages/b/out": "o\n" });
    rig.write(rig.project, {
      top: "T\n",
      "packages/a/in": "I\n",
      "packages/b/out": "O\n",
      "packages/a/n": "n\n",
      "packages/b/n": "",
    });
    rig.git(rig.project, "mv", "packages/b/out", "packages/a/moved");
    const inner = join(rig.project, "packages", "a");
    expect(await states(inner)).toEqual({ in: "modified", moved: "added", n: "untracked" });
    expect((await diff("in", inner)).diff).toContain("--- a/in\n+++ b/in\n");
    expect((await diff("moved", inner)).diff).toContain("+O\n");
    expect((await diff("../b/n", inner)).diff).toBe("");
  });

  test("T13: a name may hold anything: newlines, quotes, dashes, pathspecs, bytes that are not UTF-8", async () => {
    const names = ["new\nline", 'quo"te\\', "-p", "--output=x", ":(glob)**", "*", "tab\t", "ümlaut", " "];
    rig.commit(rig.project, Object.fromEntries(names.map((name) => [name, "1\n"])));
    for (const name of names) appendFileSync(join(rig.project, name), "2\n");
    const latin = Buffer.concat([Buffer.from(`${rig.project}/caf`), Buffer.from([0xe9])]);
    writeFileSync(latin, "bytes\n");
    rig.write(rig.project, { ":(top)": "untracked\n" });
    const found = await states();
    expect(Object.keys(found).sort()).toEqual([...names, ":(top)", "caf\\xe9"].sort());
    for (const name of names) expect((await diff(name)).diff).toMatch(/^diff --git [\s\S]*\n\+2\n$/);
    expect((await diff("caf\\xe9")).diff).toContain("+bytes\n");
    expect((await diff(":(top)")).diff).toContain("+untracked\n");
    expect((await diff("*")).diff.match(/^diff --git/gm)).toHaveLength(1);
  });

  test("T13: a linked worktree, a repository of SHA-256 names, a split index and a sparse checkout are read", async () => {
    rig.commit(rig.project, { a: "a\n", "sub/b": "b\n" });
    const worktree = join(rig.project, ".claude", "worktrees", "one");
    rig.git(rig.project, "worktree", "add", "-q", "-b", "topic", worktree);
    rig.write(worktree, { a: "A\n" });
    expect(await list(worktree)).toMatchObject({
      branch: "topic",
      files: [{ path: "a", state: "modified" }],
    });
    const modern = join(rig.root, "modern");
    mkdirSync(modern);
    rig.git(modern, "init", "-q", "--object-format=sha256");
    rig.write(modern, { a: "a\n" });
    rig.git(modern, "add", "a");
    expect(await states(modern)).toEqual({ a: "added" });
    rig.commit(modern, { a: "a\n" });
    rig.write(modern, { a: "A\n" });
    expect((await diff("a", modern)).diff).toContain("-a\n+A\n");
    const split = join(rig.root, "split");
    rig.commit(split, { a: "a\n" });
    rig.git(split, "update-index", "--split-index");
    rig.write(split, { a: "A\n" });
    expect(await states(split)).toEqual({ a: "modified" });
    const sparse = join(rig.root, "sparse");
    rig.commit(sparse, { a: "a\n", "sub/b": "b\n" });
    rig.git(sparse, "sparse-checkout", "set", "--no-cone", "/a");
    expect(await states(sparse)).toEqual({});
  });

  test("T13: a long list and a long diff are cut, the diff after a whole line", async () => {
    rig.commit(rig.project, { long: "x\n" });
    writeFileSync(join(rig.project, "long"), "ü".repeat(60).concat("\n").repeat(4_000));
    const cut = await diff("long");
    expect(cut.truncated).toBe(true);
    expect(cut.diff.endsWith("ü\n")).toBe(true);
    expect(Buffer.byteLength(cut.diff)).toBeLessThanOrEqual(256 * 1024);
    rig.write(rig.project, Object.fromEntries(Array.from({ length: 2_001 }, (_, at) => [`many/${at}`, ""])));
    const { files, truncated } = await list();
    expect([files.length, truncated]).toEqual([2_000, true]);
  });
});

describe("a hostile repository", () => {
  test("T13: nothing that configuration, attributes or hooks name is run, and nothing is written", async () => {
    rig.commit(rig.project, { "a.x": "a\n", "b.y": "b\n", "c.z": "c\n" });
    const submodule = join(rig.project, "lib");
    rig.git(rig.project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", rig.project, "lib");
    rig.git(rig.project, "commit", "-qm", "A submodule");
    const config = (directory: string, values: Record<string, string>) => {
      for (const [key, value] of Object.entries(values)) rig.git(directory, "config", key, value);
    };
    writeFileSync(
      join(rig.project, ".gitattributes"),
      "*.x filter=f diff=d\n*.y diff=e merge=m\n*.z filter=p\n",
    );
    const traps = {
      "core.fsmonitor": rig.trap("fsmonitor"),
      "core.pager": rig.trap("pager"),
      "core.editor": rig.trap("editor"),
      "core.sshCommand": rig.trap("ssh"),
      "core.alternateRefsCommand": rig.trap("alternates"),
      "diff.external": rig.trap("external"),
      "diff.d.textconv": rig.trap("textconv"),
      "diff.e.command": rig.trap("command"),
      "filter.f.clean": rig.trap("clean"),
      "filter.f.smudge": rig.trap("smudge"),
      "filter.f.required": "true",
      "filter.p.process": rig.trap("process"),
      "merge.m.driver": rig.trap("driver"),
      "gpg.program": rig.trap("gpg"),
      "credential.helper": rig.trap("credential"),
      "alias.status": `!${rig.trap("alias")}`,
      "alias.diff": `!${rig.trap("alias")}`,
      "pager.diff": rig.trap("pagerdiff"),
      "submodule.lib.update": `!${rig.trap("update")}`,
    };
    // Files change first: the traps would spring while the test makes the repository.
    rig.write(rig.project, { "a.x": "A\n", "b.y": "B\n", "c.z": "C\n", "new.x": "n\n" });
    rig.write(submodule, { "a.x": "changed in it\n" });
    config(submodule, { "core.fsmonitor": rig.trap("submodule") });
    const hooks = join(rig.project, ".git", "hooks");
    for (const hook of ["post-index-change", "pre-commit", "post-checkout", "reference-transaction"]) {
      rmSync(join(hooks, hook), { force: true });
      symlinkSync(rig.trap(hook), join(hooks, hook));
    }
    appendFileSync(
      join(rig.project, ".git", "config"),
      Object.entries(traps)
        .map(([key, value]) => {
          const parts = key.split(".");
          const name = parts.pop();
          const [section, ...middle] = parts;
          return `[${section}${middle.length > 0 ? ` "${middle.join(".")}"` : ""}]\n\t${name} = "${value}"\n`;
        })
        .join(""),
    );
    // Stat data that does not fit makes git read and convert the files.
    execFileSync("touch", ["-d", "2001-01-01", join(rig.project, "a.x"), join(rig.project, "c.z")]);
    const before = snapshot(join(rig.project, ".git"));
    const found = await list();
    expect(found.files).toContainEqual({ path: "a.x", state: "modified", binary: false, filtered: true });
    expect(found.files).toContainEqual({ path: "new.x", state: "untracked", binary: false, filtered: true });
    expect(found.files).toContainEqual({
      path: "b.y",
      state: "modified",
      insertions: 1,
      deletions: 1,
      binary: false,
    });
    expect(await diff("a.x")).toEqual({ path: "a.x", diff: "", truncated: false, filtered: true });
    expect((await diff("b.y")).diff).toContain("-b\n+B\n");
    expect(rig.canaries()).toEqual([]);
    expect(snapshot(join(rig.project, ".git"))).toEqual(before);
    // The traps work: git itself walks into them.
    rig.git(rig.project, "--no-pager", "diff", "--no-ext-diff");
    expect(rig.canaries()).toContain("clean");
  });

  test("T13: a working tree elsewhere, an include of anything and variables of ours change nothing", async () => {
    rig.commit(rig.project, { a: "a\n" });
    const secret = join(rig.folder, "secret");
    rig.write(secret, { a: "secret\n" });
    rig.git(rig.project, "config", "core.worktree", secret);
    rig.write(rig.project, { a: "A\n" });
    const program = new GitProgram({
      PATH: `.:${process.env.PATH}`,
      HOME: rig.home,
      GIT_EXTERNAL_DIFF: rig.trap("variable"),
      GIT_DIR: secret,
      GIT_CONFIG_PARAMETERS: "'core.fsmonitor=x'",
    });
    rig.write(rig.project, { git: "#!/bin/sh\n" });
    execFileSync("cp", [rig.trap("git"), join(rig.project, "git")]);
    changes = readerOf(program);
    expect((await diff("a")).diff).toContain("-a\n+A\n");
    expect(await states()).toEqual({ a: "modified", git: "untracked" });
    expect(rig.canaries()).toEqual([]);
  });

  test("T13: a missing object of a partial clone is not fetched", async () => {
    rig.commit(rig.project, { a: "a\n" });
    const id = rig.git(rig.project, "rev-parse", "HEAD:a").trim();
    rmSync(join(rig.project, ".git", "objects", id.slice(0, 2), id.slice(2)));
    const config = `[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ext::${rig.trap("fetch")}\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n`;
    appendFileSync(join(rig.project, ".git", "config"), config);
    rig.write(rig.project, { a: "A\n" });
    expect(await list()).toMatchObject({ isRepository: false, reason: "refused" });
    expect(rig.canaries()).toEqual([]);
  });

  test("T13: links in the working tree are not followed", async () => {
    const secret = join(rig.folder, "secret");
    rig.write(secret, { a: "secret\n" });
    rig.commit(rig.project, { "dir/a": "a\n", file: "f\n" });
    rmSync(join(rig.project, "dir"), { recursive: true });
    symlinkSync(secret, join(rig.project, "dir"));
    unlinkSync(join(rig.project, "file"));
    symlinkSync(join(secret, "a"), join(rig.project, "file"));
    expect(await states()).toEqual({ dir: "untracked", "dir/a": "deleted", file: "modified" });
    for (const path of ["dir", "dir/a", "file"]) expect((await diff(path)).diff).not.toContain("+secret\n");
  });
});

describe("where there is no repository", () => {
  const without = async (reason: string) => {
    expect(await list()).toEqual({ isRepository: false, reason, files: [], truncated: false });
    await expect(diff("a")).rejects.toMatchObject({ code: "changes_unavailable" });
  };

  test("T13: no git, no repository, a bare one, and one above the roots", async () => {
    await without("not_a_repository");
    rig.commit(rig.folder, { a: "a\n" });
    await without("not_a_repository");
    expect(await gitBranch(rig.project, [rig.root])).toBeUndefined();
    rig.git(rig.project, "init", "-q", "--bare");
    await without("not_a_repository");
    rig.commit(rig.project, {});
    changes = readerOf(new GitProgram({ PATH: "/nonexistent", HOME: rig.home }));
    await without("no_git");
  });

  test.each([
    [
      "its git directory lies outside the roots",
      (outside: string) => writeFileSync(join(rig.project, ".git"), `gitdir: ${outside}\n`),
    ],
    ["it is a link to the outside", (outside: string) => symlinkSync(outside, join(rig.project, ".git"))],
    [
      "it borrows objects from the outside",
      (outside: string) => {
        rig.commit(rig.project, { a: "a\n" });
        writeFileSync(
          join(rig.project, ".git", "objects", "info", "alternates"),
          `${join(outside, "objects")}\n`,
        );
      },
    ],
    [
      "its common directory lies outside",
      (outside: string) => {
        rig.commit(rig.project, { a: "a\n" });
        writeFileSync(join(rig.project, ".git", "commondir"), outside);
      },
    ],
    [
      "its index is a link",
      () => {
        rig.commit(rig.project, { a: "a\n" });
        renameSync(join(rig.project, ".git", "index"), join(rig.root, "index"));
        symlinkSync(join(rig.root, "index"), join(rig.project, ".git", "index"));
      },
    ],
    [
      "its references and its packs are links to the outside",
      (outside: string) => {
        rig.git(rig.project, "init", "-q", "-b", "main");
        const own = join(rig.project, ".git");
        rig.git(join(outside, ".."), "gc", "-q");
        for (const name of ["objects/pack", "refs/heads"]) {
          rmSync(join(own, name), { recursive: true, force: true });
          symlinkSync(join(outside, name), join(own, name));
        }
        rig.write(own, { HEAD: "ref: refs/heads/main\n", "packed-refs": "" });
        const id = rig.git(join(outside, ".."), "rev-parse", "HEAD");
        rig.write(outside, { "refs/heads/main": id });
      },
    ],
    [
      "its loose objects are links to the outside",
      (outside: string) => {
        rig.git(rig.project, "init", "-q", "-b", "main");
        const own = join(rig.project, ".git");
        rig.write(own, { "refs/heads/main": rig.git(join(outside, ".."), "rev-parse", "HEAD") });
        for (const name of readdirSync(join(outside, "objects")).filter((one) => one.length === 2))
          symlinkSync(join(outside, "objects", name), join(own, "objects", name));
      },
    ],
    [
      "one loose object is a link to the outside",
      (outside: string) => {
        rig.git(rig.project, "init", "-q", "-b", "main");
        const own = join(rig.project, ".git");
        rig.write(own, { "refs/heads/main": rig.git(join(outside, ".."), "rev-parse", "HEAD") });
        for (const name of readdirSync(join(outside, "objects")).filter((one) => one.length === 2)) {
          mkdirSync(join(own, "objects", name), { recursive: true });
          for (const file of readdirSync(join(outside, "objects", name)))
            symlinkSync(join(outside, "objects", name, file), join(own, "objects", name, file));
        }
      },
    ],
    [
      "its branch is a link to the outside",
      (outside: string) => {
        rig.commit(rig.project, { a: "a\n" });
        const branch = join(rig.project, ".git", "refs", "heads", "main");
        rmSync(branch);
        symlinkSync(join(outside, "refs", "heads", "main"), branch);
      },
    ],
    [
      "its git directory lies in a closed place within the roots",
      () => {
        const hidden = join(rig.root, ".dotfiles");
        rig.commit(hidden, { secret: "juniper\n" });
        closed = [hidden];
        writeFileSync(join(rig.project, ".git"), `gitdir: ${join(hidden, ".git")}\n`);
      },
    ],
    ["the file .git names nothing", () => writeFileSync(join(rig.project, ".git"), "nothing")],
    [
      "its index is damaged",
      () => {
        rig.commit(rig.project, { a: "a\n" });
        writeFileSync(join(rig.project, ".git", "index"), "damaged");
      },
    ],
  ])("T13: a repository is refused when %s", async (_, spoil) => {
    const outside = join(rig.folder, "outside");
    rig.commit(outside, { a: "outside\n" });
    spoil(join(outside, ".git"));
    await without("refused");
    expect(leftovers()).toEqual([]);
  });
});

test("DOOR-6 T13: files in closed places are neither listed nor shown, nor what was renamed out of them", async () => {
  rig.commit(rig.project, {
    "keys/id": "juniper\n",
    "keys/old": `juniper\n${"line\n".repeat(20)}`,
    a: "a\n",
  });
  closed = [join(rig.project, "keys")];
  rig.write(rig.project, { "keys/id": "juniper 2\n", "keys/new": "juniper 3\n", a: "b\n" });
  rig.git(rig.project, "mv", "keys/old", "moved");
  expect(Object.keys(await states())).toEqual(["a"]);
  for (const path of ["keys/id", "keys/new", "moved", "keys/../keys/id"])
    expect(await diff(path)).toEqual({ path, diff: "", truncated: false });
  expect((await diff("a")).diff).toContain("+b");
});

describe("limits", () => {
  test("T13: a git that does not answer is ended with its group at the deadline, and when the client goes", async () => {
    rig.commit(rig.project, { a: "a\n" });
    const bin = join(rig.folder, "bin");
    const started = join(rig.folder, "started");
    rig.write(bin, {
      git: `#!/bin/sh\nsleep 1000 &\necho $! > '${started}.new'\nmv '${started}.new' '${started}'\nwait\n`,
    });
    execFileSync("chmod", ["+x", join(bin, "git")]);
    changes = readerOf(new GitProgram({ PATH: `${bin}:${process.env.PATH}`, HOME: rig.home }));
    const begun = async () => {
      for (;;) {
        try {
          const pid = Number(readFileSync(started, "utf8"));
          rmSync(started);
          return pid;
        } catch {
          await new Promise(setImmediate);
        }
      }
    };
    const isOver = async (pid: number) => {
      for (;;) {
        try {
          if (readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z")) return;
          process.kill(pid, 0);
          await new Promise(setImmediate);
        } catch {
          return;
        }
      }
    };
    const late = list();
    const first = await begun();
    rig.clock.advance(15_000);
    await expect(late).rejects.toMatchObject({ code: "changes_timed_out" });
    await isOver(first);
    const gone = new AbortController();
    const left = changes.list(asked(rig.project, gone.signal));
    const second = await begun();
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: "shutting_down" });
    await isOver(second);
    expect(rig.clock.armed).toBe(0);
  });

  test("T13: a device that asks for too much at once is refused, and its places come back", async () => {
    rig.commit(rig.project, { a: "a\n" });
    const all = await Promise.allSettled(Array.from({ length: 9 }, () => list()));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(8);
    expect(all[8]).toMatchObject({ reason: { code: "rate_limited", retryAfterMs: 1_000 } });
    expect(await list()).toMatchObject({ isRepository: true });
  });
});

describe("what a killed server left of its reading", () => {
  test("is removed at the next start, and what a living one reads is not", async () => {
    const ended = spawnSync(process.execPath, ["-e", ""]).pid;
    const [left, used] = [ended, process.pid].map((pid) =>
      mkdtempSync(join(tmpdir(), `daylong-git-${pid}-`)),
    );
    writeFileSync(join(left!, "HEAD"), "ref: refs/heads/none\n");
    try {
      await changes.sweep();
      expect([existsSync(left!), existsSync(used!)]).toEqual([false, true]);
    } finally {
      for (const path of [left, used]) rmSync(path!, { recursive: true, force: true });
    }
  });
});
