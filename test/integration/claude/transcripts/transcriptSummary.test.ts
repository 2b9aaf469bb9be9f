import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getSessionInfo } from "@anthropic-ai/claude-agent-sdk";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readSummary } from "../../../../server/claude/transcripts/transcriptSummary.ts";

let dir: string;
let folder: string;
const configDir = process.env.CLAUDE_CONFIG_DIR;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daylong-summary-"));
  folder = join(dir, "projects", "-a");
  mkdirSync(folder, { recursive: true });
  process.env.CLAUDE_CONFIG_DIR = dir;
});
afterEach(() => {
  if (configDir === undefined) delete process.env.CLAUDE_CONFIG_DIR;
  else process.env.CLAUDE_CONFIG_DIR = configDir;
  rmSync(dir, { recursive: true, force: true });
});

const user = (content: unknown, more: object = {}) => ({
  parentUuid: null,
  cwd: "/a",
  gitBranch: "main",
  type: "user",
  message: { role: "user", content },
  uuid: randomUUID(),
  timestamp: "2026-11-21T10:00:00.000Z",
  ...more,
});
const answer = (text: string, more: object = {}) => ({
  ...user([{ type: "text", text }], more),
  type: "assistant",
});
const filler = (kilobytes: number) =>
  Array.from({ length: kilobytes }, (_, line) => answer("x".repeat(900), { gitBranch: `branch-${line}` }));

const conversations: Array<[string, Array<object | string>]> = [
  ["of one question", [user("What now?"), answer("This.")]],
  [
    "whose question has lines and an image",
    [user([{ type: "image" }, { type: "text", text: " One\ntwo " }])],
  ],
  ["whose question is long", [user("word ".repeat(200)), answer("Yes.")]],
  ["that begins with a command", [user("<command-name>/clear</command-name>"), user("Go on")]],
  ["of a command alone", [user("<command-name>/compact</command-name>")]],
  ["that begins with the shell", [user("<bash-input>ls -l</bash-input>"), user("Thanks")]],
  ["that begins with a reminder", [user("<system-reminder>Be quiet</system-reminder>"), user("Hello")]],
  ["that begins with an interruption", [user("[Request interrupted by user]"), user("Again")]],
  ["that begins with a note of the CLI", [user("Caveat", { isMeta: true }), user("Hello")]],
  ["that begins with a compaction", [user("Summary", { isCompactSummary: true }), user("Hello")]],
  ["that begins with the result of a tool", [user([{ type: "tool_result", content: "1" }]), user("Hello")]],
  ["of an image alone", [user([{ type: "image" }])]],
  ["that a person named", [user("Hello"), { type: "custom-title", customTitle: "Mine" }, answer("Hi")]],
  [
    "that was named twice",
    [{ type: "custom-title", customTitle: "A" }, user("B"), { type: "custom-title", customTitle: "C" }],
  ],
  ["that Claude named", [user("Hello"), { type: "ai-title", aiTitle: "A greeting" }]],
  ["with a last prompt", [user("Hello"), { type: "last-prompt", lastPrompt: "Good bye" }]],
  ["with a summary", [{ type: "summary", summary: "What was done" }, user("Hello")]],
  ["that is long", [user("First"), ...filler(200), { type: "last-prompt", lastPrompt: "Last" }]],
  [
    "that is long and was named at its beginning",
    [{ type: "custom-title", customTitle: "Mine" }, user("A"), ...filler(200)],
  ],
  [
    "that is long, was named by Claude at its end and by a person at its beginning",
    [
      { type: "custom-title", customTitle: "Mine" },
      user("A"),
      ...filler(200),
      { type: "ai-title", aiTitle: "Claude's" },
    ],
  ],
  [
    "that is long and whose middle alone names it",
    [user("A"), ...filler(100), { type: "ai-title", aiTitle: "Claude's" }, ...filler(100)],
  ],
  ["whose words speak of a title", [user('The field "customTitle": what is it?'), answer('"aiTitle":')]],
  ["with half a line at its end", [user("Hello"), '{"type":"custom-title","customTitle":"Ha']],
  ["of nothing", ["{}"]],
];

describe("S31: the summary of a transcript", () => {
  test.each(conversations)("S31: one %s is what the SDK says of it", async (_what, entries) => {
    const sessionId = randomUUID();
    const path = join(folder, `${sessionId}.jsonl`);
    const lines = entries.map((entry) => (typeof entry === "string" ? entry : JSON.stringify(entry)));
    writeFileSync(path, `${lines.join("\n")}\n`);
    const ours = await readSummary(path);
    const sdk = await getSessionInfo(sessionId);
    expect([ours.title, ours.firstMessage, ours.createdAt, ours.gitBranch]).toEqual([
      sdk?.summary,
      sdk?.firstPrompt,
      sdk?.createdAt,
      sdk?.gitBranch,
    ]);
  });

  test("S31: a title in the file beside it counts as the SDK counts it", async () => {
    const sessionId = randomUUID();
    const path = join(folder, `${sessionId}.jsonl`);
    writeFileSync(path, `${JSON.stringify(user("Hello"))}\n`);
    mkdirSync(join(folder, sessionId));
    writeFileSync(join(folder, sessionId, "custom-title.json"), JSON.stringify({ customTitle: " Beside " }));
    expect((await getSessionInfo(sessionId))?.summary).toBe("Beside");
    expect((await readSummary(path)).title).toBe("Beside");
  });
});
