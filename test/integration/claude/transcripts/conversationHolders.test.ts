import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startOfPid } from "../../../../server/claude/os/processTable.ts";
import { heldConversations } from "../../../../server/claude/transcripts/conversationHolders.ts";

let configDir: string;
beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), "daylong-held-"));
  mkdirSync(join(configDir, "sessions"));
});
afterEach(() => rmSync(configDir, { recursive: true, force: true }));

const note = (name: string, content: unknown) =>
  writeFileSync(
    join(configDir, "sessions", name),
    typeof content === "string" ? content : JSON.stringify(content),
  );
/** This very process stands for a terminal's. */
const alive = { pid: process.pid, procStart: startOfPid(process.pid) ?? undefined };

test("S31: what a live process holds is held; what is ours, dead, reused or no note is not", async () => {
  note("1.json", { ...alive, sessionId: "held" });
  note("2.json", { ...alive, procStart: "1", sessionId: "of a pid that was given to another" });
  note("3.json", { pid: 2 ** 22 + 1, sessionId: "of a process that is gone" });
  note("4.json", "half a no");
  note("5.json", { pid: "x", sessionId: 7 });
  note("1.abc.key", { ...alive, sessionId: "a key" });
  expect(await heldConversations(configDir, () => false)).toEqual(new Map([["held", process.pid]]));
  expect(await heldConversations(configDir, (pid) => pid === process.pid)).toEqual(new Map());
  expect(await heldConversations(join(configDir, "none"), () => false)).toEqual(new Map());
});
