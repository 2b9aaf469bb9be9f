import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { filesOfTree, WorkingCopy } from "../../mutate/workingCopy.ts";

let folder: string;
let tree: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "working-copy-"));
  tree = join(folder, "original");
  for (const made of ["server", "node_modules"]) mkdirSync(join(tree, made), { recursive: true });
  for (const file of ["server/kept.ts", "server/gone.ts", ".gitignore"])
    writeFileSync(join(tree, file), file);
  writeFileSync(join(tree, ".gitignore"), "node_modules\n*.log\n");
  execFileSync("git", ["init", "--quiet"], { cwd: tree });
  execFileSync("git", ["add", "."], { cwd: tree });
  rmSync(join(tree, "server/gone.ts"));
  for (const file of ["server/new.ts", "server/some.log"]) writeFileSync(join(tree, file), file);
});
afterEach(() => rmSync(folder, { recursive: true }));

test("holds what is tracked and what is new, without what is ignored or deleted, and the packages by a link", () => {
  const files = filesOfTree(tree);
  expect(files).toEqual([".gitignore", "server/kept.ts", "server/new.ts"]);
  const { root } = new WorkingCopy(tree, files, join(folder, "copy"));
  for (const file of files) expect(readFileSync(join(root, file))).toEqual(readFileSync(join(tree, file)));
  expect(existsSync(join(root, "server/some.log"))).toBe(false);
  expect(realpathSync(join(root, "node_modules"))).toBe(realpathSync(join(tree, "node_modules")));
});

test("a file has its own text again after the work, even when that failed; the original never changes", async () => {
  const copy = new WorkingCopy(tree, filesOfTree(tree), join(folder, "copy"));
  const read = (root: string) => readFileSync(join(root, "server/kept.ts"), "utf8");
  const seen: string[] = [];
  const work = copy.withText("server/kept.ts", "changed", async () => {
    seen.push(read(copy.root), read(tree));
    throw new Error("the work failed");
  });
  await expect(work).rejects.toThrow("the work failed");
  expect(seen).toEqual(["changed", "server/kept.ts"]);
  expect(read(copy.root)).toBe("server/kept.ts");
});
