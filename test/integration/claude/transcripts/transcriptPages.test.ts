import { once } from "node:events";
import { createWriteStream, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { findTranscriptOf, firstSaidIn } from "../../../../server/claude/transcripts/transcriptHead.ts";
import { TranscriptIndex } from "../../../../server/claude/transcripts/transcriptIndex.ts";
import { pageBefore, readPage } from "../../../../server/claude/transcripts/transcriptPages.ts";
import type { PastMessage } from "../../../../server/domain/sessions/history.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "daylong-pages-")));
  path = join(dir, "t.jsonl");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const user = (uuid: string, parentUuid: string | null, text: string, more: object = {}) => ({
  type: "user",
  uuid,
  parentUuid,
  cwd: "/p",
  message: { role: "user", content: text },
  ...more,
});
const claude = (uuid: string, parentUuid: string | null, text: string, more: object = {}) => ({
  ...user(uuid, parentUuid, text, more),
  type: "assistant",
  message: { role: "assistant", content: [{ type: "text", text }] },
});
const boundary = {
  type: "system",
  subtype: "compact_boundary",
  uuid: "b",
  parentUuid: null,
  logicalParentUuid: "a1",
};
const summary = user("s", "b", "This session is being continued …", { isCompactSummary: true });
const q1 = user("q1", null, "Q1");
const a1 = claude("a1", "q1", "A1");
const q2 = user("q2", "a1", "Q2");
const a2 = claude("a2", "q2", "A2");

const written = (lines: Array<object | string>) =>
  lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
const readAll = async (lines: Array<object | string>) => {
  writeFileSync(path, written(lines));
  const page = await readPage(path, undefined, 100);
  return page?.messages.toReversed().map(({ role, kind, text }) => `${kind ?? role}: ${text}`);
};

describe("REPORT-5: a transcript's messages", () => {
  const all = ["user: Q1", "assistant: A1", "user: Q2", "assistant: A2"];
  const cases: Array<[what: string, lines: Array<object | string>, said: string[]]> = [
    ["in their order", [q1, a1, q2, a2], all],
    [
      "before and after a compaction, with the summary as what it is",
      [q1, a1, boundary, summary, claude("a2", "s", "A2"), user("q3", "a2", "Q3")],
      [
        "user: Q1",
        "assistant: A1",
        "summary: This session is being continued …",
        "assistant: A2",
        "user: Q3",
      ],
    ],
    [
      "of two compactions",
      [q1, boundary, summary, a1, { ...boundary, uuid: "b2" }, { ...summary, uuid: "s2" }, q2],
      [
        "user: Q1",
        ...["summary: This session is being continued …", "assistant: A1"],
        "summary: This session is being continued …",
        "user: Q2",
      ],
    ],
    ["with a parent that is missing in the middle", [q1, a1, user("q2", "gone", "Q2"), a2], all],
    ["with an entry that is its own parent", [q1, a1, user("q2", "q2", "Q2"), a2], all],
    ["in a circle", [user("q1", "a2", "Q1"), a1, q2, a2], all],
    ["with a byte order mark", [`\uFEFF${JSON.stringify(q1)}`, a1, q2, a2], all],
    ["after a subagent's first words", [user("x", null, "Work", { isSidechain: true }), q1, a1, q2, a2], all],
    [
      "with a subagent's words between",
      [q1, claude("x", "q1", "Looking", { isSidechain: true }), a1, q2, a2],
      all,
    ],
    [
      "of two branches",
      [q1, a1, q2, a2, user("q3", "a1", "Q3"), claude("a3", "q3", "A3")],
      [...all, "user: Q3", "assistant: A3"],
    ],
    ["once, though they were copied into the file again", [q1, a1, q1, a1, q2, a2], all],
    ["around half a line", [q1, a1, '{"type":"user","uuid":"h","mess', q2, a2], all],
    ["around lines of other programs", [q1, "", "null", "7", "[]", '{"type":"user"}', a1, q2, a2], all],
    ["with Windows line ends", [`${JSON.stringify(q1)}\r`, `${JSON.stringify(a1)}\r`, q2, a2], all],
    ["with a last line that has no end", [q1, a1, q2, a2], all],
    [
      "behind figures and notes of the CLI",
      [
        { type: "api-request", n: 1 },
        q1,
        a1,
        { type: "cost-state" },
        q2,
        a2,
        { type: "last-prompt", leafUuid: "q1" },
      ],
      all,
    ],
    [
      "with a parent that comes later in the file",
      [a1, q1, a2, q2],
      ["assistant: A1", "user: Q1", "assistant: A2", "user: Q2"],
    ],
    ["none in an empty file", [], []],
  ];
  test.each(cases)("REPORT-5: %s", async (_what, lines, said) => {
    expect(await readAll(lines)).toEqual(said);
  });

  test("REPORT-5: come in pages that meet without a gap, over a compaction too", async () => {
    writeFileSync(path, written([q1, a1, boundary, summary, q2, a2]));
    const seen: string[] = [];
    let before: string | undefined;
    for (let hasMore = true; hasMore; ) {
      const page = await readPage(path, before, 2);
      seen.push(...(page?.messages ?? []).map(({ messageId }) => messageId));
      before = page?.messages.at(-1)?.messageId;
      hasMore = page?.hasMore === true;
    }
    expect(seen).toEqual(["a2", "q2", "s", "a1", "q1"]);
    expect(await readPage(path, "nothing", 2)).toBeUndefined();
  });

  test("REPORT-5: of a file of 200 MB come with bounded memory, and leave room for other work", async () => {
    const file = createWriteStream(path);
    const filler = `${JSON.stringify({ type: "user", uuid: "tool", message: { content: [{ type: "tool_result", content: "x".repeat(1_000_000) }] } })}\n`;
    for (let megabyte = 0; megabyte < 200; megabyte += 1) {
      const turn = user(`q${megabyte}`, null, `Question ${megabyte} ${"y".repeat(2_000)}`);
      if (!file.write(`${JSON.stringify(turn)}\n${filler}`)) await once(file, "drain");
    }
    file.end();
    await once(file, "close");
    let turns = 0;
    let most = 0;
    const before = process.memoryUsage().heapUsed;
    const timer = setInterval(() => {
      turns += 1;
      most = Math.max(most, process.memoryUsage().heapUsed - before);
    }, 1);
    const page = await readPage(path, undefined, 3);
    clearInterval(timer);
    expect(page?.messages.map(({ messageId }) => messageId)).toEqual(["q199", "q198", "q197"]);
    expect(turns).toBeGreaterThan(10);
    expect(most).toBeLessThan(150_000_000);
  });
});

describe("REPORT-5: which conversations are listed", () => {
  const id = "11111111-1111-4111-8111-111111111111";
  const index = () => new TranscriptIndex(join(dir, "projects"));
  const put = (folder: string, lines: Array<object | string>) => {
    mkdirSync(join(dir, "projects", folder), { recursive: true });
    const file = join(dir, "projects", folder, `${id}.jsonl`);
    writeFileSync(file, written(lines));
    return file;
  };

  test.each<[string, Array<object | string>, string | undefined]>([
    ["with a byte order mark", [`\uFEFF${JSON.stringify(q1)}`, a1], "Q1"],
    ["whose first user line is a subagent's", [user("x", null, "Work", { isSidechain: true }), q1], "Q1"],
    ["that a compaction begins", [boundary, summary, q2], "Q2"],
    ["of a subagent alone", [user("x", null, "Work", { isSidechain: true })], undefined],
  ])("REPORT-5: one %s", async (_what, lines, first) => {
    const file = put("-p", lines);
    expect((await firstSaidIn(file))?.text).toBe(first);
    expect((await index().list("/p")).map(({ firstMessage }) => firstMessage)).toEqual(
      first === undefined ? [] : [first],
    );
  });

  test("REPORT-5: one id in two folders is each directory's own, listed and read alike", async () => {
    const here = put("-p", [q1, a1]);
    const there = put("-r", [user("r1", null, "R1", { cwd: "/r" })]);
    const listed = await index().list();
    expect(listed.map(({ projectPath, firstMessage }) => `${projectPath} ${firstMessage}`).sort()).toEqual([
      "/p Q1",
      "/r R1",
    ]);
    expect(await findTranscriptOf(dir, id, "/p")).toBe(here);
    expect(await findTranscriptOf(dir, id, "/r")).toBe(there);
    expect(await findTranscriptOf(dir, id, "/elsewhere")).toBeUndefined();
  });

  test("REPORT-5: one that two folders hold of the same directory is listed once", async () => {
    put("-p", [q1, a1]);
    put("-p-old", [q1]);
    expect(await index().list("/p")).toHaveLength(1);
  });
});

describe("S31: pages of a transcript", () => {
  const messages = (texts: string[]): PastMessage[] =>
    texts.map((one, at) => ({ messageId: `m${at}`, role: "user", text: one, tools: [], imageCount: 0 }));
  const idsOf = async (page: ReturnType<typeof pageBefore>) =>
    (await page)?.messages.map(({ messageId }) => messageId);

  test("S31: the newest first, and no page without an end", async () => {
    const all = messages(["a", "b", "c"]);
    expect(await pageBefore(all, undefined, 2)).toMatchObject({ hasMore: true });
    expect(await idsOf(pageBefore(all, undefined, 2))).toEqual(["m2", "m1"]);
    expect(await pageBefore(all, "m1", 2)).toMatchObject({ hasMore: false });
    expect(await idsOf(pageBefore(all, "m1", 2))).toEqual(["m0"]);
    expect(await pageBefore(all, "m0", 2)).toEqual({ messages: [], hasMore: false });
    expect(await pageBefore(all, "other", 2)).toBeUndefined();
    expect(await pageBefore([], undefined, 2)).toEqual({ messages: [], hasMore: false });
  });

  test("S31: a page is bounded by its words too, but has one message at least", async () => {
    const all = messages(["x".repeat(3_000_000), "y".repeat(700_000), "z".repeat(700_000)]);
    expect(await idsOf(pageBefore(all, undefined, 50))).toEqual(["m2"]);
    expect(await idsOf(pageBefore(all, "m2", 50))).toEqual(["m1"]);
    expect(await idsOf(pageBefore(all, "m1", 50))).toEqual(["m0"]);
  });
});
