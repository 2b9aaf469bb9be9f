import { afterEach, describe, expect, test } from "@jest/globals";
import { Rig } from "../../integration/socket/rig.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { startCutter } from "../../support/server/cutter.ts";

/** One of them again, or another: `DAYLONG_SEED=7`. */
const seeds = seedsFrom(1, 2);
let rig: Rig;
afterEach(() => rig.close());

/** A text of letters of two bytes that compression does not make a few of. */
const noise = (chance: Chance, chars: number): string =>
  String.fromCharCode(...Array.from({ length: chars }, () => chance.between(0x100, 0x17f)));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("D02 a phone on a bad network", () => {
  test.each(seeds)(
    "V3 (seed %i) over connections that a proxy cuts at random, everything comes in order, and once by its cursor",
    async (seed) => {
      process.stdout.write(`V3: seed ${seed}\n`);
      const chance = new Chance(seed);
      rig = await Rig.open();
      rig.pair("phone");
      const sessionId = await rig.session();
      const cutter = await startCutter(rig.port, chance);
      const url = `ws://127.0.0.1:${cutter.port}/ws`;
      const total = 1_200;
      const write = (): void => {
        for (let burst = chance.between(1, 30); burst > 0 && rig.store.events.tip() < total; burst -= 1)
          rig.say(sessionId, 1, noise(chance, chance.between(0, 400)));
        if (rig.store.events.tip() < total) setImmediate(write);
      };
      write();
      /** What the phone has kept, in the order in which it came; what came twice is kept once. */
      const kept: number[] = [];
      let lives = 0;
      // A device that never acked starts at the tip.
      let hasAcked = false;
      try {
        while (kept.length < total) {
          expect(lives).toBeLessThan(2_000);
          lives += 1;
          // Some apps keep their cursor, some go by the server's memory of their acks and throw doubles away.
          const goesByAcks = hasAcked && chance.happens(0.3);
          const cursor = goesByAcks ? undefined : (kept.at(-1) ?? 0);
          const client = rig.knock({ url, token: "phone", cursor, epoch: rig.store.events.epoch });
          await client.waitForCursor(total, 20_000).catch(() => {});
          const { cursors } = client;
          for (const [index, came] of cursors.entries()) {
            if (index > 0) expect(came).toBe(cursors[index - 1]! + 1);
            if (came > (kept.at(-1) ?? 0)) {
              expect(came).toBe((kept.at(-1) ?? 0) + 1);
              kept.push(came);
            } else {
              expect(goesByAcks).toBe(true);
            }
          }
          if (kept.length > 0 && chance.happens(0.5)) {
            rig.outboxSender.acknowledge("device-phone", kept.at(-1)!);
            hasAcked = true;
          }
          await client.kill();
        }
        expect(kept).toEqual(upTo(total));
        expect(cutter.cuts()).toBeGreaterThan(5);
      } finally {
        await cutter.close();
      }
    },
  );

  test.each(seeds)(
    "V6 (seed %i) over thirty lives that drop acks and die before them, the set of ids is whole, and what was acked is not sent again",
    async (seed) => {
      process.stdout.write(`V6: seed ${seed}\n`);
      const chance = new Chance(seed);
      rig = await Rig.open();
      rig.pair("phone");
      const sessionId = await rig.session();
      rig.outboxSender.acknowledge("device-phone", 0);
      const held = new Set<number>();
      let heard = 0;
      for (let life = 0; life < 30; life += 1) {
        const client = await rig.connect({ token: "phone" });
        const tip = rig.say(sessionId, chance.between(1, 20));
        const { ackedCursor } = rig.store.devices.get("device-phone")!;
        await client.waitForCursor(chance.between(ackedCursor! + 1, tip + 1));
        const { cursors } = client;
        expect(cursors[0]).toBe(ackedCursor! + 1);
        heard += cursors.length;
        for (const cursor of cursors) held.add(cursor);
        if (chance.happens(0.4)) {
          client.send({ type: "ack", ref: "k", cursor: cursors.at(-1)! });
          // Half of the acks are lost with the phone, or not: both may be.
          if (chance.happens(0.5)) await client.waitForRef("k");
        }
        await client.kill();
      }
      const last = await rig.connect({ token: "phone" });
      const tip = rig.say(sessionId);
      await last.waitForCursor(tip);
      for (const cursor of last.cursors) held.add(cursor);
      expect([...held].sort((a, b) => a - b)).toEqual(upTo(tip));
      expect(heard).toBeGreaterThan(tip);
    },
  );
});
