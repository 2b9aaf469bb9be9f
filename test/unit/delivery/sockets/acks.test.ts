import { expect, test } from "@jest/globals";
import { Acks } from "../../../../server/delivery/sockets/acks.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryWords } from "../memoryLog.ts";

function rig() {
  const clock = new ManualClock();
  const words = new MemoryWords();
  const acked = new Map<string, number>([
    ["phone", 0],
    ["tablet", 0],
  ]);
  const told = { commits: 0, read: [] as Array<[string, number]>, synced: [] as string[], isFull: false };
  const watching = new Set(["phone"]);
  const store = {
    transaction: (work: () => unknown) => {
      if (told.isFull) throw new Error("database or disk is full");
      told.commits += 1;
      return work();
    },
    events: { tip: () => 1_000 },
    devices: {
      get: (id: string) => (acked.has(id) ? { deviceId: id } : undefined),
      ack: (id: string, cursor: number) => {
        acked.set(id, Math.max(acked.get(id)!, cursor));
        return acked.get(id)!;
      },
    },
    outbox: {
      ackUpTo: () => {},
      readElsewhere: (id: string, cursor: number) => {
        told.read.push([id, cursor]);
        return ["watch"];
      },
    },
  } as never;
  const acks = new Acks({
    store,
    connections: { isWatched: (id) => watching.has(id) },
    badgeSync: { request: (id) => void told.synced.push(id) },
    clock,
    log: words,
  });
  return { acks, clock, words, acked, told, watching };
}

test("D03 a thousand acks in a burst are one commit, and each device's furthest counts", () => {
  const { acks, clock, acked, told } = rig();
  for (let cursor = 1; cursor <= 1_000; cursor += 1) {
    acks.note("phone", cursor);
    acks.note("tablet", 1_001 - cursor);
  }
  expect([told.commits, acked.get("phone")]).toEqual([0, 0]);
  clock.advance(25);
  expect(told.commits).toBe(1);
  expect([acked.get("phone"), acked.get("tablet")]).toEqual([1_000, 1_000]);
  // Nobody looks at the tablet: what it acks is not read.
  expect(told.read).toEqual([["phone", 1_000]]);
  expect(told.synced).toEqual(["watch"]);
  expect(clock.armed).toBe(0);
});

test("D03 an ack that is answered is written at once, with what was noted before it", () => {
  const { acks, clock, told } = rig();
  acks.note("phone", 7);
  expect(acks.take("phone", 5)).toBe(7);
  expect(told.commits).toBe(1);
  clock.advance(25);
  expect(told.commits).toBe(1);
});

test("D20 what was acked after the app went to the background is not read", () => {
  const { acks, clock, told, watching } = rig();
  acks.note("phone", 7);
  watching.clear();
  acks.note("phone", 9);
  clock.advance(25);
  expect(told.read).toEqual([["phone", 7]]);
});

test("a cursor after the end of the log is refused, and a device that was revoked in the meantime harms no other", () => {
  const { acks, clock, acked } = rig();
  expect(() => acks.note("phone", 1_001)).toThrow(/after the last event/);
  expect(() => acks.take("phone", 1_001)).toThrow(/after the last event/);
  acks.note("phone", 4);
  acks.note("tablet", 5);
  acked.delete("phone");
  clock.advance(25);
  expect([...acked]).toEqual([["tablet", 5]]);
});

test("what a full disk refuses is kept and tried again", () => {
  const { acks, clock, acked, told, words } = rig();
  told.isFull = true;
  acks.note("phone", 4);
  clock.advance(25);
  acks.note("phone", 6);
  told.isFull = false;
  clock.advance(4_999);
  expect(acked.get("phone")).toBe(0);
  clock.advance(1);
  expect(acked.get("phone")).toBe(6);
  expect(words.names).toEqual(["acks.not_written"]);
  expect(clock.armed).toBe(0);
});

test("D03 a stop on a full disk leaves no timer behind, and what comes after it arms none", () => {
  const { acks, clock, told, words } = rig();
  told.isFull = true;
  acks.note("phone", 4);
  acks.stop();
  expect([clock.armed, words.names]).toEqual([0, ["acks.not_written"]]);
  acks.note("phone", 5);
  expect(clock.armed).toBe(0);
});

test("D03 a stop writes what was noted, without waiting", () => {
  const { acks, clock, acked } = rig();
  acks.note("phone", 4);
  acks.stop();
  expect([acked.get("phone"), clock.armed]).toEqual([4, 0]);
});
