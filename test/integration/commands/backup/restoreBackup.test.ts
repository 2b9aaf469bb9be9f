import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { holdDataFolder } from "../../../../server/app/openFolders.ts";
import { startOfPid } from "../../../../server/claude/os/processTable.ts";
import { readBackup } from "../../../../server/commands/backup/backupFile.ts";
import { makeBackup } from "../../../../server/commands/backup/makeBackup.ts";
import { restoreBackup } from "../../../../server/commands/backup/restoreBackup.ts";
import { TarWriter } from "../../../../server/commands/backup/tar.ts";
import { Closers } from "../../../../server/platform/closers.ts";
import { lockFolder } from "../../../../server/platform/filesystem/folderLock.ts";
import { openDatabase } from "../../../../server/store/database.ts";
import { migrations } from "../../../../server/store/migrations.ts";
import { openStore } from "../../../../server/store/store.ts";
import { aMessage, append, aSession, StandingClock } from "../../store/fixture.ts";

const now = Date.UTC(2026, 10, 28, 9, 30);
const attachmentId = "0b9a3b52-6d7c-4a3e-8f10-3c9d1f0e7a64";
let around: string;
let source: string;
let target: string;
let file: string;

/** A data folder with a session of so many messages, keys and an attachment. */
function fill(dataDir: string, messages: number, word: string): string {
  const store = openStore({ dataDir, clock: new StandingClock() });
  const session = aSession();
  store.sessions.insert(session);
  for (let count = 0; count < messages; count++) append(store, aMessage(session.sessionId));
  const { epoch } = store.events;
  store.close();
  writeFileSync(join(dataDir, "admin-token"), `${word}-token\n`, { mode: 0o600 });
  writeFileSync(join(dataDir, "vapid-keys.json"), `{"of":"${word}"}`, { mode: 0o600 });
  writeFileSync(join(dataDir, "AuthKey_ABC.p8"), `${word} key`, { mode: 0o600 });
  writeFileSync(join(dataDir, ".env"), `LOG_LEVEL=debug # ${word}\n`, { mode: 0o600 });
  mkdirSync(join(dataDir, "attachments"));
  writeFileSync(join(dataDir, "attachments", attachmentId), `${word} picture`);
  writeFileSync(join(dataDir, "attachments", `${attachmentId}.part`), "half");
  return epoch;
}

/** Puts a CLI process on record that was not seen to its end. */
function record(dataDir: string, processId: string, pid: number): void {
  const store = openStore({ dataDir, clock: new StandingClock() });
  store.processes.open({ processId, sessionId: "any", pid, startTicks: startOfPid(pid), startedAt: now });
  store.close();
}

beforeEach(() => {
  around = mkdtempSync(join(tmpdir(), "daylong-backup-"));
  source = join(around, "source");
  target = join(around, "target");
  file = join(around, "daylong.tar");
});
afterEach(() => rmSync(around, { recursive: true, force: true }));

const back = (dataDir = source) => makeBackup({ dataDir, file, replace: false, version: "1.2.3", now });
const restore = () => restoreBackup({ file, dataDir: target, now });
/** Every file of a folder with its hash; the lock's is SQLite's business. */
const pictureOf = (dir: string): string[] =>
  existsSync(dir)
    ? (readdirSync(dir, { recursive: true }) as string[])
        .filter((name) => name !== "server.lock" && statSync(join(dir, name)).isFile())
        .map(
          (name) =>
            `${name} ${createHash("sha256")
              .update(readFileSync(join(dir, name)))
              .digest("hex")}`,
        )
        .sort()
    : [];
const eventsOf = (dataDir: string) => {
  const store = openStore({ dataDir, clock: new StandingClock() });
  const found = { tip: store.events.tip(), epoch: store.events.epoch };
  store.close();
  return found;
};

describe("O05: a backup and what comes of it", () => {
  test("O05: holds database, keys, token and whole attachments in one file for the owner alone", () => {
    const epoch = fill(source, 3, "old");
    const made = back();
    expect(made).toMatchObject({ version: "1.2.3", createdAt: now, epoch });
    expect(made.entries.map(({ name }) => name).sort()).toEqual(
      [
        ".env",
        "AuthKey_ABC.p8",
        "admin-token",
        `attachments/${attachmentId}`,
        "daylong.db",
        "vapid-keys.json",
      ].sort(),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(around).sort()).toEqual(["daylong.tar", "source"]);
    expect(() => back()).toThrow(/is there already.*--replace/);
    expect(readBackup(file)).toMatchObject({ epoch });
  });

  test("O05: restored into an empty place it is the same but for its epoch, and nothing lies about", () => {
    const epoch = fill(source, 3, "old");
    back();
    const { epoch: renewed, kept } = restore();
    expect(kept).toBeUndefined();
    expect(eventsOf(target)).toEqual({ tip: 3, epoch: renewed });
    expect(renewed).not.toBe(epoch);
    expect(readFileSync(join(target, "attachments", attachmentId), "utf8")).toBe("old picture");
    expect(readFileSync(join(target, "admin-token"), "utf8")).toBe("old-token\n");
    expect(readFileSync(join(target, ".env"), "utf8")).toContain("old");
    for (const name of ["daylong.db", "admin-token", "vapid-keys.json"])
      expect([name, statSync(join(target, name)).mode & 0o777]).toEqual([name, 0o600]);
    expect(statSync(target).mode & 0o777).toBe(0o700);
    expect(readdirSync(target).filter((name) => /restore|before/.test(name))).toEqual([]);
  });

  test("O05: keeps what it replaces, and the settings of this computer stay", () => {
    fill(source, 3, "old");
    back();
    fill(target, 7, "new");
    const before = eventsOf(target);
    const { kept } = restore();
    expect(eventsOf(target).tip).toBe(3);
    expect(kept).toMatch(/before-restore-20261128T093000Z$/);
    expect(eventsOf(kept!)).toEqual(before);
    expect(readFileSync(join(kept!, "attachments", attachmentId), "utf8")).toBe("new picture");
    expect(readFileSync(join(target, ".env"), "utf8")).toContain("new");
    expect(readFileSync(join(target, ".env.restored"), "utf8")).toContain("old");
  });

  test("O05 F10: processes that a killed server of the folder left are on record for the next start, and those of the backup's are not", () => {
    fill(source, 1, "old");
    record(source, "of-the-backup", process.pid);
    back();
    fill(target, 2, "new");
    record(target, "left-here", process.pid);
    record(target, "gone-since", 2 ** 22);
    expect(restore().leftRunning).toBe(1);
    const store = openStore({ dataDir: target, clock: new StandingClock() });
    try {
      expect(store.processes.unended()).toEqual([
        expect.objectContaining({
          processId: "left-here",
          pid: process.pid,
          startTicks: startOfPid(process.pid),
        }),
        expect.objectContaining({ processId: "gone-since" }),
      ]);
    } finally {
      store.close();
    }
  });

  test("O05: a database that cannot be read any more is replaced all the same", () => {
    fill(source, 3, "old");
    back();
    fill(target, 2, "new");
    writeFileSync(join(target, "daylong.db"), "no database at all");
    expect(restore()).toMatchObject({ leftRunning: 0 });
    expect(eventsOf(target).tip).toBe(3);
  });

  test("O05 V13: Apple's token goes along, and one that is there stays, because it is newer", () => {
    fill(source, 1, "old");
    writeFileSync(join(source, "apns-token.json"), "old token");
    back();
    restore();
    expect(readFileSync(join(target, "apns-token.json"), "utf8")).toBe("old token");
    writeFileSync(join(target, "apns-token.json"), "newer token");
    restore();
    expect(readFileSync(join(target, "apns-token.json"), "utf8")).toBe("newer token");
  });

  test("O05: a backup of an older program is brought up to date on its way", () => {
    mkdirSync(source);
    openDatabase({ dataDir: source, migrations: migrations.slice(0, -1) }).close();
    expect(back().schemaVersion).toBe(migrations.length - 1);
    restore();
    expect(openDatabase({ dataDir: target }).pragma("user_version", { simple: true })).toBe(
      migrations.length,
    );
    expect(readdirSync(target).filter((name) => name.includes("before-v"))).toEqual([]);
  });
});

describe("O05: what is refused leaves everything as it is", () => {
  const refused = (words: RegExp) => {
    const before = pictureOf(target);
    expect(restore).toThrow(words);
    expect(pictureOf(target)).toEqual(before);
  };

  test("O05: a byte that has changed anywhere is found, or is in the filling between the files", () => {
    fill(source, 1, "old");
    fill(target, 2, "new");
    back();
    const whole = readFileSync(file);
    const manifest = JSON.stringify(readBackup(file));
    let found = 0;
    const step = Math.floor(whole.length / 150);
    for (let at = 0; at < whole.length; at += step) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ 0x41;
      writeFileSync(file, damaged);
      try {
        expect(JSON.stringify(readBackup(file))).toBe(manifest);
      } catch (error) {
        if (!/damaged|no backup/.test(String(error))) throw error;
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(140);
    const damaged = Buffer.from(whole);
    damaged[2_000] = damaged[2_000]! ^ 0x41;
    writeFileSync(file, damaged);
    refused(/is damaged: what is in it is not what was put into it/);
  });

  test("O05: a file that was cut, a letter, a database, and an archive of somebody else's", () => {
    fill(source, 1, "old");
    fill(target, 2, "new");
    back();
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 4_000));
    refused(/damaged: It ends too early/);
    writeFileSync(file, "Dear Sir or Madam, this is a letter. ".repeat(100));
    refused(/no backup of Daylong's/);
    writeFileSync(file, readFileSync(join(source, "daylong.db")));
    refused(/no backup of Daylong's/);
    for (const name of ["notes.txt", "../../evil", "attachments/../../evil", "/etc/evil", ".env/x"]) {
      rmSync(file);
      const writer = new TarWriter(file, now);
      writer.addFile(name, join(source, ".env"));
      writer.end();
      writer.close();
      refused(/which no backup has/);
    }
    rmSync(file);
    refused(/is not there/);
  });

  /** A tar file of entries of our own making. */
  const tarOf = (entries: ReadonlyArray<readonly [name: string, content: string]>) => {
    rmSync(file, { force: true });
    const writer = new TarWriter(file, now);
    for (const [name, content] of entries) writer.addText(name, content);
    writer.end();
    writer.close();
  };

  test("O05: a file that names an entry twice, or one of a size below nothing", () => {
    fill(target, 2, "new");
    tarOf([
      ["daylong.db", "one"],
      ["daylong.db", "two"],
    ]);
    refused(/It holds daylong\.db twice/);
    tarOf([["daylong.db", "one"]]);
    const bytes = readFileSync(file);
    bytes.write("-0000000007\0", 124);
    const sum = bytes
      .subarray(0, 512)
      .reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    writeFileSync(file, bytes);
    refused(/It holds other things than plain files/);
  });

  test("O05: a file that every user of the computer can write, and what is no file", () => {
    fill(source, 1, "old");
    fill(target, 2, "new");
    back();
    chmodSync(file, 0o666);
    refused(/can be written by every user.*chmod 600/);
    rmSync(file);
    mkdirSync(file);
    refused(/is no file/);
  });

  test("O05: a link to nowhere in the place of the backup is not replaced", () => {
    fill(source, 1, "old");
    symlinkSync(join(around, "nowhere"), file);
    expect(() => back()).toThrow(/is there already/);
    expect(readlinkSync(file)).toBe(join(around, "nowhere"));
    expect(readdirSync(around).sort()).toEqual(["daylong.tar", "source"]);
    makeBackup({ dataDir: source, file, replace: true, version: "1", now });
    expect(lstatSync(file).isFile()).toBe(true);
    expect(existsSync(join(around, "nowhere"))).toBe(false);
  });

  test("O05: a backup of a newer program, and one whose database is not whole", () => {
    fill(target, 2, "new");
    const next = { version: migrations.length + 1, apply: () => {} };
    mkdirSync(source);
    openDatabase({ dataDir: source, migrations: [...migrations, next] }).close();
    back();
    refused(/has version \d+; this program knows versions up to \d+\. Install/);
  });

  test("O05: while a server uses the folder, and a damaged database is not backed up at all", () => {
    fill(source, 1, "old");
    back();
    fill(target, 2, "new");
    const lock = lockFolder(target);
    try {
      refused(/Another Daylong server uses the data folder/);
    } finally {
      lock.release();
    }
    const database = readFileSync(join(source, "daylong.db"));
    database.fill(0x5a, 4_096, 60_000);
    writeFileSync(join(source, "daylong.db"), database);
    const other = join(around, "other.tar");
    expect(() => makeBackup({ dataDir: source, file: other, replace: false, version: "1", now })).toThrow(
      /damaged|malformed/,
    );
    expect(existsSync(other)).toBe(false);
  });

  test("O05: a restore that was broken off in the middle is noticed by the next start", async () => {
    fill(target, 2, "new");
    writeFileSync(join(target, "restore-in-progress"), "/somewhere/before-restore-1\n");
    const closers = new Closers();
    try {
      expect(() => holdDataFolder(target, closers)).toThrow(/was broken off.*before-restore-1 back/);
    } finally {
      await closers.close();
    }
    fill(source, 1, "old");
    back();
    restore();
    expect(existsSync(join(target, "restore-in-progress"))).toBe(false);
  });
});
