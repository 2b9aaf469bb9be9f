import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { toolRecordIn } from "../../../../server/claude/transcripts/toolRecord.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daylong-tools-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const use = (id: string, command: string) =>
  JSON.stringify({
    type: "assistant",
    message: { content: [{ type: "tool_use", id, name: "Bash", input: { command } }] },
  });

test("a tool's use is found in the conversation's transcript and in those of its subagents", async () => {
  const path = join(dir, "c1.jsonl");
  writeFileSync(path, `${use("toolu_main", "ls")}\n{"half":\n`);
  const folder = join(dir, "c1", "subagents");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "agent-a.jsonl"), `${use("toolu_agent", "pwd")}\n`);
  writeFileSync(join(folder, "agent-a.meta.json"), use("toolu_meta", "no"));
  expect((await toolRecordIn(path, "toolu_main"))?.title).toBe("Bash: ls");
  expect((await toolRecordIn(path, "toolu_agent"))?.title).toBe("Bash: pwd");
  expect(await toolRecordIn(path, "toolu_meta")).toBeUndefined();
});
