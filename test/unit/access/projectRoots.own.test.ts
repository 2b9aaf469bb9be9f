import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ProjectRoots } from "../../../server/access/projectRoots.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "daylong-own-")));
  dataDir = join(home, "work", "store");
  for (const path of ["work/alpha", "work/store/conversations/one", "work/store/projects/hello"])
    mkdirSync(join(home, path), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (paths: string[], more: { openFolders?: string[]; dataDir?: string } = {}) =>
  ProjectRoots.open({ paths, homeDir: home, dataDir, ...more });
const outcome = (roots: ProjectRoots, path: string): Promise<string> =>
  roots.resolve(path).catch((error: { code: string }) => error.code);

test("DOOR-6: the home directory itself is no project, by whatever name; its folders are", async () => {
  const roots = await open([home]);
  symlinkSync(home, join(home, "me"));
  for (const path of ["~", home, `${home}/work/..`, join(home, "me")])
    expect([path, await outcome(roots, path)]).toEqual([path, "project_forbidden"]);
  expect(await outcome(roots, "~/work/alpha")).toBe(join(home, "work", "alpha"));
});

test("DOOR-6: a directory that holds the home is no project either, wherever the data folder lies", async () => {
  const outside = realpathSync(mkdtempSync(join(tmpdir(), "daylong-data-")));
  const inner = join(home, "work", "alpha");
  const roots = await ProjectRoots.open({ paths: [dirname(home)], homeDir: inner, dataDir: outside });
  for (const path of [inner, join(home, "work"), home, `${home}/.//work/`, dirname(home)])
    expect([path, await outcome(roots, path)]).toEqual([path, "project_forbidden"]);
  expect((await roots.directories()).map(({ path }) => path)).not.toContain(home);
  rmSync(outside, { recursive: true });
});

test.each([
  ["a slash at its end", "~/"],
  ["dots", "~/./."],
  ["slashes too many", "~//"],
  ["a way down and up", "~/work/alpha/../.."],
  ["a way through nothing", "~/nothing/.."],
])("DOOR-6: the home named with %s is no project", async (_how, path) => {
  expect(await outcome(await open([home]), path)).toBe("project_forbidden");
});

test("DOOR-6: a root that is a link to the home, and the links of the system to it, open it no more", async () => {
  const link = join(home, "work", "home");
  symlinkSync(home, link);
  const roots = await open([link, home]);
  for (const path of [link, `${link}/work/home`, `/proc/self/root${home}`])
    expect([path, await outcome(roots, path)]).toEqual([path, "project_forbidden"]);
  expect(await outcome(roots, join(link, "work", "alpha"))).toBe(join(home, "work", "alpha"));
  await expect(roots.create(link, ".ssh")).rejects.toMatchObject({ code: "invalid_request" });
});

test("DOOR-6: what is, holds or lies in the data folder is no project, through links too", async () => {
  const roots = await open([home]);
  symlinkSync(dataDir, join(home, "work", "innocent"));
  const paths = [
    dataDir,
    join(home, "work"),
    join(dataDir, "conversations", "one"),
    join(dataDir, "missing"),
    join(home, "work", "innocent"),
    join(home, "work", "innocent", "conversations"),
  ];
  for (const path of paths) expect([path, await outcome(roots, path)]).toEqual([path, "project_forbidden"]);
  const all = await open([join(home, "work")]);
  expect((await all.directories()).map(({ name }) => name)).toEqual(["alpha"]);
  await expect(all.create(join(home, "work"), "store")).rejects.toMatchObject({ code: "project_forbidden" });
  expect(all.rootOfDataFolder).toBe(join(home, "work"));
});

test("DOOR-6: a data folder given as a link is known by its real place", async () => {
  symlinkSync(dataDir, join(home, "linked"));
  const roots = await open([home], { dataDir: join(home, "linked") });
  expect(await outcome(roots, dataDir)).toBe("project_forbidden");
  expect(await outcome(roots, join(home, "work"))).toBe("project_forbidden");
});

test("DOOR-6: the demo's projects lie in its data folder, and nothing else of it is a project", async () => {
  const projects = join(dataDir, "projects");
  const roots = await open([projects], { openFolders: [projects] });
  expect(await outcome(roots, join(projects, "hello"))).toBe(join(projects, "hello"));
  expect(roots.rootOfDataFolder).toBeUndefined();
  symlinkSync(join(dataDir, "conversations"), join(projects, "out"));
  expect(await outcome(roots, join(projects, "out"))).toBe("project_forbidden");
});

test("REPORT-15: the worktrees that the CLI makes in a project are projects, no other hidden folder is", async () => {
  const project = join(home, "work", "alpha");
  for (const base of [project, home])
    mkdirSync(join(base, ".claude", "worktrees", "fix", "src"), { recursive: true });
  mkdirSync(join(project, ".claude", "worktrees", ".hidden"));
  mkdirSync(join(project, ".claude", "agents", "x"), { recursive: true });
  const roots = await open([home]);
  const worktree = join(project, ".claude", "worktrees", "fix");
  expect(await outcome(roots, worktree)).toBe(worktree);
  expect(await outcome(roots, join(worktree, "src"))).toBe(join(worktree, "src"));
  expect(await outcome(roots, join(project, ".claude", "worktrees", "gone"))).toBe("project_not_found");
  const refused = [
    ".claude",
    ".claude/worktrees",
    ".claude/worktrees/.hidden",
    ".claude/agents/x",
    ".git/worktrees/x",
  ];
  for (const path of refused)
    expect([path, await outcome(roots, join(project, path))]).toEqual([path, "project_forbidden"]);
  expect(await outcome(roots, join(home, ".claude", "worktrees", "fix"))).toBe("project_forbidden");
});

test("DOOR-6: every root that is no directory is named", async () => {
  const gone = [join(home, "gone"), join(home, "lost")];
  await expect(open([...gone, home])).rejects.toMatchObject({
    faults: gone.map((path) => expect.stringContaining(path)),
  });
});
