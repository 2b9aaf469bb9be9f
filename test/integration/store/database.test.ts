import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { openDatabase } from "../../../server/store/database.ts";
import { type Migration, migrations } from "../../../server/store/migrations.ts";
import { openStore, renewEpoch } from "../../../server/store/store.ts";
import { aMessage, append, aSession, StandingClock } from "./fixture.ts";

const newest = migrations.at(-1)!.version;
const next = newest + 1;
const addColumn: Migration = {
  version: next,
  apply: (connection) => {
    connection.exec("ALTER TABLE sessions ADD COLUMN colour TEXT");
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-database-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("openDatabase", () => {
  test("syncs every commit to the disk, in write-ahead mode, with references checked", () => {
    const connection = openDatabase({ dataDir: folder });
    expect(connection.pragma("synchronous", { simple: true })).toBe(2);
    expect(connection.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(connection.pragma("foreign_keys", { simple: true })).toBe(1);
    connection.close();
  });

  test("keeps at most 4 MB of the database's pages in memory", () => {
    const connection = openDatabase({ dataDir: folder });
    expect(connection.pragma("cache_size", { simple: true })).toBe(-4_000);
    connection.close();
  });

  test("makes the folder for the owner alone, and its files too", () => {
    const dataDir = join(folder, "data");
    const store = openStore({ dataDir, clock: new StandingClock() });
    store.sessions.insert(aSession());
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect(readdirSync(dataDir).sort()).toEqual(["daylong.db", "daylong.db-shm", "daylong.db-wal"]);
    for (const name of readdirSync(dataDir)) {
      expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
    }
    store.close();
  });

  test("copies a database before it migrates it, and keeps what is in it", () => {
    const path = join(folder, "daylong.db");
    const session = aSession();
    const before = openStore({ path, clock: new StandingClock() });
    before.sessions.insert(session);
    before.close();

    openDatabase({ path, migrations: [...migrations, addColumn] }).close();

    const copy = new Database(`${path}.before-v${next}`, { readonly: true });
    expect(copy.pragma("user_version", { simple: true })).toBe(newest);
    expect(copy.prepare("SELECT session_id FROM sessions").pluck().all()).toEqual([session.sessionId]);
    copy.close();
    expect(statSync(`${path}.before-v${next}`).mode & 0o777).toBe(0o600);
    const after = new Database(path, { readonly: true });
    expect(after.pragma("user_version", { simple: true })).toBe(next);
    expect(after.prepare("SELECT session_id, colour FROM sessions").all()).toEqual([
      { session_id: session.sessionId, colour: null },
    ]);
    after.close();
  });

  test("makes no copy of a new database, nor of one that is up to date", () => {
    openDatabase({ dataDir: folder }).close();
    openDatabase({ dataDir: folder }).close();
    expect(readdirSync(folder).filter((name) => name.includes("before"))).toEqual([]);
  });

  test("leaves a database as it was when a migration fails, and migrates it the next time", () => {
    const path = join(folder, "daylong.db");
    openDatabase({ path }).close();
    const broken: Migration = {
      version: next,
      apply: (connection) => {
        addColumn.apply(connection);
        throw new Error("half way");
      },
    };
    expect(() => openDatabase({ path, migrations: [...migrations, broken] })).toThrow("half way");
    const untouched = openDatabase({ path });
    expect(untouched.pragma("user_version", { simple: true })).toBe(newest);
    expect(() => untouched.prepare("SELECT colour FROM sessions")).toThrow(/no such column/);
    untouched.close();
    const migrated = openDatabase({ path, migrations: [...migrations, addColumn] });
    expect(migrated.pragma("user_version", { simple: true })).toBe(next);
    migrated.close();
  });

  test("refuses a migration that leaves references to nothing", () => {
    const path = join(folder, "daylong.db");
    const store = openStore({ path, clock: new StandingClock() });
    store.sessions.insert(aSession());
    store.close();
    const careless: Migration = {
      version: next,
      apply: (connection) => connection.exec("DELETE FROM sessions"),
    };
    expect(() => openDatabase({ path, migrations: [...migrations, careless] })).toThrow(/refer to nothing/);
  });

  test("refuses a database that is newer than the program, and touches nothing", () => {
    const path = join(folder, "daylong.db");
    openDatabase({ path, migrations: [...migrations, addColumn] }).close();
    expect(() => openDatabase({ path })).toThrow(
      expect.objectContaining({
        code: "storage_failed",
        message: expect.stringMatching(`daylong\\.db has version ${next}.*up to ${newest}`),
      }),
    );
    expect(existsSync(`${path}.before-v${newest}`)).toBe(false);
  });

  test("O17: a downgrade is refused with the way back, which works", () => {
    const path = join(folder, "daylong.db");
    const before = openStore({ path, clock: new StandingClock() });
    before.sessions.insert(aSession());
    before.close();
    openDatabase({ path, migrations: [...migrations, addColumn] }).close();
    const refusal = () => openDatabase({ path });
    expect(refusal).toThrow(`rename daylong.db.before-v${next} to daylong.db`);
    for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    renameSync(`${path}.before-v${next}`, path);
    const after = openStore({ path, clock: new StandingClock() });
    expect(after.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
    after.close();
    openDatabase({ path, migrations: [...migrations, addColumn] }).close();
    rmSync(`${path}.before-v${next}`);
    expect(refusal).toThrow(/there is none beside it, so restore a backup \(daylong restore FILE\)/);
  });

  test("says storage_failed when the data folder cannot be made", () => {
    const path = join(folder, "a-file");
    writeFileSync(path, "");
    expect(() => openDatabase({ dataDir: join(path, "data") })).toThrow(
      expect.objectContaining({ code: "storage_failed" }),
    );
  });

  test("F20: refuses a file that is not a database with storage_failed", () => {
    const path = join(folder, "daylong.db");
    writeFileSync(path, "This is a letter, and a long one, not a database at all. ".repeat(50));
    expect(() => openDatabase({ path })).toThrow(expect.objectContaining({ code: "storage_failed" }));
  });
});

describe("renewEpoch", () => {
  test("gives a restored database another epoch and keeps its events", () => {
    const path = join(folder, "daylong.db");
    const session = aSession();
    const before = openStore({ path, clock: new StandingClock() });
    before.sessions.insert(session);
    append(before, aMessage(session.sessionId));
    before.close();
    const epoch = renewEpoch({ path });
    const after = openStore({ path, clock: new StandingClock() });
    expect(epoch).not.toBe(before.events.epoch);
    expect(after.events.epoch).toBe(epoch);
    expect(after.events.tip()).toBe(1);
    after.close();
  });

  test("O05: forgets the processes of the server that it was copied from, which may run there still", () => {
    const path = join(folder, "daylong.db");
    const store = openStore({ path, clock: new StandingClock() });
    store.processes.open({ processId: "p", sessionId: "s", pid: null, startTicks: null, startedAt: 1 });
    store.processes.started("p", 4711, "9");
    expect(store.processes.unended()).toHaveLength(1);
    store.close();
    renewEpoch({ path });
    const after = openStore({ path, clock: new StandingClock() });
    expect(after.processes.unended()).toEqual([]);
    after.close();
  });
});
