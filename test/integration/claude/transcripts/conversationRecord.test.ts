import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startOfPid } from "../../../../server/claude/os/processTable.ts";
import { entryOf, readRecord } from "../../../../server/claude/transcripts/conversationRecord.ts";
import { TranscriptWatch } from "../../../../server/claude/transcripts/conversationWatch.ts";

const recordFrom = (path: string, from: number) => readRecord(path, from, statSync(path).size);
const id = "11111111-1111-4111-8111-111111111111";
const user = (content: unknown, more: object = {}) => ({
  type: "user",
  uuid: "u",
  parentUuid: "p",
  timestamp: "2026-11-28T06:00:00.000Z",
  entrypoint: "cli",
  promptSource: "typed",
  message: { role: "user", content },
  ...more,
});
const assistant = (content: unknown, message: object = {}) => ({
  type: "assistant",
  uuid: "a",
  parentUuid: "u",
  timestamp: "2026-11-28T06:00:01.000Z",
  message: { role: "assistant", model: "m", stop_reason: "end_turn", content, ...message },
});
const text = (value: string) => [{ type: "text", text: value }];

describe("REPORT-22: a line of a record", () => {
  const cases: Array<[what: string, line: object | string, said: string | undefined]> = [
    ["typed at a terminal", user("Hi"), "prompt Hi"],
    ["given with -p", user("Hi", { entrypoint: "sdk-cli", promptSource: "sdk" }), "prompt Hi"],
    [
      "given by another program over the SDK",
      user(text("Hi"), { entrypoint: "sdk-ts", promptSource: "sdk" }),
      "prompt Hi",
    ],
    [
      "of a CLI that names no source",
      user("Hi", { entrypoint: undefined, promptSource: undefined }),
      "prompt Hi",
    ],
    ["of an editor", user("Hi", { entrypoint: "claude-vscode", promptSource: undefined }), "prompt Hi"],
    [
      "a command of a terminal",
      user("<command-name>/review</command-name>", { promptSource: undefined }),
      "prompt /review",
    ],
    [
      "our own CLI's note without a source",
      user("/compact", { entrypoint: "sdk-ts", promptSource: undefined }),
      "other ",
    ],
    [
      "the end of a task",
      user("<task-notification>x", { promptSource: "system", origin: { kind: "task-notification" } }),
      "other ",
    ],
    ["a wake-up's prompt", user("Look again", { promptSource: "system" }), "other "],
    ["another agent's message", user("Hello", { promptSource: "sdk", origin: { kind: "peer" } }), "other "],
    ["a result of a tool", user([{ type: "tool_result", tool_use_id: "t", content: "x" }]), "other "],
    [
      "a summary of a compaction",
      user("This session is being continued", { isCompactSummary: true }),
      "other ",
    ],
    ["a note of the CLI's", user("Caveat", { isMeta: true }), "other "],
    ["a request that was broken off", user(text("[Request interrupted by user]")), "other "],
    ["an answer", assistant(text("Yes")), "answer Yes ."],
    [
      "an answer with a tool",
      assistant([...text("Wait"), { type: "tool_use", id: "t", name: "Bash", input: {} }], {
        stop_reason: "tool_use",
      }),
      "answer Wait",
    ],
    ["thinking alone", assistant([{ type: "thinking", thinking: "hm" }]), "answer  ."],
    [
      "the CLI in Claude's place",
      assistant(text("No response requested."), { model: "<synthetic>" }),
      "other ",
    ],
    ["an API error", { ...assistant(text("API Error: 500")), isApiErrorMessage: true }, "other "],
    [
      "a boundary of a compaction",
      { type: "system", subtype: "compact_boundary", uuid: "s", parentUuid: null, logicalParentUuid: "x" },
      "other ",
    ],
    ["an attachment", { type: "attachment", uuid: "t", parentUuid: "u", attachment: {} }, "other "],
    ["a subagent's", user("Work", { isSidechain: true }), undefined],
    ["a line without an id", { type: "last-prompt", leafUuid: "x", lastPrompt: "Hi" }, undefined],
    ["half a line", '{"type":"user","uuid":"u","mess', undefined],
    ["a number that names a uuid", '5 // "uuid":', undefined],
    ["null", "null", undefined],
    ["an id that is a number", '{"type":"user","uuid":7}', undefined],
  ];
  test.each(cases)("REPORT-22: %s", (_what, line, said) => {
    const entry = entryOf(typeof line === "string" ? line : JSON.stringify(line));
    expect(entry && `${entry.kind} ${entry.text}${entry.isLast ? " ." : ""}`).toBe(said);
  });

  test("REPORT-22: a chain goes on over a compaction", () => {
    const boundary = { type: "system", uuid: "s", parentUuid: null, logicalParentUuid: "before" };
    expect(entryOf(JSON.stringify(boundary))?.parentId).toBe("before");
  });
});

describe("REPORT-22: the part of a record that is new", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-record-"));
    mkdirSync(join(folder, "projects", "p"), { recursive: true });
    path = join(folder, "projects", "p", `${id}.jsonl`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const line = (uuid: string, words = uuid) => `${JSON.stringify(user(words, { uuid }))}\n`;
  const ids = (part: { entries: Array<{ entryId: string }> }) => part.entries.map(({ entryId }) => entryId);

  test("REPORT-22: begins where the last look ended, and leaves half a line to the next one", async () => {
    writeFileSync(path, line("one"));
    const first = await recordFrom(path, 0);
    expect([ids(first), first.endOffset]).toEqual([["one"], statSync(path).size]);
    const next = line("two");
    appendFileSync(path, next.slice(0, 40));
    const half = await recordFrom(path, first.endOffset);
    expect([ids(half), half.endOffset]).toEqual([[], first.endOffset]);
    appendFileSync(path, next.slice(40));
    const second = await recordFrom(path, half.endOffset);
    expect([ids(second), second.endOffset]).toEqual([["two"], statSync(path).size]);
  });

  test("REPORT-22: is the whole file when it was replaced by a shorter one", async () => {
    writeFileSync(path, line("one"));
    expect(ids(await recordFrom(path, 10_000))).toEqual(["one"]);
  });

  test("REPORT-22: is right over the borders of what is read at once, and a line of many megabytes is passed over", async () => {
    const long = line("long", "ä".repeat(100_000));
    writeFileSync(path, line("one") + long + line("giant", "x".repeat(9 * 1024 * 1024)) + line("two"));
    const part = await recordFrom(path, 0);
    expect([ids(part), part.endOffset]).toEqual([["one", "long", "two"], statSync(path).size]);
    expect(part.entries[1]?.text).toBe("ä".repeat(100_000));
  });

  const sessions = () => join(folder, "sessions");
  /** Another program's process that has the conversation open: this one stands for it. */
  const holdIt = () => {
    mkdirSync(sessions(), { recursive: true });
    const note = { pid: process.pid, procStart: startOfPid(process.pid) ?? undefined, sessionId: id };
    writeFileSync(join(sessions(), `${process.pid}.json`), JSON.stringify(note));
  };
  const watchOf = (own = new Set<number>()) => new TranscriptWatch({ configDir: folder, ownPids: () => own });

  test("REPORT-22: a watch says who holds it and what is new, and follows a record that moves", async () => {
    const watch = watchOf();
    holdIt();
    expect(await watch.look(id, 0)).toEqual({ heldBy: process.pid, entries: [], endOffset: 0 });
    writeFileSync(path, line("one"));
    const found = await watch.look(id, 0);
    expect([found.heldBy, ids(found)]).toEqual([process.pid, ["one"]]);
    expect(ids(await watch.look(id, found.endOffset))).toEqual([]);
    rmSync(sessions(), { recursive: true });
    rmSync(path);
    mkdirSync(join(folder, "projects", "q"));
    writeFileSync(join(folder, "projects", "q", `${id}.jsonl`), line("one") + line("two"));
    const moved = await watch.look(id, found.endOffset);
    expect([moved.heldBy, ids(moved)]).toEqual([undefined, ["two"]]);
  });

  test("REPORT-22: is seen at once as it is by a look that takes its time, where the record was found before", async () => {
    const watch = watchOf();
    mkdirSync(sessions());
    writeFileSync(path, line("one"));
    expect(watch.lookNow(id, 0)).toBeUndefined();
    const same = async (from: number) => {
      const now = watch.lookNow(id, from);
      expect(now).toEqual(await watch.look(id, from));
      return now!;
    };
    const { endOffset } = await watch.look(id, 0);
    expect(await same(endOffset)).toEqual({ heldBy: undefined, entries: [], endOffset });
    holdIt();
    appendFileSync(path, line("ä two") + line("three").slice(0, 30));
    const grown = await same(endOffset);
    expect([grown.heldBy, ids(grown)]).toEqual([process.pid, ["ä two"]]);
    expect((await same(grown.endOffset)).endOffset).toBe(grown.endOffset);
    expect(watchOf(new Set([process.pid])).lookNow(id, 0)).toBeUndefined();
    const ours = watchOf(new Set([process.pid]));
    await ours.look(id, 0);
    expect(ours.lookNow(id, 0)?.heldBy).toBeUndefined();
  });

  test.each([
    ["has grown by more than a turn", () => appendFileSync(path, line("long", "x".repeat(100_000)))],
    ["was replaced by a shorter one", () => writeFileSync(path, "")],
    ["is gone", () => rmSync(path)],
    ["cannot be told from those of others", () => rmSync(sessions(), { recursive: true })],
    [
      "may be held by one of many programs",
      () => {
        for (let pid = 1; pid < 30; pid += 1) writeFileSync(join(sessions(), `${pid}.json`), "{}");
      },
    ],
  ])("REPORT-22: is not looked at at once when it %s", async (_what, change) => {
    const watch = watchOf();
    mkdirSync(sessions());
    writeFileSync(path, line("one"));
    const { endOffset } = await watch.look(id, 0);
    expect(watch.lookNow(id, endOffset)).toBeDefined();
    change();
    expect(watch.lookNow(id, endOffset)).toBeUndefined();
    await expect(watch.look(id, endOffset)).resolves.toBeDefined();
  });

  test("REPORT-22: is not looked at at once on a disk that may be another machine's", async () => {
    const watch = watchOf();
    mkdirSync(sessions());
    // A file of the kernel's stands for one: its file system is none of those that are known to be near.
    symlinkSync("/sys/devices/system/cpu/online", path);
    expect((await watch.look(id, 0)).entries).toEqual([]);
    expect(watch.lookNow(id, 0)).toBeUndefined();
    rmSync(path);
    writeFileSync(path, line("one"));
    const other = watchOf();
    await other.look(id, 0);
    expect(other.lookNow(id, 0)).toBeDefined();
  });
});
