import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { acceptedInTerminal } from "../../../server/claude/terminalTrust.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daylong-config-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ask = (path: string) => acceptedInTerminal({ CLAUDE_CONFIG_DIR: dir }, path);
const write = (text: string) => writeFileSync(join(dir, ".claude.json"), text);

test("a directory is accepted when it, or one above it, was accepted in a terminal", async () => {
  const projects = {
    "/work/mine": { hasTrustDialogAccepted: true, allowedTools: [] },
    "/work/other": { hasTrustDialogAccepted: false },
    "/work/odd": { hasTrustDialogAccepted: "yes" },
  };
  write(JSON.stringify({ projects, userID: "x" }));
  expect(await ask("/work/mine")).toBe(true);
  expect(await ask("/work/mine/deep/er")).toBe(true);
  expect(await ask("/work/mine-evil")).toBe(false);
  expect(await ask("/work/other")).toBe(false);
  expect(await ask("/work/odd")).toBe(false);
  expect(await ask("/work")).toBe(false);
});

test.each(["", "{", "[]", '{"projects":[]}', '{"projects":{"/p":null}}', "null"])(
  "a file with %j says no",
  async (text) => {
    write(text);
    expect(await ask("/p")).toBe(false);
  },
);

test("a file that is missing says no", async () => {
  expect(await ask("/p")).toBe(false);
});
