import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { findTranscript } from "../../../../server/claude/transcripts/transcriptFile.ts";

let configDir: string;
beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), "daylong-transcript-"));
});
afterEach(() => rmSync(configDir, { recursive: true }));

const write = (folder: string, name: string, text: string): string => {
  const path = join(configDir, "projects", folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};

describe("a transcript", () => {
  test("is found in whichever project folder holds it", async () => {
    write("-a", "other.jsonl", "{}\n");
    const path = write("-b", "mine.jsonl", "{}\n");
    expect(await findTranscript(configDir, "mine")).toBe(path);
    expect(await findTranscript(configDir, "nobody")).toBeUndefined();
  });

  test("without a byte is none, and does not hide one that has some", async () => {
    write("-a", "mine.jsonl", "");
    expect(await findTranscript(configDir, "mine")).toBeUndefined();
    const path = write("-b", "mine.jsonl", "{}\n");
    expect(await findTranscript(configDir, "mine")).toBe(path);
  });

  test("is not there before Claude has written anything at all", async () => {
    expect(await findTranscript(join(configDir, "missing"), "mine")).toBeUndefined();
  });
});
