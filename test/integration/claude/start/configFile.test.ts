import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ConfigFile } from "../../../../server/claude/start/configFile.ts";
import type { Log } from "../../../../server/domain/ports.ts";
import { ManualClock } from "../../../support/manualClock.ts";

describe("F15 the CLI's .claude.json", () => {
  let home: string;
  let said: string[];
  let clock: ManualClock;
  let file: ConfigFile;
  const note = (event: string) => said.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const path = () => join(home, ".claude.json");
  const backup = (stamp: number, text: string) => {
    mkdirSync(join(home, ".claude", "backups"), { recursive: true });
    writeFileSync(join(home, ".claude", "backups", `.claude.json.backup.${stamp}`), text);
  };
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "daylong-config-"));
    said = [];
    clock = new ManualClock();
    file = new ConfigFile({ environment: { HOME: home }, clock, log });
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  test("is left alone when it is whole, or not there", async () => {
    expect(await file.mend()).toBe(false);
    expect(existsSync(path())).toBe(false);
    writeFileSync(path(), '{"a":1}');
    backup(5, '{"a":0}');
    expect(await file.mend()).toBe(false);
    expect(readFileSync(path(), "utf8")).toBe('{"a":1}');
    expect([said, file.detail]).toEqual([[], undefined]);
  });

  test("is restored from the newest whole backup, and what was damaged is kept", async () => {
    writeFileSync(path(), '{"a":1');
    backup(9, '{"a":0}');
    backup(10, '{"a":1}');
    backup(11, '{"a":');
    expect(await file.mend()).toBe(true);
    expect(readFileSync(path(), "utf8")).toBe('{"a":1}');
    expect(readFileSync(`${path()}.damaged`, "utf8")).toBe('{"a":1');
    expect(said).toEqual(["claude.config_restored"]);
  });

  test("that was restored is told of for a day, also when it is whole again", async () => {
    writeFileSync(path(), "{");
    backup(1, "{}");
    await file.mend();
    await file.mend();
    expect(file.detail).toContain(
      `restored from its newest whole backup at ${new Date(clock.now()).toISOString()}`,
    );
    await clock.run(24 * 3_600_000 + 1);
    expect(file.detail).toBeUndefined();
  });

  test("without a whole backup stays as it is, and that is said", async () => {
    writeFileSync(path(), "");
    expect(await file.mend()).toBe(false);
    expect(said).toEqual(["claude.config_damaged"]);
  });
});
