import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { DeniedPaths, denyRules } from "../../../../server/claude/start/deniedPaths.ts";

let home: string;
let dataDir: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "daylong-denied-")));
  dataDir = join(home, "data");
  mkdirSync(join(dataDir, "conversations"), { recursive: true });
  mkdirSync(join(dataDir, "projects"));
  writeFileSync(join(dataDir, "something-new"), "");
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const open = (paths: string[] = [], openNames = ["conversations"]) =>
  new DeniedPaths({ dataDir, paths, openNames });

describe("A14 DOOR-6 the places that are closed to Claude's tools", () => {
  test("are the entries of the data folder one by one, there or not yet, but those in which sessions work", async () => {
    const list = await open().list();
    for (const name of [
      "admin-token",
      "daylong.db",
      "daylong.db-wal",
      "something-new",
      "projects",
      "server.json",
    ])
      expect(list).toContain(join(dataDir, name));
    expect(list).not.toContain(join(dataDir, "conversations"));
    expect(list).not.toContain(dataDir);
    expect(await open([], ["conversations", "projects"]).list()).not.toContain(join(dataDir, "projects"));
  });

  test("are what the owner names, also where a link leads", async () => {
    mkdirSync(join(home, "dotfiles"));
    symlinkSync(join(home, "dotfiles"), join(home, ".aws"));
    const list = await open([join(home, ".aws"), join(home, ".gone")]).list();
    for (const name of [".aws", "dotfiles", ".gone"]) expect(list).toContain(join(home, name));
  });

  test("hold what lies in them", async () => {
    const denied = open([join(home, ".ssh")]);
    const holds = (...names: string[]) => denied.holds(join(home, ...names));
    expect(await holds(".ssh", "id")).toBe(true);
    expect(await holds(".ssh")).toBe(true);
    expect(await holds(".sshd")).toBe(false);
    expect(await holds("data", "admin-token")).toBe(true);
    expect(await holds("data")).toBe(true);
    expect(await holds("data", "conversations", "x")).toBe(false);
    expect(await holds("code")).toBe(false);
  });

  test("hold what comes into the data folder later, what a link in it leads to, and a place that is a link itself", async () => {
    const denied = open([join(home, "keys")]);
    writeFileSync(join(dataDir, "later.key"), "");
    expect(await denied.list()).toContain(join(dataDir, "later.key"));
    mkdirSync(join(home, "elsewhere"));
    symlinkSync(join(home, "elsewhere"), join(dataDir, "attachments"));
    symlinkSync(join(home, "elsewhere"), join(home, "keys"));
    const list = await denied.list();
    for (const path of [join(dataDir, "attachments"), join(home, "elsewhere"), join(home, "keys")])
      expect(list).toContain(path);
    expect(await denied.holds(join(home, "elsewhere", "x"))).toBe(true);
  });

  test("are those of a data folder that is reached by a link under both of its names, there or not yet", async () => {
    const linked = join(home, "linked");
    symlinkSync(dataDir, linked);
    const list = await new DeniedPaths({ dataDir: linked, paths: [], openNames: ["conversations"] }).list();
    for (const name of ["something-new", "admin-token"])
      for (const base of [dataDir, linked]) expect(list).toContain(join(base, name));
    for (const base of [dataDir, linked]) expect(list).not.toContain(join(base, "conversations"));
  });

  test("hold nothing by the beginning of a name alone, and everything by whole names", async () => {
    const denied = open([join(home, ".ssh"), join(home, "a")]);
    for (const name of [".ssh2", ".ssh.bak", "ab", "data2", "database"])
      expect([name, await denied.holds(join(home, name, "x"))]).toEqual([name, false]);
    for (const name of ["a/b/c", "data/conversations2", "data/conversations.old/x"])
      expect([name, await denied.holds(join(home, name))]).toEqual([name, true]);
    expect(await denied.holds(join(home, "..a"))).toBe(false);
    expect(await denied.holds(join(home, "a", "..b"))).toBe(true);
  });

  test("are named in rules so that no character of a path is taken for a wildcard or the rule's end", () => {
    expect(denyRules(["/home/a/.ssh"])).toEqual(["Read(//home/a/.ssh)", "Edit(//home/a/.ssh)"]);
    // The rule is read first, its parentheses and backslashes unescaped; then the pattern.
    expect(denyRules(["/o(d)d [x]*"])[0]).toBe(String.raw`Read(//o\(d\)d \\[x\\]\\*)`);
  });
});
