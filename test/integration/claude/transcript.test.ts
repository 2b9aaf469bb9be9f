import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { newestConversation } from "../../../server/claude/projectTranscripts.ts";
import { findTranscript } from "../../../server/claude/transcript.ts";

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

describe("S20 the newest conversation of a project", () => {
  const project = "/work/my.project";
  const folder = "-work-my-project";
  const id = (digit: number) => `00000000-0000-4000-8000-00000000000${digit}`;
  const prompt = (more: object = {}) => JSON.stringify({ type: "user", uuid: "u", cwd: project, ...more });
  /** A transcript that was written to so many seconds ago. */
  const keep = (digit: number, agoSeconds: number, lines: string[], inFolder = folder) => {
    const path = write(inFolder, `${id(digit)}.jsonl`, `${lines.join("\n")}\n`);
    const at = Date.now() / 1_000 - agoSeconds;
    utimesSync(path, at, at);
  };
  const newest = async (isWanted: (sessionId: string) => boolean = () => true, path = project) =>
    (await newestConversation(configDir, path, isWanted))?.claudeSessionId;

  test("is the one that was written to last, of those that are wanted", async () => {
    expect(await newest()).toBeUndefined();
    keep(1, 30, [JSON.stringify({ type: "queue-operation" }), prompt()]);
    keep(2, 20, ["{broken", '{"type":"user","cut', prompt({ isMeta: true }), prompt()]);
    expect(await newest()).toBe(id(2));
    expect(await newest((sessionId) => sessionId !== id(2))).toBe(id(1));
    expect(await newest(() => false)).toBeUndefined();
  });

  test("is not another project's whose folder has the same name, nor a subagent's, nor no conversation at all", async () => {
    keep(1, 30, [prompt()]);
    keep(2, 20, [prompt({ cwd: "/work/my-project" })]);
    keep(3, 10, [prompt({ isSidechain: true })]);
    keep(4, 5, [JSON.stringify({ type: "summary", summary: "user" })]);
    keep(5, 1, [prompt()], "-elsewhere");
    write(folder, "agent-1.jsonl", `${prompt()}\n`);
    write(folder, `${id(6)}.jsonl`, "");
    expect(await newest()).toBe(id(1));
    expect(await newest(undefined, "/work/my-project")).toBe(id(2));
  });

  test("is found in the cut name of a long path", async () => {
    const long = `/${"deep/".repeat(60)}project`;
    const name = long.replace(/[^a-zA-Z0-9]/g, "-").slice(0, 200);
    keep(1, 10, [prompt({ cwd: long })], `${name}-1abc2d`);
    keep(2, 5, [prompt({ cwd: `${long}-2` })], `${name}-9zzz9z`);
    expect(await newest(undefined, long)).toBe(id(1));
  });
});

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
