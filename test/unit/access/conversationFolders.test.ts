import { randomUUID } from "node:crypto";
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
  const link = join(base, "conversations", randomUUID());
  symlinkSync(elsewhere, link);
  expect(await folders.holds(link)).toBe(false);
  expect(await folders.holds(join(base, "conversations", "named"))).toBe(false);
});

test("C03: an empty directory is taken away, one with something in it stays, others are not touched", async () => {
  const [empty, full] = [await folders.make(), await folders.make()];
  writeFileSync(join(full, "notes.txt"), "kept");
  const elsewhere = join(base, "elsewhere");
  mkdirSync(elsewhere);
  for (const path of [empty, full, elsewhere]) folders.removeIfEmpty(path);
  expect(readdirSync(join(base, "conversations"))).toEqual([full.split("/").at(-1)]);
  expect(readdirSync(base).sort()).toEqual(["conversations", "elsewhere"]);
  expect(await folders.holds(empty)).toBe(true);
});

test("C03: empty directories are swept away, and made again when their conversation goes on", async () => {
  const [empty, full] = [await folders.make(), await folders.make()];
  writeFileSync(join(full, "notes.txt"), "kept");
  mkdirSync(join(base, "conversations", "not-ours"));
  await folders.sweep();
  expect(readdirSync(join(base, "conversations")).sort()).toEqual(
    [full.split("/").at(-1), "not-ours"].sort(),
  );
  expect(await folders.holds(empty)).toBe(true);
  expect(readdirSync(empty)).toEqual([]);
});
