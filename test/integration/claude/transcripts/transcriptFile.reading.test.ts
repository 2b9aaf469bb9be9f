import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  claudeConfigDir,
  findReply,
  findTranscript,
  holdsEntry,
  readTail,
  transcriptBytes,
} from "../../../../server/claude/transcripts/transcriptFile.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-reading-"));
  path = join(folder, "transcript.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const entry = (type: string, uuid: string, text: string, more: object = {}) => {
  const content = [{ type: "text", text }];
  const message = { id: uuid, role: type, content, stop_reason: "end_turn", usage: {} };
  return `${JSON.stringify({ type, uuid, timestamp: "2026-11-21T10:00:00Z", message, ...more })}\n`;
};

test("Claude's own folder is the one that is set, else in the home directory", () => {
  expect(claudeConfigDir({ CLAUDE_CONFIG_DIR: "/c", HOME: "/h" })).toBe("/c");
  expect(claudeConfigDir({ CLAUDE_CONFIG_DIR: "", HOME: "/h" })).toBe("/h/.claude");
  expect(claudeConfigDir({})).toBe(join(homedir(), ".claude"));
});

test("a directory in a transcript's place is none", async () => {
  mkdirSync(join(folder, "projects", "-a", "mine.jsonl"), { recursive: true });
  expect(await findTranscript(folder, "mine")).toBeUndefined();
});

describe("the end of a transcript", () => {
  test("is all of a file that is not longer, and whole lines of one that is", async () => {
    writeFileSync(path, "first\nsecond\nthird\n");
    expect(await readTail(path, 19)).toBe("first\nsecond\nthird\n");
    expect(await readTail(path, 18)).toBe("second\nthird\n");
    expect(await readTail(path, 8)).toBe("third\n");
    expect(await readTail(path, 100)).toBe("first\nsecond\nthird\n");
  });

  test("is read without a character cut in two", async () => {
    writeFileSync(path, `${"ü".repeat(50)}\nGrüße\n`);
    expect(await readTail(path, 61)).toBe("Grüße\n");
  });

  test("of a file that is not there is an error", async () => {
    await expect(readTail(path, 10)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("the reply to a message", () => {
  test("is what follows the message's own entry, and nothing from before it", async () => {
    writeFileSync(
      path,
      entry("user", "m0", "Hello?") +
        entry("assistant", "a0", "Hello!") +
        entry("user", "m1", "And now?") +
        entry("assistant", "a1", "Now this."),
    );
    expect((await findReply(path, "m1"))?.texts).toEqual([{ messageId: "a1", text: "Now this." }]);
    expect((await findReply(path, "m0"))?.texts).toEqual([{ messageId: "a0", text: "Hello!" }]);
    expect(await findReply(path, "m2")).toBeUndefined();
  });

  test("is found though the message is the first line", async () => {
    writeFileSync(path, entry("user", "m1", "Hi") + entry("assistant", "a1", "Ho"));
    expect((await findReply(path, "m1"))?.texts).toHaveLength(1);
  });
});

describe("an entry of a transcript", () => {
  test("is held when a line carries its id, and not when a line only speaks of it", async () => {
    const id = crypto.randomUUID();
    writeFileSync(path, entry("assistant", "a1", `I saw "${id}"`, { parentUuid: id }));
    expect(await holdsEntry(path, id)).toBe(false);
    writeFileSync(path, entry("user", "m0", "Hi") + entry("user", id, "Hi"));
    expect(await holdsEntry(path, id)).toBe(true);
  });

  test("is found wherever the pieces are cut in which the file is read", async () => {
    const id = crypto.randomUUID();
    const sought = `"uuid":"${id}"`;
    // Pieces have 64 KiB: the id begins in one and ends in the next.
    for (const before of [65_536 - sought.length, 65_536 - 20, 65_536 - 1, 65_536]) {
      writeFileSync(path, `${"x".repeat(before)}${sought}${"x".repeat(100)}`);
      expect(await holdsEntry(path, id)).toBe(true);
    }
  });
});

test("a transcript's size is that of its file, and none where there is none", async () => {
  writeFileSync(path, "12345");
  expect(await transcriptBytes(path)).toBe(5);
  expect(await transcriptBytes(join(folder, "gone"))).toBe(0);
  expect(await transcriptBytes(undefined)).toBe(0);
});
