import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ProjectRoots, projectIdOf } from "../../../server/access/projectRoots.ts";

let folder: string;
let root: string;
let roots: ProjectRoots;

const refusal = (path: string): Promise<string> =>
  roots.resolve(path).then(
    (resolved) => `resolved to ${resolved}`,
    (error: { code: string }) => error.code,
  );

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-roots-")));
  root = join(folder, "root");
  mkdirSync(join(root, "alpha", "deep"), { recursive: true });
  mkdirSync(join(root, ".secret", "inner"), { recursive: true });
  mkdirSync(join(folder, "root-evil", "project"), { recursive: true });
  mkdirSync(join(folder, "outside", "project"), { recursive: true });
  writeFileSync(join(root, "file.txt"), "");
  roots = await ProjectRoots.open({ paths: [root], homeDir: folder, dataDir: join(folder, "data") });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("A05: a project path is resolved inside the roots", () => {
  test("A05: a directory under a root, the root itself and a path from home are resolved", async () => {
    expect(await roots.resolve(join(root, "alpha"))).toBe(join(root, "alpha"));
    expect(await roots.resolve(`${root}/alpha/../alpha/deep/`)).toBe(join(root, "alpha", "deep"));
    expect(await roots.resolve(root)).toBe(root);
    expect(await roots.resolve("~/root/alpha")).toBe(join(root, "alpha"));
  });

  test("A05: a link inside the roots is followed to the real directory", async () => {
    symlinkSync(join(root, "alpha"), join(root, "link"));
    symlinkSync(join(root, "alpha"), join(folder, "outside", "inward"));
    expect(await roots.resolve(join(root, "link", "deep"))).toBe(join(root, "alpha", "deep"));
    expect(await roots.resolve(join(folder, "outside", "inward"))).toBe(join(root, "alpha"));
  });

  test("A05: a root given as a link counts under both its names", async () => {
    symlinkSync(root, join(folder, "linked-root"));
    roots = await ProjectRoots.open({
      paths: [join(folder, "linked-root")],
      homeDir: folder,
      dataDir: join(folder, "data"),
    });
    expect(roots.paths).toEqual([root]);
    expect(await roots.resolve(join(folder, "linked-root", "alpha"))).toBe(join(root, "alpha"));
    expect(await roots.resolve(join(root, "alpha"))).toBe(join(root, "alpha"));
  });

  test("A05: a link out of the root is refused, to a directory, through a directory and to a file", async () => {
    symlinkSync(join(folder, "outside"), join(root, "out"));
    symlinkSync("/etc/passwd", join(root, "passwd"));
    expect(await refusal(join(root, "out"))).toBe("project_forbidden");
    expect(await refusal(join(root, "out", "project"))).toBe("project_forbidden");
    expect(await refusal(join(root, "out", "missing"))).toBe("project_forbidden");
    expect(await refusal(join(root, "passwd"))).toBe("project_forbidden");
  });

  test("A05: a dangling link does not tell whether its target exists", async () => {
    symlinkSync(join(folder, "outside", "nothing"), join(root, "dangling"));
    expect(await refusal(join(root, "dangling"))).toBe("project_forbidden");
    expect(await refusal(join(root, "dangling", "below"))).toBe("project_forbidden");
  });

  test("A05: a loop of links is refused", async () => {
    symlinkSync(join(root, "b"), join(root, "a"));
    symlinkSync(join(root, "a"), join(root, "b"));
    expect(await refusal(join(root, "a"))).toBe("project_forbidden");
  });

  test("A05: a path that climbs out with .. is refused", async () => {
    expect(await refusal(`${root}/../outside`)).toBe("project_forbidden");
    expect(await refusal(`${root}/alpha/../../outside/project`)).toBe("project_forbidden");
    expect(await refusal("~/../../etc")).toBe("project_forbidden");
  });

  test("A05: a sibling whose name begins like the root's is outside", async () => {
    expect(await refusal(join(folder, "root-evil"))).toBe("project_forbidden");
    expect(await refusal(join(folder, "root-evil", "project"))).toBe("project_forbidden");
  });

  test("A05: outside the roots the answer does not depend on what exists", async () => {
    expect(await refusal(join(folder, "outside", "project"))).toBe("project_forbidden");
    expect(await refusal(join(folder, "outside", "missing"))).toBe("project_forbidden");
    expect(await refusal("/no/such/place/at/all")).toBe("project_forbidden");
    expect(await refusal("/etc/passwd")).toBe("project_forbidden");
  });

  test("A05: what is missing inside the roots, or is a file, is not found", async () => {
    expect(await refusal(join(root, "missing"))).toBe("project_not_found");
    expect(await refusal(join(root, "missing", "deeper"))).toBe("project_not_found");
    expect(await refusal(join(root, "file.txt"))).toBe("project_not_found");
    expect(await refusal(join(root, "file.txt", "below"))).toBe("project_not_found");
  });

  test("A05: dot-directories are refused, whether they exist or not, and under a plain name too", async () => {
    symlinkSync(join(root, ".secret"), join(root, "plain"));
    symlinkSync(join(root, "alpha"), join(root, ".alias"));
    expect(await refusal(join(root, ".secret"))).toBe("project_forbidden");
    expect(await refusal(join(root, ".secret", "inner"))).toBe("project_forbidden");
    expect(await refusal(join(root, ".secret", "missing"))).toBe("project_forbidden");
    expect(await refusal(join(root, ".missing"))).toBe("project_forbidden");
    expect(await refusal(join(root, "missing", ".hidden"))).toBe("project_forbidden");
    expect(await refusal(join(root, "plain"))).toBe("project_forbidden");
    expect(await refusal(join(root, ".alias"))).toBe("project_forbidden");
  });

  test("A05: a root may itself lie below a dot-directory", async () => {
    roots = await ProjectRoots.open({
      paths: [join(root, ".secret"), root],
      homeDir: folder,
      dataDir: join(folder, "data"),
    });
    expect(await roots.resolve(join(root, ".secret", "inner"))).toBe(join(root, ".secret", "inner"));
  });

  test("A05: what is no absolute path is an invalid request", async () => {
    for (const path of ["", "alpha", "./alpha", "../root", "~somebody/x"]) {
      expect(await refusal(path)).toBe("invalid_request");
    }
    expect(await refusal(`${root}/al\0pha`)).toBe("invalid_request");
    expect(await refusal(`/${"x/".repeat(3000)}`)).toBe("invalid_request");
    expect(await refusal(join(folder, "outside", "x".repeat(256)))).toBe("invalid_request");
    expect(await refusal(join(root, "x".repeat(256)))).toBe("invalid_request");
  });

  test("A05: a root that is missing is named at the start", async () => {
    const paths = [join(folder, "gone")];
    await expect(
      ProjectRoots.open({ paths, homeDir: folder, dataDir: join(folder, "data") }),
    ).rejects.toThrow(/gone cannot be used/);
  });
});

describe("A05: the directories under the roots", () => {
  test("A05: they are listed without dot-directories, node_modules, files and links that lead out", async () => {
    mkdirSync(join(root, "node_modules"));
    mkdirSync(join(root, "beta"));
    symlinkSync(join(folder, "outside"), join(root, "out"));
    symlinkSync(join(root, "beta"), join(root, "again"));
    expect(await roots.directories()).toEqual([
      { projectId: projectIdOf(join(root, "alpha")), path: join(root, "alpha"), name: "alpha" },
      { projectId: projectIdOf(join(root, "beta")), path: join(root, "beta"), name: "beta" },
    ]);
  });

  test("A05: a project's id is opaque, stable and 22 characters long", () => {
    expect(projectIdOf("/a")).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(projectIdOf("/a")).toBe(projectIdOf("/a"));
    expect(projectIdOf("/a")).not.toBe(projectIdOf("/b"));
  });

  test("A05: a new directory is made directly under a root only", async () => {
    const made = await roots.create(root, "gamma");
    expect(made).toMatchObject({ created: true, project: { path: join(root, "gamma"), name: "gamma" } });
    expect(await roots.create("~/root", "gamma")).toMatchObject({ created: false });
    await expect(roots.create(join(root, "alpha"), "x")).rejects.toMatchObject({ code: "project_forbidden" });
    await expect(roots.create(folder, "x")).rejects.toMatchObject({ code: "project_forbidden" });
    for (const name of ["..", ".git", "a/b", "a\\b", "a\0b", "line\nbreak", " ", "x".repeat(256)]) {
      await expect(roots.create(root, name)).rejects.toMatchObject({ code: "invalid_request" });
    }
  });

  test("A05: making a directory does not follow a link that is there already", async () => {
    symlinkSync(join(folder, "outside"), join(root, "out"));
    await expect(roots.create(root, "out")).rejects.toMatchObject({ code: "project_forbidden" });
  });
});
