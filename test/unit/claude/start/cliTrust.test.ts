import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { CliTrust } from "../../../../server/claude/start/cliTrust.ts";

let dir: string;
let terminal: CliTrust;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "daylong-config-"));
  terminal = new CliTrust({ CLAUDE_CONFIG_DIR: dir });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ask = (path: string) => terminal.accepted(path);
const write = (text: string) => writeFileSync(join(dir, ".claude.json"), text);

test("a directory is accepted when it, or one above it, was accepted in a terminal", async () => {
  const projects = {
    "/projects/mine": { hasTrustDialogAccepted: true, allowedTools: [] },
    "/projects/other": { hasTrustDialogAccepted: false },
    "/projects/odd": { hasTrustDialogAccepted: "yes" },
  };
  write(JSON.stringify({ projects, userID: "x" }));
  expect(await ask("/projects/mine")).toBe(true);
  expect(await ask("/projects/mine/deep/er")).toBe(true);
  expect(await ask("/projects/mine-evil")).toBe(false);
  expect(await ask("/projects/other")).toBe(false);
  expect(await ask("/projects/odd")).toBe(false);
  expect(await ask("/projects")).toBe(false);
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

test("what is answered while the server runs counts from then on", async () => {
  write(JSON.stringify({ projects: {} }));
  expect(await ask("/projects/mine")).toBe(false);
  write(JSON.stringify({ projects: { "/projects/mine": { hasTrustDialogAccepted: true } } }));
  expect(await ask("/projects/mine")).toBe(true);
});
