import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { sandboxFault } from "../../../../server/claude/start/sandbox.ts";

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "daylong-sandbox-"));
});
afterEach(() => rmSync(bin, { recursive: true }));

const program = (name: string, script: string) => {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
};
const fault = (system: NodeJS.Platform = "linux") => sandboxFault({ PATH: bin }, system);

describe("A14 SANDBOX=true", () => {
  test("A14 needs the programs of which the CLI makes its sandbox", async () => {
    expect(await fault()).toMatch(/^SANDBOX: bwrap is not on the PATH/);
    program("bwrap", "exit 0");
    expect(await fault()).toMatch(/^SANDBOX: socat is not on the PATH/);
    program("socat", "exit 0");
    expect(await fault()).toBeUndefined();
    expect(await fault("darwin")).toMatch(/sandbox-exec is not on the PATH/);
    program("sandbox-exec", "exit 0");
    expect(await fault("darwin")).toBeUndefined();
    expect(await fault("win32")).toMatch(/for Linux and macOS/);
  });

  test("A14 needs a computer that lets them, and says what they say", async () => {
    program("socat", "exit 0");
    program("bwrap", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1");
    expect(await fault()).toContain("No permissions to create new namespace");
    program("bwrap", "exit 1");
    expect(await fault()).toMatch(/cannot make a sandbox on this computer/);
  });
});
