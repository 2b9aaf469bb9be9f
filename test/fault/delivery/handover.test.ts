import { describe, expect, test } from "@jest/globals";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { EventBroadcaster } from "../../../server/delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import { Replay } from "../../../server/delivery/sockets/replay.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { aMessage, MemoryConnection, MemoryLog, MemoryWords } from "../../unit/delivery/memoryLog.ts";

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Calls `step` before and after every call of a method of `whole`: each is a place where a commit could fall. */
function stepped<T extends object>(whole: T, step: () => void): T {
  return new Proxy(whole, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]) => {
        step();
        const result = value.apply(target, parameters);
        step();
        return result;
      };
    },
  });
}

/** A device that missed `missed` events comes back; a commit of `size` events falls into each step of `strikes`. */
async function comeBack(missed: number, size: number, strikes: (step: number) => boolean) {
  const clock = new ManualClock();
  const events = new MemoryLog();
  const connections = new Connections({ clock });
  const feed = new DeltaFeed({ connections });
  for (let count = 0; count < missed; count += 1) events.append(aMessage());
  new EventBroadcaster({ events, connections, feed }).start();
  let steps = 0;
  let committing = false;
  const step = (): void => {
    if (committing) return;
    steps += 1;
    if (!strikes(steps)) return;
    committing = true;
    for (let count = 0; count < size; count += 1) events.append(aMessage());
    committing = false;
  };
  const devices = { get: () => ({ ackedCursor: 0 }) as never };
  const replay = new Replay({
    events: stepped(events, step),
    devices: stepped(devices, step),
    connections: stepped(connections, step),
    feed: stepped(feed, step),
    clock,
    log: new MemoryWords(),
  });
  const connection = new MemoryConnection();
  connections.add(connection);
  await replay.resume(connection, { cursor: 0, epoch: "epoch-1" });
  const total = steps;
  events.append(aMessage());
  expect(connection.closed).toBeUndefined();
  return { steps: total, cursors: connection.cursors, tip: events.tip() };
}

describe("V4 the hand-over from replay to live", () => {
  test("V4 a commit in any one step of a resume leaves no gap and makes no double", async () => {
    const { steps } = await comeBack(5, 1, () => false);
    expect(steps).toBeGreaterThanOrEqual(30);
    for (let at = 1; at <= steps; at += 1) {
      for (const size of [1, 3]) {
        const { cursors, tip } = await comeBack(5, size, (step) => step === at);
        expect({ at, size, cursors }).toEqual({ at, size, cursors: upTo(tip) });
        expect(tip).toBe(6 + size);
      }
    }
  });

  test("V4 a device that missed nothing, and one whose page is exactly full, are handed over as well", async () => {
    for (const missed of [0, 1, 499, 500, 501]) {
      const { steps } = await comeBack(missed, 1, () => false);
      // The steps of the first event, and those after the last one.
      const places = [...Array(12).keys()].flatMap((index) => [index + 1, steps - index]);
      for (const at of places) {
        const { cursors, tip } = await comeBack(missed, 2, (step) => step === at);
        expect({ missed, at, whole: cursors.length === tip }).toEqual({ missed, at, whole: true });
        expect(cursors).toEqual(upTo(tip));
      }
    }
  });

  test.each(seedsFrom(1, 10))(
    "V4 (seed %i) commits in random steps of a long resume come once and in order",
    async (seed) => {
      const chance = new Chance(seed);
      const share = chance.share() * 0.05;
      let left = 300;
      const { cursors, tip } = await comeBack(chance.between(0, 1_800), chance.between(1, 5), () => {
        left -= 1;
        return left > 0 && chance.happens(share);
      });
      expect(cursors).toEqual(upTo(tip));
    },
  );

  test("V4 while the disk owes its word on the history, live words do not pass by the welcome; then they follow on", async () => {
    const clock = new ManualClock();
    const events = new MemoryLog();
    const owed: Array<() => void> = [];
    const durability = { whenDurable: (tell: () => void) => void owed.push(tell) };
    const connections = new Connections({ clock, durability });
    const feed = new DeltaFeed({ connections });
    new EventBroadcaster({ events, connections, feed }).start();
    for (let count = 0; count < 3; count += 1) events.append(aMessage());
    const devices = { get: () => ({ ackedCursor: 0 }) as never };
    const replay = new Replay({ events, devices, connections, feed, clock, log: new MemoryWords() });
    const connection = new MemoryConnection();
    connections.add(connection);
    const resumed = replay.resume(connection, { cursor: 0, epoch: "epoch-1" });
    feed.delta("session-1", "turn-1", "First ");
    events.append(aMessage());
    expect(connection.texts).toEqual([]);
    expect(connections.unsentBytes(connection)).toBeGreaterThan(0);

    let isOver = false;
    void resumed.then(() => {
      isOver = true;
    });
    while (!isOver) {
      for (const tell of owed.splice(0)) tell();
      await clock.settle();
    }
    feed.delta("session-1", "turn-1", "words");
    const types = connection.frames.map(({ type, offset }) => (type === "delta" ? `delta ${offset}` : type));
    expect(types).toEqual(["welcome", "event", "event", "event", "delta 0", "event", "delta 6"]);
    expect(connection.cursors).toEqual(upTo(4));
    expect(connections.unsentBytes(connection)).toBe(0);
  });

  test("V4 a connection comes up with the log also where the disk is slower than the next commit", async () => {
    const clock = new ManualClock();
    const events = new MemoryLog();
    const owed: Array<() => void> = [];
    const durability = { whenDurable: (tell: () => void) => void owed.push(tell) };
    const connections = new Connections({ clock, durability });
    const feed = new DeltaFeed({ connections });
    new EventBroadcaster({ events, connections, feed }).start();
    events.append(aMessage());
    const devices = { get: () => ({ ackedCursor: 0 }) as never };
    const replay = new Replay({ events, devices, connections, feed, clock, log: new MemoryWords() });
    const connection = new MemoryConnection();
    connections.add(connection);
    let isUp = false;
    void replay.resume(connection, { cursor: 0, epoch: "epoch-1" }).then(() => {
      isUp = true;
    });
    for (let commits = 0; commits < 20; commits += 1) {
      feed.delta("session-1", "turn-1", "word ");
      const confirmed = owed.splice(0);
      events.append(aMessage());
      for (const tell of confirmed) tell();
      await clock.settle();
    }
    expect(isUp).toBe(true);
    for (const tell of owed.splice(0)) tell();
    expect(connection.cursors).toEqual(upTo(21));
    const offsets = connection.frames.filter(({ type }) => type === "delta").map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => Number(a) - Number(b)));
    expect(offsets.length).toBeGreaterThan(15);
    expect(connection.frames[0]?.type).toBe("welcome");
    expect(connections.unsentBytes(connection)).toBe(0);
  });

  test("V8 what waits for the disk counts as unsent: a connection that is owed more than 1 MB comes back instead", () => {
    const connections = new Connections({ clock: new ManualClock(), durability: { whenDurable: () => {} } });
    const connection = new MemoryConnection();
    connections.add(connection);
    expect(connections.deliver(connection, "x".repeat(1024 * 1024 + 1))).toBe(true);
    expect(connections.deliver(connection, "y")).toBe(false);
    expect(connection.closed?.code).toBe(4408);
    expect(connection.texts).toEqual([]);
  });
});
