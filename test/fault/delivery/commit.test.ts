import { execFileSync } from "node:child_process";
import { fdatasync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { systemClock } from "../../../server/platform/clock.ts";
import { openDatabase } from "../../../server/store/database.ts";
import { migrations } from "../../../server/store/migrations.ts";
import { openStore } from "../../../server/store/store.ts";
import { aDevice } from "../../integration/store/fixture.ts";
import { seedsFrom } from "../../support/chance.ts";
import { Torture } from "../../torture/torture.ts";

describe("V1 V3 V6 V7 V10: the commit precedes every ack, frame and push", () => {
  test.each(seedsFrom(1, 1))(
    "V1 (seed %i) messages of fourteen devices while the server is killed four times: what was accepted, shown or pushed is in the database",
    async (seed) => {
      process.stdout.write(`V1: seed ${seed}\n`);
      const report = await new Torture({
        kills: 4,
        rate: 30,
        seed,
        longestLifeMs: 1_500,
        mostMs: 60_000,
      }).run();
      process.stdout.write(
        `V1: ${report.kills} kills, ${report.accepted} accepted, ${report.events} events, ${report.pushes} pushes\n`,
      );
      expect(report.broken).toEqual([]);
      expect(report.accepted).toBeGreaterThan(50);
      expect(report.ends["turn.completed"]).toBeGreaterThan(20);
      expect(report.pushes).toBeGreaterThan(50);
      expect(report.duplicateAnswers).toBeGreaterThan(0);
    },
    // A minute of kills at most, two until all is at rest, and the boots: the run says what went wrong, not the deadline.
    300_000,
  );

  test("scripts/torture says what it does", () => {
    expect(execFileSync("scripts/torture", ["--help"], { encoding: "utf8" })).toContain(
      "scripts/torture [--kills",
    );
  });
});

describe("V2: acked data survives a power loss", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-durable-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const levels = (path: string) => {
    const connection = openDatabase({ path });
    const [synchronous] = connection.pragma("synchronous") as Array<{ synchronous: number }>;
    const mode = connection.pragma("journal_mode", { simple: true });
    connection.close();
    return [synchronous?.synchronous, mode];
  };

  test("V2 every connection syncs every commit: to a new file, an old one, one of an older schema, and one left in another mode", () => {
    const path = join(folder, "new.db");
    expect(levels(path)).toEqual([2, "wal"]);
    expect(levels(path)).toEqual([2, "wal"]);

    const old = join(folder, "old.db");
    openDatabase({ path: old, migrations: migrations.slice(0, 1) }).close();
    expect(levels(old)).toEqual([2, "wal"]);

    // Somebody has looked into it with another program.
    const other = new Database(path);
    other.pragma("journal_mode = DELETE");
    other.pragma("synchronous = OFF");
    other.close();
    expect(levels(path)).toEqual([2, "wal"]);
  });

  test("V2 the server's own connection hands the syncs over, whole: nothing is told before they are made, and whoever folds the log syncs", async () => {
    const path = join(folder, "beside.db");
    let syncs = 0;
    const store = openStore({
      path,
      clock: systemClock,
      beside: {
        onFault: () => {},
        sync: (fd, done) => {
          syncs += 1;
          fdatasync(fd, done);
        },
      },
    });
    const device = aDevice();
    store.devices.insert(device, "hash");
    await new Promise<void>((resolve) => store.whenDurable(resolve));
    syncs = 0;
    // By a transaction, by a statement of its own, and by one that returns what it wrote.
    const writes = [
      () => store.transaction(() => store.settings.set("one", 1)),
      () => store.settings.set("two", 2),
      () => store.devices.ack(device.deviceId, 1),
    ];
    for (const [index, write] of writes.entries()) {
      let isTold = false;
      write();
      const told = new Promise<void>((resolve) =>
        store.whenDurable(() => {
          isTold = true;
          resolve();
        }),
      );
      expect(isTold).toBe(false);
      await told;
      expect(syncs).toBe(index + 1);
    }
    store.close();
    expect(levels(path)).toEqual([2, "wal"]);
  });

  test("V2 the store has no other way to a database than that one", () => {
    const server = resolve("server");
    const openers = (readdirSync(server, { recursive: true }) as string[]).filter(
      (path) => path.endsWith(".ts") && /new Database\(/.test(readFileSync(join(server, path), "utf8")),
    );
    // The lock holds no data: its file is empty but for a table that says when it was taken. Backups read, and write copies.
    expect(openers.sort()).toEqual([
      "platform/filesystem/folderLock.ts",
      "store/copies.ts",
      "store/database.ts",
    ]);
    const opened = readFileSync(join(server, "store/database.ts"), "utf8");
    expect(opened.match(/new Database\(/g)).toHaveLength(1);
  });

  test("V2 a file system that cannot keep a write-ahead log is refused instead of trusted", () => {
    const path = join(folder, "held.db");
    const holder = new Database(path);
    holder.exec("CREATE TABLE held (at INTEGER)");
    // A reader in rollback mode keeps the file from going over to the log, as a file system without shared memory does.
    holder.exec("BEGIN; SELECT * FROM held");
    expect(() => openDatabase({ path })).toThrow(expect.objectContaining({ code: "storage_failed" }));
    holder.close();
  });
});
