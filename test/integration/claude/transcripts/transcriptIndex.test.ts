import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SDKSessionInfo } from "@anthropic-ai/claude-agent-sdk";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TranscriptIndex } from "../../../../server/claude/transcripts/transcriptIndex.ts";

let dir: string;
let reads: string[];
let past: TranscriptIndex;
const cwds = new Map<string, string>();
const activities = new Map<string, number>();

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "daylong-past-")));
  mkdirSync(join(dir, "projects", "-a"), { recursive: true });
  reads = [];
  cwds.clear();
  activities.clear();
  past = new TranscriptIndex({
    folder: join(dir, "projects"),
    readInfo: async (sessionId) => {
      reads.push(sessionId);
      const cwd = cwds.get(sessionId);
      return cwd === undefined
        ? undefined
        : ({
            sessionId,
            summary: "S",
            lastModified: activities.get(sessionId) ?? 1,
            cwd,
          } as SDKSessionInfo);
    },
  });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(cwd: string | undefined): string {
  const sessionId = randomUUID();
  if (cwd !== undefined) cwds.set(sessionId, cwd);
  writeFileSync(join(dir, "projects", "-a", `${sessionId}.jsonl`), `${JSON.stringify({ cwd })}\n`);
  return sessionId;
}
const idsOf = async (projectPath?: string) =>
  (await past.list(projectPath)).map(({ sessionId }) => sessionId).sort();

test("S31: a transcript is read once, and again only when it has changed", async () => {
  const [first, second, empty] = [write("/a"), write("/b"), write(undefined)];
  writeFileSync(join(dir, "projects", "-a", "notes.jsonl"), "no transcript");
  expect(await idsOf()).toEqual([first, second].sort());
  expect(reads.sort()).toEqual([first, second, empty].sort());
  reads = [];
  expect(await idsOf("/a")).toEqual([first]);
  expect(reads).toEqual([]);
  appendFileSync(join(dir, "projects", "-a", `${second}.jsonl`), "{}\n");
  const third = write("/a");
  expect(await idsOf("/a")).toEqual([first, third].sort());
  expect(reads.sort()).toEqual([second, third].sort());
  rmSync(join(dir, "projects", "-a", `${first}.jsonl`));
  expect(await idsOf("/a")).toEqual([third]);
});

test("S31: the latest comes first, wherever the folder lists it and whenever it was read", async () => {
  const now = Date.now();
  const writtenAgo = (minutes: number) => {
    const sessionId = write("/a");
    activities.set(sessionId, now - minutes * 60_000);
    return sessionId;
  };
  const [old, newest, between] = [writtenAgo(300), writtenAgo(5), writtenAgo(200)];
  const inOrder = async () => (await past.list("/a")).map(({ sessionId }) => sessionId);
  expect(await inOrder()).toEqual([newest, between, old]);
  activities.set(old, now);
  appendFileSync(join(dir, "projects", "-a", `${old}.jsonl`), "{}\n");
  expect(await inOrder()).toEqual([old, newest, between]);
});

test("S31: a path that leads through a link is the directory it leads to", async () => {
  mkdirSync(join(dir, "real"));
  symlinkSync(join(dir, "real"), join(dir, "link"));
  const linked = write(join(dir, "link"));
  const gone = write(join(dir, "gone"));
  expect(await idsOf(join(dir, "real"))).toEqual([linked]);
  expect(await idsOf(join(dir, "gone"))).toEqual([gone]);
});

test("S31: one whose beginning the SDK does not see is listed by what stands in it", async () => {
  const sessionId = randomUUID();
  const said = `Remember the number 77 ${"word ".repeat(60_000)}`;
  const content = [{ type: "text", text: said }];
  const lines = [
    { type: "queue-operation", content: said },
    // A message with images can be longer than anything that is looked at; the lines after it say the directory too.
    { type: "user", message: { content: "x".repeat(3 * 1024 * 1024) }, cwd: "/elsewhere" },
    { type: "user", isMeta: true, message: { content: "Caveat" }, cwd: "/a" },
    { type: "user", message: { content }, timestamp: "2026-11-21T10:00:00.000Z", cwd: "/b" },
  ];
  const path = join(dir, "projects", "-a", `${sessionId}.jsonl`);
  writeFileSync(path, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"cwd":"/half`);
  const [one] = await past.list("/a");
  expect(one).toMatchObject({
    sessionId,
    projectPath: "/a",
    title: said.slice(0, 200),
    firstMessage: said.slice(0, 2_000),
    createdAt: Date.parse("2026-11-21T10:00:00.000Z"),
    lastActivityAt: Math.floor(statSync(path).mtimeMs),
  });
  // What Claude's own helpers wrote down is nobody's conversation.
  writeFileSync(
    path,
    `${JSON.stringify({ type: "user", isSidechain: true, message: { content }, cwd: "/a" })}\n`,
  );
  expect(await past.list("/a")).toEqual([]);
});

test("S31: without a folder there are none", async () => {
  rmSync(join(dir, "projects"), { recursive: true });
  expect(await past.list()).toEqual([]);
});
