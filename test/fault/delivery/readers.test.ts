import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Rig } from "../../integration/socket/rig.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { startRelay } from "../../support/server/relay.ts";
import type { SocketClient } from "../../support/server/socketClient.ts";

let rig: Rig;
let calm: Rig | undefined;
afterEach(async () => {
  await rig.close();
  await calm?.close();
  calm = undefined;
});

const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
/** A text that compression leaves as long as it is, nearly. */
const noise = (chars: number): string => randomBytes(chars).toString("base64").slice(0, chars);
/** What nine of ten stay below. */
const p90 = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.9)]!;

describe("V8 D07 a slow reader", () => {
  test.each(seedsFrom(1, 1))(
    "V8 (seed %i) is closed at 1 MB and resumes whole; the others wait for an event as long as where nobody is slow",
    async (seed) => {
      process.stdout.write(`V8: seed ${seed}\n`);
      const chance = new Chance(seed);
      rig = await Rig.open();
      // The same beside it without a slow one, turn by turn: whatever else this machine does meanwhile slows both.
      calm = await Rig.open();
      for (const one of [rig, calm]) one.pair("phone");
      const [sessionId, calmSession] = [await rig.session(), await calm.session()];
      const first = rig.store.events.tip() + 1;
      const readers = (of: Rig, count: number) =>
        Promise.all(Array.from({ length: count }, () => of.connect({ token: "phone" })));
      const [slow, ...others] = await readers(rig, 4);
      const calmReaders = await readers(calm, 3);
      /** How long each of the readers waits for a commit's event, ms. */
      const waits = async (of: Rig, session: string, clients: SocketClient[], text: string) => {
        const startedAt = performance.now();
        const tip = of.say(session, 1, text);
        return Promise.all(
          clients.map(async (client) => {
            await client.waitForCursor(tip);
            return performance.now() - startedAt;
          }),
        );
      };
      slow!.socket.pause();
      const beside: number[] = [];
      const alone: number[] = [];
      // The operating system's own buffers take megabytes before anything is unsent.
      for (let round = 0; round < 600 && rig.connections.count === 4; round += 1) {
        const text = noise(chance.between(50_000, 100_000));
        beside.push(...(await waits(rig, sessionId, others, text)));
        alone.push(...(await waits(calm, calmSession, calmReaders, text)));
      }
      expect(rig.connections.count).toBe(3);
      expect(beside.length).toBeGreaterThan(20);
      // A reader that waited for the slow one would wait for ever.
      expect(p90(beside)).toBeLessThan(3 * p90(alone) + 20);
      slow!.socket.resume();
      expect(await slow!.waitForClose()).toMatchObject({ code: 4408 });
      const tip = rig.say(sessionId, 3);
      const had = slow!.cursors;
      const cursor = first + had.length - 1;
      expect(had).toEqual(upTo(cursor, first));
      expect(cursor).toBeLessThan(tip);
      const back = await rig.connect({ token: "phone", cursor, epoch: rig.store.events.epoch });
      await back.waitForCursor(tip);
      expect([...had, ...back.cursors]).toEqual(upTo(tip, first));
      for (const client of others) {
        await client.waitForCursor(tip);
        expect(client.cursors).toEqual(upTo(tip, first));
      }
    },
  );

  test("V8 gets a backlog of many megabytes at its own pace, without being closed", async () => {
    rig = await Rig.open();
    rig.pair("phone");
    const sessionId = await rig.session();
    const tip = rig.say(sessionId, 300, noise(100_000));
    const slow = await rig.connect({ token: "phone", cursor: 0, silent: true });
    slow.send({ type: "hello", token: "phone", cursor: 0 });
    await slow.waitForType("event");
    slow.socket.pause();
    rig.say(sessionId, 3);
    slow.socket.resume();
    await slow.waitForCursor(tip + 3);
    expect(slow.cursors).toEqual(upTo(tip + 3));
  });
});

describe("V9 D08 a socket that went dark", () => {
  const ping = async (client: SocketClient, ref: string): Promise<void> => {
    client.send({ type: "ping", ref });
    await client.waitForRef(ref);
  };

  test("V9 a blackholed socket is found within 35 s of silence, and what follows is pushed at once", async () => {
    const clock = new ManualClock();
    rig = await Rig.open({ clock });
    rig.pair("phone", "chat", true);
    rig.pair("tablet");
    const sessionId = await rig.session();
    const relay = await startRelay(rig.port);
    try {
      const dark = await rig.connect({ token: "phone", url: `ws://127.0.0.1:${relay.port}/ws` });
      const alive = await rig.connect({ token: "tablet" });
      await ping(dark, "last");
      relay.blackhole();
      for (let second = 0; second < 35; second += 1) {
        expect(rig.connections.isLive("device-phone")).toBe(true);
        clock.advance(1_000);
        // Each ping is answered before the next one is due, as on any network that works.
        await ping(alive, String(second));
      }
      expect(rig.connections.isLive("device-phone")).toBe(false);
      expect(rig.connections.isLive("device-tablet")).toBe(true);
      const caller = { deviceId: "local", scope: "admin" } as const;
      const { turnId } = rig.pool.submitNow({ caller, message: "Hi", sessionId });
      await rig.pool.complete(turnId);
      await clock.run(1);
      expect(rig.push.requests.map(({ target }) => target)).toMatchObject([{ token: "apns-phone" }]);
    } finally {
      await relay.close();
    }
  });

  test("V9 what was sent into the dark before it was found is pushed after the grace, and comes again on resume", async () => {
    const clock = new ManualClock();
    rig = await Rig.open({ clock });
    rig.pair("phone", "chat", true);
    const sessionId = await rig.session();
    const relay = await startRelay(rig.port);
    try {
      const dark = await rig.connect({ token: "phone", url: `ws://127.0.0.1:${relay.port}/ws` });
      dark.send({ type: "ack", ref: "a", cursor: rig.store.events.tip() });
      await dark.waitForRef("a");
      relay.blackhole();
      const caller = { deviceId: "local", scope: "admin" } as const;
      const { turnId } = rig.pool.submitNow({ caller, message: "Hi", sessionId });
      await rig.pool.complete(turnId);
      await clock.run(2_999);
      expect(rig.push.requests).toHaveLength(0);
      await clock.run(1);
      expect(rig.push.requests).toHaveLength(1);
      const back = await rig.connect({ token: "phone" });
      await back.waitForCursor(rig.store.events.tip());
      expect(back.events.map((event) => event.type)).toContain("turn.completed");
      expect(dark.cursors).toEqual([]);
    } finally {
      await relay.close();
    }
  });
});
