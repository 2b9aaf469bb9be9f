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
    ["screen", 0],
  ]);
  const told = {
    commits: 0,
    read: [] as Array<[string | null, number]>,
    settled: [] as Array<[id: string, heldBefore: number, cursor: number]>,
    synced: [] as string[],
    isFull: false,
    /** The work is done, and then the commit fails: nothing of it is kept. */
    failsCommit: false,
  };
  const watching = new Set(["phone"]);
  const inView = new Map<string, string[]>();
  const store = {
    transaction: (work: () => unknown) => {
      if (told.isFull) throw new Error("database or disk is full");
      const before = [...acked];
      const result = work();
      if (told.failsCommit) {
        acked.clear();
        for (const [id, cursor] of before) acked.set(id, cursor);
        throw new Error("disk I/O error");
      }
      told.commits += 1;
      return result;
    },
    events: { tip: () => 1_000 },
    devices: {
      get: (id: string) =>
        acked.has(id)
          ? { deviceId: id, ackedCursor: acked.get(id), scope: id === "screen" ? "read" : "chat" }
          : undefined,
      ack: (id: string, cursor: number) => {
        acked.set(id, Math.max(acked.get(id)!, cursor));
        return acked.get(id)!;
      },
    },
    outbox: {
      ackUpTo: (id: string, heldBefore: number, cursor: number) =>
        void told.settled.push([id, heldBefore, cursor]),
    },
    reads: {
      readUpTo: (sessionId: string | null, cursor: number) => {
        told.read.push([sessionId, cursor]);
        return ["watch", "phone"];
      },
      read: (sessionId: string, seq: number) => {
        told.read.push([sessionId, seq]);
        return ["watch", "phone"];
      },
    },
  } as never;
  const acks = new Acks({
    store,
    connections: { isWatched: (id) => watching.has(id), sessionsInView: (id) => inView.get(id) ?? [] },
    badgeSync: { request: (id) => void told.synced.push(id) },
    clock,
    log: words,
  });
  return { acks, clock, words, acked, told, watching, inView };
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
  // Nobody looks at the tablet: what it acks is not read. No session is on the phone's screen.
  expect(told.read).toEqual([[null, 1_000]]);
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
  expect(told.read).toEqual([[null, 7]]);
});

test("D20 what is read is what was acked while the session was on the screen, and the reader's own badge is its own", () => {
  const { acks, clock, told, inView } = rig();
  acks.note("phone", 3);
  inView.set("phone", ["s1"]);
  acks.note("phone", 7);
  inView.set("phone", ["s2"]);
  acks.note("phone", 9);
  inView.clear();
  acks.note("phone", 12);
  clock.advance(25);
  expect(told.read).toEqual([
    [null, 12],
    ["s1", 7],
    ["s2", 9],
  ]);
  expect(told.synced).toEqual(["watch"]);
});

test("D20 what the device held before the session came onto the screen is read with that", () => {
  const { acks, clock, told, inView, acked } = rig();
  acked.set("phone", 5);
  acks.noteView("phone");
  clock.advance(25);
  expect(told.commits).toBe(0);
  inView.set("phone", ["s1"]);
  acks.noteView("phone");
  clock.advance(25);
  expect(told.read).toEqual([
    [null, 5],
    ["s1", 5],
  ]);
});

test.each(["take", "note"] as const)(
  "D20 a device of the scope read silences no badge by what it acks (%s)",
  (how) => {
    const { acks, clock, acked, told, inView, watching } = rig();
    watching.add("screen");
    inView.set("screen", ["s1", "s2"]);
    acks[how]("screen", 9);
    acks.noteView("screen");
    clock.advance(25);
    // Its own cursor and its own deliveries go on.
    expect(acked.get("screen")).toBe(9);
    expect(told.settled).toContainEqual(["screen", 0, 9]);
    expect([told.read, told.synced]).toEqual([[], []]);
  },
);

test("D20 a device's word that a session was read corrects the others' badges", () => {
  const { acks, told } = rig();
  acks.read("phone", "s1", 4);
  expect([told.read, told.synced]).toEqual([[["s1", 4]], ["watch"]]);
});

test("a cursor after the end of the log is refused, and a device that was revoked in the meantime harms no other", () => {
  const { acks, clock, acked } = rig();
  expect(() => acks.note("phone", 1_001)).toThrow(/after the last event/);
  expect(() => acks.take("phone", 1_001)).toThrow(/after the last event/);
  acks.note("phone", 4);
  acks.note("tablet", 5);
  acked.delete("phone");
  clock.advance(25);
  expect([...acked]).toEqual([
    ["tablet", 5],
    ["screen", 0],
  ]);
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

test("NET-13 D03 what a failing commit takes back stays noted for every device, and is told as read only after the next one", () => {
  const { acks, clock, acked, told, words } = rig();
  told.failsCommit = true;
  acks.note("phone", 4);
  acks.note("tablet", 5);
  clock.advance(25);
  expect([acked.get("phone"), acked.get("tablet"), told.synced]).toEqual([0, 0, []]);
  expect(words.names).toEqual(["acks.not_written"]);
  told.failsCommit = false;
  clock.advance(5_000);
  expect([acked.get("phone"), acked.get("tablet"), told.synced]).toEqual([4, 5, ["watch"]]);
  expect(clock.armed).toBe(0);
});

test("D03 an answered ack whose commit fails leaves what was noted before it to be written", () => {
  const { acks, clock, acked, told } = rig();
  acks.note("phone", 7);
  told.failsCommit = true;
  expect(() => acks.take("phone", 5)).toThrow("disk I/O error");
  expect(told.synced).toEqual([]);
  told.failsCommit = false;
  clock.advance(25);
  expect(acked.get("phone")).toBe(7);
});

test("the deliveries are settled up to the cursor in force, which an older ack does not lower", () => {
  const { acks, told } = rig();
  expect(acks.take("tablet", 9)).toBe(9);
  expect(acks.take("tablet", 3)).toBe(9);
  expect(told.settled).toEqual([
    ["tablet", 0, 9],
    ["tablet", 9, 9],
  ]);
  expect(acks.take("phone", 1_000)).toBe(1_000);
  expect(told.read).toEqual([[null, 1_000]]);
  expect(told.synced).toEqual(["watch"]);
});

test("a flush writes at once and leaves no timer, and one without acks costs no commit", () => {
  const { acks, clock, acked, told } = rig();
  acks.flush();
  expect(told.commits).toBe(0);
  acks.note("tablet", 4);
  acks.flush();
  expect([acked.get("tablet"), told.commits, clock.armed]).toEqual([4, 1, 0]);
  acks.note("tablet", 6);
  clock.advance(25);
  expect([acked.get("tablet"), told.commits]).toEqual([6, 2]);
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
