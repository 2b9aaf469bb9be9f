import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "../../support/manualClock.ts";
import type { SocketClient } from "../../support/socketClient.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
let sessionId: string;
beforeEach(async () => {
  rig = await Rig.open();
  rig.pair("phone");
  sessionId = await rig.session();
});
afterEach(() => rig.close());

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** A TCP proxy that cuts every connection after a random number of bytes from the server. */
async function startCutter(targetPort: number, random: () => number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(targetPort, "127.0.0.1");
    let left = 500 + random() * 60_000;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on("data", (bytes) => {
        if (from === near) return void to.write(bytes);
        left -= bytes.length;
        if (left >= 0) to.write(bytes);
        else to.write(bytes.subarray(0, bytes.length + left), () => near.destroy());
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A reproducible source of chance (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("D02 resume", () => {
  test("V3 over connections that are cut at random bytes, everything comes once and in order", async () => {
    const cutter = await startCutter(rig.port, chance(42));
    const received: number[] = [];
    let cuts = 0;
    try {
      const total = 3_000;
      let written = 0;
      const write = () => {
        for (let burst = 0; burst < 20 && written < total; burst += 1, written += 1) {
          rig.say(sessionId, 1, "x".repeat((written * 37) % 400));
        }
        if (written < total) setImmediate(write);
      };
      write();
      while (received.length < total) {
        const cursor = received.at(-1) ?? 0;
        const client = rig.knock({ url: cutter.url, token: "phone", cursor, epoch: rig.store.events.epoch });
        await client.waitForCursor(total, 20_000).catch(() => {});
        // The whole frames of a cut connection count: the client has them.
        received.push(...client.cursors);
        cuts += 1;
        await client.kill();
      }
      expect(received).toEqual(upTo(total));
      expect(cuts).toBeGreaterThan(10);
    } finally {
      await cutter.close();
    }
  });

  test("V4 events committed while many clients come back reach each once and in order", async () => {
    rig.say(sessionId, 1_200);
    const clients: SocketClient[] = [];
    let live = 0;
    const done = new Promise<void>((resolve) => {
      const write = () => {
        rig.say(sessionId, 3);
        live += 3;
        if (live < 900) setImmediate(write);
        else resolve();
      };
      write();
    });
    for (let index = 0; index < 12; index += 1) {
      clients.push(await rig.connect({ token: "phone", cursor: index * 100 }));
    }
    await done;
    const tip = rig.store.events.tip();
    for (const [index, client] of clients.entries()) {
      await client.waitForCursor(tip);
      expect(client.cursors).toEqual(upTo(tip, index * 100 + 1));
    }
  });

  test.each([
    ["another epoch", { cursor: 2, epoch: "other" }],
    ["an empty epoch", { cursor: 2, epoch: "" }],
    ["a cursor from the future", { cursor: 99 }],
  ])("V5 loss is said: %s", async (_name, point) => {
    rig.say(sessionId, 5);
    const client = await rig.connect({ token: "phone", ...point });
    expect(client.frames[0]).toMatchObject({ type: "welcome", recovered: false, cursor: 5 });
    const tip = rig.say(sessionId);
    await client.waitForCursor(tip);
    expect(client.cursors).toEqual([tip]);
  });

  test("D03 V6 a client that dies before its ack gets it all again, one that acked does not", async () => {
    const first = await rig.connect({ token: "phone" });
    first.send({ type: "ack", ref: "a", cursor: 0 });
    await first.waitForRef("a");
    const tip = rig.say(sessionId, 10);
    await first.waitForCursor(tip);
    await first.kill();
    const second = await rig.connect({ token: "phone" });
    await second.waitForCursor(tip);
    expect(second.cursors).toEqual(upTo(10));
    second.send({ type: "ack", ref: "b", cursor: 7 });
    await second.waitForRef("b");
    await second.kill();
    const third = await rig.connect({ token: "phone" });
    await third.waitForCursor(tip);
    expect(third.cursors).toEqual([8, 9, 10]);
  });

  test("V6 over twenty lives that drop acks and die, the set of ids is whole", async () => {
    const random = chance(7);
    const starter = await rig.connect({ token: "phone" });
    starter.send({ type: "ack", ref: "a", cursor: 0 });
    await starter.waitForRef("a");
    await starter.kill();
    const held = new Set<number>();
    for (let life = 0; life < 20; life += 1) {
      const client = await rig.connect({ token: "phone" });
      const tip = rig.say(sessionId, 1 + Math.floor(random() * 20));
      await client.waitForCursor(1 + Math.floor(random() * tip));
      const cursors = client.cursors;
      for (const cursor of cursors) held.add(cursor);
      if (random() < 0.4) {
        client.send({ type: "ack", ref: "k", cursor: cursors.at(-1)! });
        if (random() < 0.5) await client.waitForRef("k");
      }
      await client.kill();
    }
    const last = await rig.connect({ token: "phone" });
    const tip = rig.say(sessionId);
    await last.waitForCursor(tip);
    for (const cursor of last.cursors) held.add(cursor);
    expect([...held].sort((a, b) => a - b)).toEqual(upTo(tip));
  });

  test("a device that never acked starts at the tip", async () => {
    rig.say(sessionId, 5);
    const client = await rig.connect({ token: "phone" });
    expect(client.frames[0]).toMatchObject({ recovered: true, cursor: 5 });
    await client.waitForType("welcome");
    const tip = rig.say(sessionId);
    await client.waitForCursor(tip);
    expect(client.cursors).toEqual([tip]);
  });

  test("D01 a resume in mid-turn gets the text so far, then the rest; a finished text is an event", async () => {
    const before = await rig.connect({ token: "phone" });
    rig.feed.activity(sessionId, "t", { kind: "thinking" });
    rig.feed.delta(sessionId, "t", "Once upon ");
    rig.feed.delta(sessionId, "t", "a time 👋");
    const after = await rig.connect({ token: "phone" });
    rig.feed.delta(sessionId, "t", ", there");
    const isLast = (frame: { text?: string }) => frame.text === ", there";
    await before.waitFor(isLast);
    await after.waitFor(isLast);
    const deltas = (client: SocketClient) =>
      client.frames.filter(({ type }) => type === "delta").map(({ offset, text }) => [offset, text]);
    expect(deltas(before)).toEqual([
      [0, "Once upon "],
      [10, "a time 👋"],
      [19, ", there"],
    ]);
    expect(deltas(after)).toEqual([
      [0, "Once upon a time 👋"],
      [19, ", there"],
    ]);
    expect(before.frames.find(({ type }) => type === "activity")).toMatchObject({ kind: "thinking" });
    rig.feed.flush(sessionId);
    const late = await rig.connect({ token: "phone" });
    rig.say(sessionId);
    await late.waitForType("event");
    expect(deltas(late)).toEqual([]);
  });
});

describe("D05 D13 devices and pushes", () => {
  test("every device gets every event, and only who does not ack is pushed to", async () => {
    await rig.close();
    rig = await Rig.open({ graceMs: 150 });
    sessionId = await rig.session();
    for (const name of ["phone", "tablet", "watch"]) rig.pair(name, "chat", true);
    const phone = await rig.connect({ token: "phone" });
    const tablet = await rig.connect({ token: "tablet" });
    phone.send({ type: "send", ref: "1", clientMessageId: "m", sessionId, message: "Hi" });
    const { turnId } = await phone.waitForRef("1");
    rig.pool.complete(turnId!);
    const tip = rig.store.events.tip();
    await phone.waitForCursor(tip);
    await tablet.waitForCursor(tip);
    phone.send({ type: "ack", cursor: tip });
    await rig.push.waitForCount(2);
    expect(rig.push.requests.map(({ target }) => target.token)).toEqual(["apns-watch", "apns-tablet"]);
    phone.send({ type: "ping", ref: "2" });
    await phone.waitForRef("2");
    expect(rig.store.outbox.ofDevice("device-phone", 10)).toMatchObject([{ state: "acked" }]);
  });

  test("D13 a socket in the background holds no push back", async () => {
    rig.pair("tablet", "chat", true);
    const tablet = await rig.connect({ token: "tablet" });
    tablet.send({ type: "presence", ref: "p", foreground: false });
    await tablet.waitForRef("p");
    const { turnId } = rig.pool.submit({
      caller: { deviceId: "local", scope: "admin" },
      message: "Hi",
      sessionId,
    });
    rig.pool.complete(turnId);
    // Far below the grace of 3 s.
    await rig.push.waitForCount(1, 1_500);
  });
});

describe("V8 D07 a slow reader", () => {
  test("is closed at 1 MB and resumes whole, and others have every frame all the while", async () => {
    const slow = await rig.connect({ token: "phone" });
    const quick = await rig.connect({ token: "phone" });
    slow.socket.pause();
    // The operating system's own buffers take megabytes before anything is unsent.
    for (let burst = 0; rig.connections.count === 2; burst += 1) {
      expect(burst).toBeLessThan(500);
      const tip = rig.say(sessionId, 4, "x".repeat(100_000));
      await quick.waitForCursor(tip);
    }
    const tip = rig.say(sessionId, 4);
    await quick.waitForCursor(tip);
    expect(quick.cursors).toEqual(upTo(tip));
    slow.socket.resume();
    expect(await slow.waitForClose()).toMatchObject({ code: 4408 });
    const had = slow.cursors;
    expect(had).toEqual(upTo(had.length));
    const back = await rig.connect({ token: "phone", cursor: had.length, epoch: rig.store.events.epoch });
    await back.waitForCursor(tip, 10_000);
    expect([...had, ...back.cursors]).toEqual(upTo(tip));
  });

  test("gets a backlog of many megabytes at its own pace, without being closed", async () => {
    const tip = rig.say(sessionId, 300, "x".repeat(100_000));
    const slow = await rig.connect({ token: "phone", cursor: 0, silent: true });
    slow.send({ type: "hello", token: "phone", cursor: 0 });
    await slow.waitForType("event");
    slow.socket.pause();
    rig.say(sessionId, 3);
    slow.socket.resume();
    await slow.waitForCursor(tip + 3, 20_000);
    expect(slow.cursors).toEqual(upTo(tip + 3));
  });
});

test("D08 V9 a half-open socket is found in 35 s of silence, and what follows is pushed", async () => {
  await rig.close();
  const clock = new ManualClock();
  rig = await Rig.open({ clock });
  rig.pair("phone", "chat", true);
  rig.pair("tablet");
  sessionId = await rig.session();
  const dead = await rig.connect({ token: "phone", autoPong: false });
  const alive = await rig.connect({ token: "tablet" });
  // Each ping is answered before the next one is due, as on any network that works.
  for (let second = 0; second < 34; second += 1) {
    clock.advance(1_000);
    alive.send({ type: "ping", ref: String(second) });
    await alive.waitForRef(String(second));
  }
  expect(rig.connections.isLive("device-phone")).toBe(true);
  clock.advance(1_000);
  expect(rig.connections.isLive("device-phone")).toBe(false);
  expect(rig.connections.isLive("device-tablet")).toBe(true);
  expect(await dead.waitForClose()).toMatchObject({ code: 1006 });
  const { turnId } = rig.pool.submit({
    caller: { deviceId: "local", scope: "admin" },
    message: "Hi",
    sessionId,
  });
  rig.pool.complete(turnId);
  await clock.run(1);
  expect(rig.push.requests).toHaveLength(1);
});
