import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProjectRoots } from "../../../server/access/projectRoots.ts";
import { DeniedPaths } from "../../../server/claude/start/deniedPaths.ts";
import { MentionedFiles } from "../../../server/files/mentionedFiles.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { ManualClock } from "../../support/manualClock.ts";

let home: string;
let project: string;
let dataDir: string;
let files: MentionedFiles;

beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "daylong-mentions-")));
  project = join(home, "code", "hello");
  dataDir = join(home, "data");
  for (const path of [project, join(project, ".github"), join(home, ".ssh"), join(home, "vault"), dataDir])
    mkdirSync(path, { recursive: true });
  mkdirSync(join(dataDir, "conversations", "one"), { recursive: true });
  for (const path of [
    join(project, "a.txt"),
    join(project, "caf\u00e9.txt"),
    join(project, ".github", "ci.yml"),
    join(home, ".ssh", "id"),
    join(home, ".npmrc"),
    join(home, "vault", "key"),
    join(home, "plain.txt"),
    join(dataDir, "admin-token"),
    join(dataDir, "conversations", "one", "x.txt"),
  ])
    writeFileSync(path, "x");
  const denied = new DeniedPaths({ dataDir, paths: [join(home, "vault")], openNames: ["conversations"] });
  files = new MentionedFiles({
    roots: await ProjectRoots.open({ paths: [home], homeDir: home, dataDir }),
    homeDir: home,
    clock: systemClock,
    isDenied: (path) => denied.holds(path),
  });
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const standing = (path: string, from = project) => files.standingOf(from, path);

describe("A10 DOOR-2 a place that a command's file could mention", () => {
  test.each([
    ["a.txt", "readable"],
    ["not there", "readable"],
    ["sub/not/there", "readable"],
    ["../other/x", "readable"],
    ["~/code/none", "readable"],
    ["~/.npmrc", "forbidden"],
    ["~/.nothing-yet/x", "readable"],
    ["/etc/none", "forbidden"],
    ["/nowhere/at/all", "forbidden"],
    ["../../vault/none", "forbidden"],
    ["../../data/none", "forbidden"],
    ["../../../../../../../none", "forbidden"],
  ])("%s is %s, also when it is not there", async (path, expected) => {
    expect(await files.placeOf(project, path)).toBe(expected);
  });
});

describe("A10 DOOR-2 a mentioned file", () => {
  test("inside a root may be read: named from the project, from the home, whole, with dots on the way, a directory", async () => {
    for (const path of [
      "a.txt",
      " a.txt ",
      "~/plain.txt",
      "../../plain.txt",
      join(project, "a.txt"),
      ".github/ci.yml",
      ".",
    ])
      expect([path, await standing(path)]).toEqual([path, "readable"]);
    expect(await standing("cafe\u0301.txt")).toBe("readable");
  });

  test("of a hidden entry of the home, of a denied place, of the data folder or outside the roots may not", async () => {
    for (const path of [
      "~/.ssh/id",
      "~/.ssh",
      "~/.npmrc",
      "~/vault/key",
      "~/vault",
      `${dataDir}/admin-token`,
      dataDir,
      "/etc/hostname",
      "/",
    ])
      expect([path, await standing(path)]).toEqual([path, "forbidden"]);
  });

  test("is what a link leads to, on the way or at the end, also one that leads nowhere", async () => {
    symlinkSync(join(home, ".ssh", "id"), join(project, "link"));
    symlinkSync(join(home, ".ssh"), join(project, "keys"));
    symlinkSync(join(project, "a.txt"), join(project, "near"));
    symlinkSync(join(home, "nothing"), join(project, "dangling"));
    expect(await standing("link")).toBe("forbidden");
    expect(await standing("keys/id")).toBe("forbidden");
    expect(await standing("near")).toBe("readable");
    expect(await standing("dangling")).toBe("forbidden");
  });

  test("is judged by the name that the CLI composes of it too", async () => {
    symlinkSync(join(home, ".ssh", "id"), join(project, "\u00e9"));
    writeFileSync(join(project, "e\u0301"), "x");
    expect(await standing("e\u0301")).toBe("forbidden");
  });

  test.each([
    ["the way up behind the home", "~/../../../../../../../../etc/hostname"],
    ["slashes too many", "~//.ssh//id"],
    ["dots that lead nowhere", "~/././.ssh/./id"],
    ["a way through a file", "a.txt/../../../.ssh/id"],
    ["the root of the process", "/proc/self/root/etc/hostname"],
    ["the environment of the process", "/proc/self/environ"],
    ["the directory of the process", "/proc/self/cwd/package.json"],
    ["an open file of the process", "/dev/fd/0"],
    ["a device", "/dev/zero"],
    ["a space at its end", "~/.ssh/id "],
    ["a slash at its end", "~/.ssh/"],
    ["a hidden folder of the home below which nothing is there", "~/.ssh/../.ssh"],
  ])("by %s may not be read", async (_way, path) => {
    expect(await standing(path)).toBe("forbidden");
  });

  test("behind several links, a ring of links, or a link that was swapped since, may not be read", async () => {
    symlinkSync(join(home, ".ssh"), join(project, "three"));
    symlinkSync("three", join(project, "two"));
    symlinkSync("two", join(project, "one"));
    symlinkSync("ring", join(project, "ring"));
    expect([await standing("one/id"), await standing("ring"), await standing("ring/id")]).toEqual(
      Array(3).fill("forbidden"),
    );
    expect(await standing("a.txt")).toBe("readable");
    rmSync(join(project, "a.txt"));
    symlinkSync(join(home, "vault", "key"), join(project, "a.txt"));
    expect(await standing("a.txt")).toBe("forbidden");
  });

  test("that is not there is absent, and one that cannot be a path is forbidden", async () => {
    expect(await standing("gone.txt")).toBe("absent");
    expect(await standing("a.txt/below")).toBe("absent");
    for (const path of ["", "a\0b", "x".repeat(5_000)]) expect(await standing(path)).toBe("forbidden");
  });

  test("of a conversation that named no project is open to that conversation alone", async () => {
    const own = join(dataDir, "conversations", "one");
    expect(await standing("x.txt", own)).toBe("readable");
    expect(await standing(join(own, "x.txt"))).toBe("readable");
    expect(await standing("../../admin-token", own)).toBe("forbidden");
  });

  test("in a project that is the home itself does not open the home's hidden entries", async () => {
    expect(await standing(".ssh/id", home)).toBe("forbidden");
    expect(await standing("plain.txt", home)).toBe("readable");
  });

  test("on a disk that does not answer is forbidden after a moment", async () => {
    const clock = new ManualClock();
    const dead = new MentionedFiles({
      roots: { contains: () => true },
      homeDir: home,
      clock,
      isDenied: () => new Promise(() => {}),
    });
    const look = dead.standingOf(project, "a.txt");
    await clock.run(3_000);
    expect(await look).toBe("forbidden");
  });
});
