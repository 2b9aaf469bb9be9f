import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { fileStore } from "../../../client/src/fileStore.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-kept-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("C04: the next run removes what a crash left half written, and nothing else", async () => {
  const draft = "outbox.json.01234567-89ab-4cde-8f01-23456789abcd";
  for (const name of [draft, "notes.json.bak", "mine.txt"]) writeFileSync(join(folder, name), "half");
  await fileStore(folder).set("outbox", "[1]");
  const store = fileStore(folder);
  await Promise.all([store.set("outbox", "[2]"), store.set("position", "{}")]);
  expect(readdirSync(folder).sort()).toEqual(["mine.txt", "notes.json.bak", "outbox.json", "position.json"]);
  expect(await store.get("outbox")).toBe("[2]");
});

test("C04: a file that cannot be replaced leaves no draft, and what was kept stays", async () => {
  mkdirSync(join(folder, "outbox.json"));
  const store = fileStore(folder);
  await expect(store.set("outbox", "[1]")).rejects.toThrow();
  expect(readdirSync(folder)).toEqual(["outbox.json"]);
});
