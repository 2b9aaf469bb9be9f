import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { wireDelivery } from "../../../server/app/wireDelivery.ts";
import type { Connection } from "../../../server/delivery/sockets/connections.ts";
import { Replay } from "../../../server/delivery/sockets/replay.ts";
import { Closers } from "../../../server/platform/closers.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { aDevice, aSession } from "../../integration/store/fixture.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemoryPush } from "../../support/push/memoryPush.ts";
import { MemoryWords } from "../../unit/delivery/memoryLog.ts";

/** What somebody was told, as a question to the database of which the answer must be 1. */
interface Told {
  what: string;
  query: string;
  parameters: unknown[];
}

/**
 * A disk that keeps nothing but what it has confirmed: of the database's files it has the bytes that they had when the last
 * sync that was answered began.
 */
class HonestDisk {
  readonly #folder: string;
  readonly #path: string;
  #kept: [Buffer, Buffer] | undefined;
  #told: Told[] = [];
  #underway: Array<() => void> = [];
  lost: string[] = [];
  checked = 0;
  syncs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, "daylong.db");
  }

  /** Set: nobody confirms any more, and a stop is not to wait for it. */
  isOnItsOwn = false;

  sync = (_fd: number, done: (error: Error | null) => void): void => {
    if (this.isOnItsOwn) {
      setImmediate(() => done(null));
      return;
    }
    const files = this.#files();
    this.#underway.push(() => {
      this.loseThePower();
      this.#kept = files;
      this.syncs += 1;
      done(null);
    });
  };

  get isAsked(): boolean {
    return this.#underway.length > 0;
  }

  /** Confirms the oldest sync that it was asked for. */
  confirm(): void {
    this.#underway.shift()?.();
  }

  tell(told: Told): void {
    this.#told.push(told);
  }

  /** Whether what was told since it last confirmed something is among what it would have now. */
  loseThePower(): void {
    const told = this.#told.splice(0);
    if (told.length === 0) return;
    this.#kept ??= this.#files();
    const after = join(this.#folder, "after.db");
    writeFileSync(after, this.#kept[0]);
    writeFileSync(`${after}-wal`, this.#kept[1]);
    const database = new Database(after);
    for (const { what, query, parameters } of told) {
      this.checked += 1;
      if (
        database
          .prepare(query)
          .pluck()
          .get(...parameters) !== 1
      )
        this.lost.push(what);
    }
    database.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${after}${suffix}`, { force: true });
  }

  #files(): [Buffer, Buffer] {
    return [readFileSync(this.#path), readFileSync(`${this.#path}-wal`)];
  }
}

describe("V1 V2: what was acknowledged, shown or pushed is still there after a power loss", () => {
  let folder: string;
  let closers: Closers;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-power-"));
    closers = new Closers();
  });
  afterEach(async () => {
    await closers.close();
    rmSync(folder, { recursive: true });
  });

  async function day(seed: number, store: (disk: HonestDisk, clock: ManualClock) => OpenStore) {
    const chance = new Chance(seed);
    const clock = new ManualClock();
    const disk = new HonestDisk(folder);
    const database = store(disk, clock);
    closers.push(() => database.close());
    const log = new MemoryWords();
    const push = new MemoryPush().otherwise((request) => {
      disk.tell({
        what: `a push about the event ${request.content.cursor}`,
        // Its claim may be lost: the delivery is due again then, under the same id.
        query: `SELECT count(*) FROM deliveries d JOIN events e ON e.cursor = d.cursor
          WHERE delivery_id = ? AND d.cursor = ? AND d.state IN ('pending', 'sent', 'acked')`,
        parameters: [request.deliveryId, request.content.cursor],
      });
      return { outcome: "sent", apnsId: request.deliveryId, status: 200, latencyMs: 1 };
    });
    const delivery = wireDelivery(
      {
        database,
        push,
        clock,
        log,
        defaultEnvironment: "production",
        settings: { config: { pushGraceMs: 1_000 } } as never,
      },
      closers,
    );
    const { store: planned, connections, outboxSender, feed } = delivery;
    outboxSender.start();
    const replay = new Replay({
      events: planned.events,
      devices: planned.devices,
      connections,
      feed,
      clock,
      log,
    });

    const sessionIds = [randomUUID(), randomUUID()];
    for (const sessionId of sessionIds) planned.sessions.insert(aSession({ sessionId }));
    const phones = ["awake", "asleep"].map((name) => {
      const device = aDevice({
        push: { provider: "apns", token: name, environment: "production", registeredAt: 0 },
      });
      planned.devices.insert(device, `hash of ${name}`);
      const cursors: number[] = [];
      let connection: Connection | undefined;
      const take = (text: string) => {
        const frame = JSON.parse(text);
        if (frame.type === "event") {
          cursors.push(frame.event.cursor);
          const { cursor, data } = frame.event;
          disk.tell({
            what: `the event ${cursor}`,
            query: "SELECT count(*) FROM events WHERE cursor = ? AND data = ?",
            parameters: [cursor, JSON.stringify(data)],
          });
        }
        if (frame.type === "result") {
          disk.tell({
            what: `the ack of ${frame.cursor}`,
            query: "SELECT acked_cursor >= ? FROM devices WHERE device_id = ?",
            parameters: [frame.cursor, device.deviceId],
          });
        }
      };
      return {
        cursors,
        connect: async () => {
          if (connection !== undefined) return;
          connection = {
            deviceId: device.deviceId,
            send: take,
            bufferedBytes: () => 0,
            close: () => {},
          };
          connections.add(connection);
          await Promise.race([
            replay.resume(connection, { cursor: cursors.at(-1) ?? 0, epoch: planned.events.epoch }),
            Promise.resolve(),
          ]);
        },
        leave: () => {
          if (connection) connections.remove(connection);
          connection = undefined;
        },
        ack: () => {
          if (connection === undefined || cursors.length === 0) return;
          const cursor = outboxSender.acknowledge(device.deviceId, cursors.at(-1)!);
          connections.deliver(connection, JSON.stringify({ type: "result", cursor }));
        },
      };
    });

    const commit = () =>
      planned.transaction(() =>
        planned.events.append({
          sessionId: chance.pick(sessionIds)!,
          type: "turn.completed",
          turnId: randomUUID(),
          data: {
            messageId: randomUUID(),
            text: "x".repeat(chance.between(1, 5_000)),
            costUsd: 0,
            durationMs: 1,
            numTurns: 1,
            usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 },
          },
        }),
      );
    await phones[0]!.connect();
    for (let step = 0; step < 150; step += 1) {
      const phone = chance.pick(phones)!;
      const act = chance.weighted<() => unknown>([
        [4, commit],
        [3, () => disk.confirm()],
        [2, () => phone.ack()],
        [2, () => clock.run(chance.between(1, 800))],
        [1, () => phone.connect()],
        [1, () => phone.leave()],
      ]);
      await act();
    }
    // The disk comes after, and everybody hears everything.
    await Promise.all(phones.map((phone) => phone.connect()));
    for (let round = 0; round < 40; round += 1) {
      while (disk.isAsked) disk.confirm();
      await clock.run(200);
    }
    disk.loseThePower();
    disk.isOnItsOwn = true;
    while (disk.isAsked) disk.confirm();
    return { disk, push, phones, tip: planned.events.tip() };
  }

  test.each(seedsFrom(1, 10))("V1 V2 (seed %i) over 150 steps", async (seed) => {
    const { disk, push, phones, tip } = await day(seed, (one, clock) =>
      openStore({ dataDir: folder, clock, beside: { onFault: () => {}, sync: one.sync } }),
    );
    expect(disk.lost).toEqual([]);
    expect(disk.checked).toBeGreaterThan(50);
    expect(disk.syncs).toBeGreaterThan(10);
    expect(push.requests.length).toBeGreaterThan(0);
    for (const phone of phones)
      expect(phone.cursors).toEqual(Array.from({ length: tip }, (_, index) => index + 1));
  });

  test("the check can fail: a store that does not wait for the disk loses what it told", async () => {
    const { disk } = await day(1, (one, clock) => {
      const store = openStore({ dataDir: folder, clock, beside: { onFault: () => {}, sync: one.sync } });
      return Object.defineProperty(store, "whenDurable", { value: (tell: () => void) => tell() });
    });
    expect(disk.lost.length).toBeGreaterThan(5);
  });
});
