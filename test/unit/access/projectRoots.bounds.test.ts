import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ProjectRoots } from "../../../server/access/projectRoots.ts";

let folder: string;
let [first, second] = ["", ""];
let roots: ProjectRoots;

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-roots-")));
  [first, second] = [join(folder, "first"), join(folder, "second")];
  for (const root of [first, second]) mkdirSync(root);
  roots = await ProjectRoots.open({ paths: [first, second], homeDir: folder, dataDir: join(folder, "data") });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (path: string): Promise<string> =>
  roots.resolve(path).then(
    (resolved) => `resolved to ${resolved}`,
    (error: { code: string }) => error.code,
  );
const namesOf = async () => (await roots.directories()).map(({ name }) => name);

test("A05: a path has 4,096 bytes at most, of UTF-8 and with the home directory written out", async () => {
  const pathOf = (bytes: number) =>
    `/${"ü/".repeat(1_300)}`.padEnd(bytes - 1_300, "x/").slice(0, bytes - 1_300);
  expect([4_096, 4_097].map((bytes) => Buffer.byteLength(pathOf(bytes)))).toEqual([4_096, 4_097]);
  expect(await refusal(pathOf(4_096))).toBe("project_forbidden");
  expect(await refusal(pathOf(4_097))).toBe("invalid_request");
  const fromHome = `~/${"x/".repeat(3_000)}`.slice(0, 4_090);
  expect(await refusal(fromHome)).toBe("invalid_request");
});

test("A05: a name in a path has 255 bytes at most", async () => {
  const [longest, tooLong] = [`${"ü".repeat(127)}x`, "ü".repeat(128)];
  expect(await refusal(join(first, longest))).toBe("project_not_found");
  expect(await refusal(join(first, tooLong))).toBe("invalid_request");
  expect(await roots.create(first, longest)).toMatchObject({ created: true, project: { name: longest } });
  await expect(roots.create(first, tooLong)).rejects.toMatchObject({ code: "invalid_request" });
});

test("A05: a new name has no blank at either end, no control character, and one character at least", async () => {
  for (const name of ["", " x", "x ", "x\u007f", "x\u001f", ".", "a/"])
    await expect(roots.create(first, name)).rejects.toMatchObject({
      code: "invalid_request",
      faults: [{ path: "name" }],
    });
  expect(await roots.create(first, "a b")).toMatchObject({ created: true });
  expect(await namesOf()).toEqual(["a b"]);
});

test("A05: a thousand directories of each root are listed, of those that may be", async () => {
  for (let index = 0; index < 1_001; index += 1) mkdirSync(join(first, `p${index}`));
  for (let index = 0; index < 20; index += 1) writeFileSync(join(first, `file${index}`), "");
  mkdirSync(join(second, "other"));
  const names = await namesOf();
  expect(names).toHaveLength(1_001);
  expect(names).toContain("other");
  for (const gone of ["p0", "p1"]) rmSync(join(first, gone), { recursive: true });
  expect(await namesOf()).toHaveLength(1_000);
});

test("A05: directories are listed by name, those of one name by path, whichever root they are in", async () => {
  for (const path of [join(second, "a"), join(first, "b"), join(second, "b"), join(first, "c")])
    mkdirSync(path);
  const paths = (await roots.directories()).map(({ path }) => path);
  expect(paths).toEqual([join(second, "a"), join(first, "b"), join(second, "b"), join(first, "c")]);
});

test("A05: a root that has gone takes no other's directories along, and nothing can be made in it", async () => {
  mkdirSync(join(second, "other"));
  rmSync(first, { recursive: true });
  expect(await namesOf()).toEqual(["other"]);
  await expect(roots.create(first, "x")).rejects.toMatchObject({ code: "ENOENT" });
});

test("A05: a file in a new directory's place is no project", async () => {
  writeFileSync(join(first, "taken"), "");
  await expect(roots.create(first, "taken")).rejects.toMatchObject({ code: "project_not_found" });
});
