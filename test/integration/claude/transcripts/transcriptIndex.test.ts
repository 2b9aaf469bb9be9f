import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { TranscriptIndex } from "../../../../server/claude/transcripts/transcriptIndex.ts";

let dir: string;
let past: TranscriptIndex;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "daylong-past-")));
  mkdirSync(join(dir, "projects", "-a"), { recursive: true });
  past = new TranscriptIndex(join(dir, "projects"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const fileOf = (sessionId: string, folder = "-a") => join(dir, "projects", folder, `${sessionId}.jsonl`);
const said = (cwd: string, text: string) =>
  `${JSON.stringify({ type: "user", cwd, message: { content: text } })}\n`;

function write(cwd: string | undefined, text = "Hello"): string {
  const sessionId = randomUUID();
  writeFileSync(fileOf(sessionId), cwd === undefined ? "{}\n" : said(cwd, text));
  return sessionId;
}
/** Replaces words by as many others, with the time of the file as it was: only a reader sees it. */
function replaceUnnoticed(sessionId: string, before: string, after: string): void {
  const path = fileOf(sessionId);
  const { atime, mtime } = statSync(path);
  writeFileSync(path, readFileSync(path, "utf8").replace(before, after));
  utimesSync(path, atime, mtime);
}
const idsOf = async (projectPath?: string) =>
  (await past.list(projectPath)).map(({ sessionId }) => sessionId).sort();
const titlesOf = async (projectPath?: string) =>
  (await past.list(projectPath)).map(({ title }) => title).sort();

test("S31: a transcript is read once, and again only when it has changed", async () => {
  const [first, second] = [write("/a", "one"), write("/b", "two")];
  write(undefined);
  for (const id of [first, second]) utimesSync(fileOf(id), 1_790_000_000, 1_790_000_000);
  writeFileSync(join(dir, "projects", "-a", "notes.jsonl"), "no transcript");
  expect(await titlesOf()).toEqual(["one", "two"]);
  replaceUnnoticed(first, "one", "ONE");
  replaceUnnoticed(second, "two", "TWO");
  expect(await titlesOf("/a")).toEqual(["one"]);
  appendFileSync(fileOf(second), "{}\n");
  const third = write("/a", "three");
  expect(await titlesOf()).toEqual(["TWO", "one", "three"]);
  rmSync(fileOf(first));
  expect(await idsOf("/a")).toEqual([third]);
});

test("S31: the latest comes first, wherever the folder lists it and whenever it was read", async () => {
  const now = 1_790_000_000;
  const writtenAgo = (minutes: number) => {
    const sessionId = write("/a");
    utimesSync(fileOf(sessionId), now, now - minutes * 60);
    return sessionId;
  };
  const [old, newest, between] = [writtenAgo(300), writtenAgo(5), writtenAgo(200)];
  const inOrder = async () => (await past.list("/a")).map(({ sessionId }) => sessionId);
  expect(await inOrder()).toEqual([newest, between, old]);
  appendFileSync(fileOf(old), "{}\n");
  expect(await inOrder()).toEqual([old, newest, between]);
});

test("S31: a page reads the heads of its own conversations and hardly any other", async () => {
  const written = Array.from({ length: 100 }, (_, index) => {
    const sessionId = write(index % 2 === 0 ? "/a" : "/b", "words");
    utimesSync(fileOf(sessionId), 1_790_000_000, 1_790_000_000 - index);
    return sessionId;
  });
  const ofProject = written.filter((_, index) => index % 2 === 0);
  const page = await past.list("/a", { limit: 5 });
  expect(page.map(({ sessionId }) => sessionId)).toEqual(ofProject.slice(0, 5));
  for (const sessionId of written) replaceUnnoticed(sessionId, "words", "WORDS");
  // What was read before the change still has the old words.
  const all = await past.list();
  expect(all.filter(({ title }) => title === "words").length).toBeLessThanOrEqual(16);
  const { lastActivityAt, sessionId } = page[4]!;
  const next = await past.list("/a", { before: [lastActivityAt, sessionId], limit: 5 });
  expect(next.map((one) => one.sessionId)).toEqual(ofProject.slice(5, 10));
});

test("S31: a copy in another folder is not listed on a later page again", async () => {
  const [sessionId, other] = [write("/a", "newer"), write("/a", "other")];
  mkdirSync(join(dir, "projects", "-b"));
  copyFileSync(fileOf(sessionId), fileOf(sessionId, "-b"));
  utimesSync(fileOf(sessionId), 1_790_000_000, 1_790_000_030);
  utimesSync(fileOf(other), 1_790_000_000, 1_790_000_020);
  utimesSync(fileOf(sessionId, "-b"), 1_790_000_000, 1_790_000_010);
  const [first] = await past.list("/a", { limit: 1 });
  expect(first?.title).toBe("newer");
  const rest = await past.list("/a", { before: [first!.lastActivityAt, first!.sessionId], limit: 5 });
  expect(rest.map(({ title }) => title)).toEqual(["other"]);
});

test("S31: a path that leads through a link is the directory it leads to", async () => {
  mkdirSync(join(dir, "real"));
  symlinkSync(join(dir, "real"), join(dir, "link"));
  const linked = write(join(dir, "link"));
  const gone = write(join(dir, "gone"));
  expect(await idsOf(join(dir, "real"))).toEqual([linked]);
  expect(await idsOf(join(dir, "gone"))).toEqual([gone]);
});

test("S31: one whose beginning is longer than the look at it is listed by what stands in it", async () => {
  const sessionId = randomUUID();
  const words = `Remember the number 77 ${"word ".repeat(60_000)}`;
  const content = [{ type: "text", text: words }];
  const lines = [
    { type: "queue-operation", content: words },
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
    title: words.slice(0, 200),
    firstMessage: words.slice(0, 2_000),
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
