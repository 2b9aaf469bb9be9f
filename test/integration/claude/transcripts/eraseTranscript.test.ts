import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { eraseTranscript } from "../../../../server/claude/transcripts/eraseTranscript.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daylong-erase-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const [gone, kept] = [
  "c0ffee00-0000-4000-8000-000000000001",
  "c0ffee00-0000-4000-8000-000000000002",
] as const;

test("everything of the conversation goes, and nothing of another one", async () => {
  for (const id of [gone, kept]) {
    mkdirSync(join(dir, "projects", "-p", id, "subagents"), { recursive: true });
    writeFileSync(join(dir, "projects", "-p", id, "subagents", "agent-a.jsonl"), "{}");
    writeFileSync(join(dir, "projects", "-p", `${id}.jsonl`), "{}");
    mkdirSync(join(dir, "file-history", id), { recursive: true });
    mkdirSync(join(dir, "todos"), { recursive: true });
    writeFileSync(join(dir, "todos", `${id}-agent-${id}.json`), "[]");
  }
  await eraseTranscript(dir, gone);
  const left = (...folder: string[]) => readdirSync(join(dir, ...folder)).sort();
  expect(left("projects", "-p")).toEqual([kept, `${kept}.jsonl`]);
  expect(left("file-history")).toEqual([kept]);
  expect(left("todos")).toEqual([`${kept}-agent-${kept}.json`]);
  await eraseTranscript(dir, gone);
});

test("an id that is a path removes nothing", async () => {
  mkdirSync(join(dir, "projects", "-p"), { recursive: true });
  writeFileSync(join(dir, "projects", "-p", "a.jsonl"), "{}");
  await eraseTranscript(dir, "../-p/a");
  await eraseTranscript(dir, "");
  expect(readdirSync(join(dir, "projects", "-p"))).toEqual(["a.jsonl"]);
});
