import { describe, expect, test } from "@jest/globals";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import { EventBroadcaster } from "../../../../server/delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../../../../server/delivery/sockets/liveFeed.ts";
import { Replay } from "../../../../server/delivery/sockets/replay.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { aMessage, MemoryConnection, MemoryLog, MemoryWords } from "../memoryLog.ts";

function rig(missed = 0) {
  const clock = new ManualClock();
  const events = new MemoryLog();
  const words = new MemoryWords();
  const connections = new Connections({ clock });
  const feed = new DeltaFeed({ connections });
  const broadcaster = new EventBroadcaster({ events, connections, feed });
  let ackedCursor: number | null = null;
  const devices = { get: () => ({ ackedCursor }) as never };
  const replay = new Replay({ events, devices, connections, feed, clock, log: words });
  for (let count = 0; count < missed; count += 1) events.append(aMessage());
  broadcaster.start();
  const arrive = () => {
    const connection = new MemoryConnection();
    connections.add(connection);
    return connection;
  };
  const ack = (cursor: number) => {
    ackedCursor = cursor;
  };
  return { clock, events, words, connections, feed, broadcaster, replay, arrive, ack };
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("resume", () => {
  test("D02 welcome with the tip, then the missed events oldest first, then live, in one tick", () => {
    const { replay, arrive, events } = rig(7);
    const connection = arrive();
    void replay.resume(connection, { cursor: 3, epoch: "epoch-1", ref: "r" });
    events.append(aMessage());
    expect(connection.frames[0]).toEqual({
      type: "welcome",
      ref: "r",
      deviceId: "device-1",
      epoch: "epoch-1",
      cursor: 7,
      recovered: true,
    });
    expect(connection.cursors).toEqual([4, 5, 6, 7, 8]);
  });

  test("D03 without a cursor it goes on from the device's last ack, and from the tip if it never acked", () => {
    const { replay, arrive, ack } = rig(5);
    const first = arrive();
    void replay.resume(first, {});
    expect(first.cursors).toEqual([]);
    ack(2);
    const second = arrive();
    void replay.resume(second, {});
    expect(second.cursors).toEqual([3, 4, 5]);
  });

  test("V5 after a loss it says so and sends nothing old", () => {
    const { replay, arrive, events } = rig(5);
    events.floorCursor = 2;
    const connection = arrive();
    void replay.resume(connection, { cursor: 1, epoch: "epoch-1" });
    expect(connection.frames).toMatchObject([{ type: "welcome", recovered: false, cursor: 5 }]);
  });

  test("D01 a resume in mid-turn gets the text so far as the first delta, and what follows fits on it", () => {
    const { replay, arrive, feed } = rig(1);
    feed.delta("s", "t", "The text so far");
    const connection = arrive();
    void replay.resume(connection, { cursor: 0 });
    feed.delta("s", "t", ", and on.");
    expect(connection.frames.slice(-2)).toMatchObject([
      { type: "delta", offset: 0, text: "The text so far" },
      { type: "delta", offset: 15, text: ", and on." },
    ]);
  });

  test("a long backlog is sent in pages, with the event loop served between them", async () => {
    const { replay, arrive } = rig(1_201);
    const connection = arrive();
    const done = replay.resume(connection, { cursor: 0 });
    expect(connection.cursors).toHaveLength(200);
    await new Promise((resolve) => setImmediate(resolve));
    expect(connection.cursors).toHaveLength(400);
    await done;
    expect(connection.cursors).toEqual(upTo(1_201));
  });

  test("V5 a device of another epoch, or from after the tip, starts over at the tip and is told so", () => {
    const { replay, arrive } = rig(5);
    for (const request of [{ cursor: 3, epoch: "other" }, { cursor: 6 }]) {
      const connection = arrive();
      void replay.resume(connection, request);
      expect(connection.frames).toEqual([
        { type: "welcome", deviceId: "device-1", epoch: "epoch-1", cursor: 5, recovered: false },
      ]);
    }
  });

  test("V5 a history that was cut up to just before what is missing is no loss", async () => {
    const { replay, arrive, events } = rig(5);
    events.floorCursor = 3;
    const connection = arrive();
    await replay.resume(connection, { cursor: 3, epoch: "epoch-1" });
    expect(connection.cursors).toEqual([4, 5]);
    expect(connection.frames[0]).toMatchObject({ recovered: true });
    expect(connection.closed).toBeUndefined();
  });

  test("pages are bounded by their text, too: 64 KB of it at once", async () => {
    const { replay, arrive, events } = rig();
    for (let count = 0; count < 6; count += 1) events.append(aMessage("x".repeat(16_100)));
    const connection = arrive();
    const done = replay.resume(connection, { cursor: 0 });
    expect(connection.cursors).toEqual([1, 2, 3, 4]);
    await done;
    expect(connection.cursors).toEqual(upTo(6));
  });
});

describe("DOOR-22 A11: many replays at once", () => {
  test("read no more between two looks at the network than one, and a device with many sockets holds up no other", async () => {
    const { replay, connections, events } = rig(2_000);
    const arriveAs = (deviceId: string) => {
      const connection = new MemoryConnection(deviceId);
      connections.add(connection);
      return { connection, done: replay.resume(connection, { cursor: 0 }) };
    };
    const greedy = Array.from({ length: 20 }, () => arriveAs("greedy"));
    const modest = arriveAs("modest");
    const sent = () => [...greedy, modest].reduce((sum, { connection }) => sum + connection.texts.length, 0);
    let mostAtOnce = sent();
    let looks = 0;
    let greedyWhenModestWasDone = 0;
    let isOver = false;
    void modest.done.then(() => {
      greedyWhenModestWasDone = Math.max(...greedy.map(({ connection }) => connection.texts.length));
    });
    const all = Promise.all([...greedy, modest].map(({ done }) => done)).then(() => {
      isOver = true;
    });
    while (!isOver) {
      const before = sent();
      await new Promise((resolve) => setImmediate(resolve));
      mostAtOnce = Math.max(mostAtOnce, sent() - before);
      looks += 1;
    }
    await all;
    expect(mostAtOnce).toBeLessThanOrEqual(400);
    expect(looks).toBeGreaterThanOrEqual(21 * 5);
    // Ten pages for it, ten for all of the other device together.
    expect(greedyWhenModestWasDone).toBeLessThan(2_000);
    for (const { connection } of [...greedy, modest]) expect(connection.cursors).toEqual(upTo(events.tip()));
  });

  test("of a few missed events each need no turn", () => {
    const { replay, arrive, events } = rig(3);
    const all = Array.from({ length: 20 }, () => {
      const connection = arrive();
      void replay.resume(connection, { cursor: 0 });
      return connection;
    });
    events.append(aMessage());
    for (const { cursors } of all) expect(cursors).toEqual([1, 2, 3, 4]);
  });

  test("go on when one that waits for its turn has left", async () => {
    const { replay, arrive, connections } = rig(600);
    const [first, second, third] = [arrive(), arrive(), arrive()];
    const done = [first, second, third].map((connection) => replay.resume(connection, { cursor: 0 }));
    connections.remove(second);
    await Promise.all(done);
    expect([first, second, third].map(({ cursors }) => cursors.length)).toEqual([600, 0, 600]);
  });
});

describe("V4 no race between replay and live", () => {
  test.each(upTo(6, 1))("an event committed within read %i comes once and in order", async (step) => {
    const { replay, arrive, events } = rig(1_300);
    const connection = arrive();
    let reads = 0;
    events.afterRead = () => {
      reads += 1;
      if (reads === step) for (let count = 0; count < 3; count += 1) events.append(aMessage());
    };
    await replay.resume(connection, { cursor: 0 });
    events.afterRead = undefined;
    events.append(aMessage());
    expect(connection.cursors).toEqual(upTo(events.tip()));
  });

  test("events committed between all pages, in all ticks, come once and in order", async () => {
    const { replay, arrive, events } = rig(2_000);
    const connection = arrive();
    let done = false;
    const resumed = replay.resume(connection, { cursor: 0 }).then(() => {
      done = true;
    });
    while (!done) {
      events.append(aMessage());
      await new Promise((resolve) => setImmediate(resolve));
    }
    await resumed;
    events.append(aMessage());
    expect(connection.cursors).toEqual(upTo(events.tip()));
  });

  test("an event that was replayed before it is announced is not sent again", () => {
    const { replay, arrive, events } = rig(2);
    const late = events.keep(aMessage());
    const connection = arrive();
    void replay.resume(connection, { cursor: 0 });
    events.announce([late]);
    events.append(aMessage());
    expect(connection.cursors).toEqual([1, 2, 3, 4]);
  });

  test("announcements that come in the wrong order are sent in the right one", () => {
    const { replay, arrive, events } = rig(1);
    const connection = arrive();
    void replay.resume(connection, {});
    const [second, third] = [events.keep(aMessage()), events.keep(aMessage())];
    events.announce([third]);
    events.announce([second]);
    expect(connection.cursors).toEqual([2, 3]);
  });
});

describe("V8 a slow reader in replay", () => {
  test("D07 is waited for while it takes something, and gets everything", async () => {
    const { replay, arrive, events, clock } = rig();
    for (let count = 0; count < 30; count += 1) events.append(aMessage("x".repeat(100_000)));
    const connection = arrive();
    connection.takes = false;
    let done = false;
    const resumed = replay.resume(connection, { cursor: 0 }).then(() => {
      done = true;
    });
    while (!done) {
      expect(connection.unsentBytes).toBeLessThan(400_000);
      connection.unsentBytes = Math.max(0, connection.unsentBytes - 50_000);
      await clock.run(1_000);
    }
    await resumed;
    expect(connection.cursors).toEqual(upTo(30));
    expect(connection.closed).toBeUndefined();
  });

  test("D07 that takes nothing for 30 s is closed with 4408 and nothing is left running", async () => {
    const { replay, arrive, events, clock, words } = rig();
    for (let count = 0; count < 30; count += 1) events.append(aMessage("x".repeat(100_000)));
    const connection = arrive();
    connection.takes = false;
    const resumed = replay.resume(connection, { cursor: 0 });
    await clock.run(31_000);
    await resumed;
    expect(connection.closed?.code).toBe(4408);
    expect(words.names).toContain("replay.stalled");
    expect(clock.armed).toBe(0);
  });

  test("D07 is asked again soon and then every 10 ms once 256 KB are unsent, and given 30 s from the last byte it took", async () => {
    const { replay, arrive, events, clock, words } = rig();
    for (let count = 0; count < 8; count += 1) events.append(aMessage("x".repeat(100_000)));
    const connection = arrive();
    connection.takes = false;
    let isOver = false;
    const resumed = replay.resume(connection, { cursor: 0 }).then(() => {
      isOver = true;
    });
    await clock.settle();
    expect(connection.cursors).toEqual([1, 2, 3]);
    expect(clock.armed).toBe(1);
    await clock.run(29_000);
    connection.unsentBytes -= 10;
    await clock.run(10);
    expect(connection.closed).toBeUndefined();
    await clock.run(29_980);
    expect([isOver, connection.closed]).toEqual([false, undefined]);
    // Something is taken in the last moment: the time begins anew, and one frame more goes out.
    connection.unsentBytes = 262_144;
    await clock.run(10);
    expect(connection.cursors).toEqual([1, 2, 3, 4]);
    await clock.run(29_999);
    expect(connection.closed).toBeUndefined();
    await clock.run(11);
    await resumed;
    expect([connection.closed?.code, words.names]).toEqual([4408, ["replay.stalled"]]);
    expect(connection.cursors).toEqual([1, 2, 3, 4]);
    expect(clock.armed).toBe(0);
  });

  test("D07 that goes away while it is waited for leaves no timer and no error", async () => {
    const { replay, arrive, events, clock, connections, words } = rig();
    for (let count = 0; count < 8; count += 1) events.append(aMessage("x".repeat(100_000)));
    const connection = arrive();
    connection.takes = false;
    const resumed = replay.resume(connection, { cursor: 0 });
    await clock.run(100);
    connections.remove(connection);
    await clock.run(10);
    await resumed;
    expect([clock.armed, words.names, connection.closed]).toEqual([0, [], undefined]);
    expect(connection.cursors).toEqual([1, 2, 3]);
  });

  test("V4 is attached only when what it waited for is caught up with, and hears what came meanwhile once", async () => {
    const { replay, arrive, events, clock, feed } = rig();
    for (let count = 0; count < 4; count += 1) events.append(aMessage("x".repeat(100_000)));
    const connection = arrive();
    connection.takes = false;
    const resumed = replay.resume(connection, { cursor: 0 });
    await clock.settle();
    feed.delta("s", "t", "So far");
    events.append(aMessage());
    expect(connection.cursors).toEqual([1, 2, 3]);
    connection.takes = true;
    connection.unsentBytes = 0;
    await clock.run(10);
    await resumed;
    events.append(aMessage());
    expect(connection.cursors).toEqual([1, 2, 3, 4, 5, 6]);
    expect(connection.frames.filter(({ type }) => type === "delta")).toHaveLength(1);
  });

  test("that leaves is not sent anything more", async () => {
    const { replay, arrive, connections } = rig(1_500);
    const connection = arrive();
    const resumed = replay.resume(connection, { cursor: 0 });
    connections.remove(connection);
    await resumed;
    expect(connection.cursors).toHaveLength(200);
  });

  test("V5 whose history is cut under the replay is sent away to be told of the loss", async () => {
    const { replay, arrive, events } = rig(1_500);
    const connection = arrive();
    const resumed = replay.resume(connection, { cursor: 0 });
    events.floorCursor = 1_000;
    await resumed;
    expect(connection.closed?.code).toBe(1012);
    expect(connection.cursors).toHaveLength(200);
  });
});

test("a dispatcher that was stopped is silent, and starting twice sends nothing twice", () => {
  const { events, broadcaster, replay, arrive } = rig();
  broadcaster.start();
  const connection = arrive();
  void replay.resume(connection, {});
  events.append(aMessage());
  broadcaster.stop();
  broadcaster.stop();
  events.append(aMessage());
  expect(connection.cursors).toEqual([1]);
});
