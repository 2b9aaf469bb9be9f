import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ConversationFolders } from "../../../server/access/conversationFolders.ts";

let base: string;
let folders: ConversationFolders;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "daylong-folders-")));
  folders = new ConversationFolders({ dir: join(base, "conversations") });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

test("A05 C03: only the directories that were made here are held, and no link out of them", async () => {
  expect(await folders.holds(join(base, "conversations"))).toBe(false);
  const own = await folders.make();
  expect(await folders.holds(own)).toBe(true);
  expect(await folders.holds(base)).toBe(false);
  expect(await folders.holds(join(own, "deeper"))).toBe(false);
  expect(await folders.holds(join(own, "..", ".."))).toBe(false);
  const elsewhere = join(base, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(base, "conversations", "link"));
  expect(await folders.holds(join(base, "conversations", "link"))).toBe(false);
});

test("C03: an empty directory is taken away, one with something in it stays, others are not touched", async () => {
  const [empty, full] = [await folders.make(), await folders.make()];
  writeFileSync(join(full, "notes.txt"), "kept");
  const elsewhere = join(base, "elsewhere");
  mkdirSync(elsewhere);
  for (const path of [empty, full, elsewhere]) await folders.removeIfEmpty(path);
  expect(readdirSync(join(base, "conversations"))).toEqual([full.split("/").at(-1)]);
  expect(readdirSync(base).sort()).toEqual(["conversations", "elsewhere"]);
});
