import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "../../support/manualClock.ts";
import type { SocketClient } from "../../support/server/socketClient.ts";
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

describe("D02 resume", () => {
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
    const before = rig.say(sessionId, 5);
    const client = await rig.connect({ token: "phone", ...point });
    expect(client.frames[0]).toMatchObject({ type: "welcome", recovered: false, cursor: before });
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
    expect(second.cursors).toEqual(upTo(tip));
    second.send({ type: "ack", ref: "b", cursor: 7 });
    await second.waitForRef("b");
    await second.kill();
    const third = await rig.connect({ token: "phone" });
    await third.waitForCursor(tip);
    expect(third.cursors).toEqual(upTo(tip, 8));
  });

  test("a device that never acked starts at the tip", async () => {
    const before = rig.say(sessionId, 5);
    const client = await rig.connect({ token: "phone" });
    expect(client.frames[0]).toMatchObject({ recovered: true, cursor: before });
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
    const clock = new ManualClock();
    rig = await Rig.open({ clock });
    sessionId = await rig.session();
    for (const name of ["phone", "tablet", "watch"]) rig.pair(name, "chat", true);
    const phone = await rig.connect({ token: "phone" });
    const tablet = await rig.connect({ token: "tablet" });
    phone.send({ type: "send", ref: "1", clientMessageId: "m", sessionId, message: "Hi" });
    const { turnId } = await phone.waitForRef("1");
    await rig.pool.complete(turnId!);
    const tip = rig.store.events.tip();
    await phone.waitForCursor(tip);
    await tablet.waitForCursor(tip);
    phone.send({ type: "ack", ref: "2", cursor: tip });
    await phone.waitForRef("2");
    // The grace.
    await clock.run(3_000);
    await rig.push.waitForCount(2);
    expect(rig.push.requests.map(({ target }) => target.token)).toEqual(["apns-watch", "apns-tablet"]);
    expect(rig.store.outbox.ofDevice("device-phone", 10)).toMatchObject([{ state: "acked" }]);
  });

  test("D13 a socket in the background holds no push back", async () => {
    await rig.close();
    rig = await Rig.open({ graceMs: 3_600_000 });
    sessionId = await rig.session();
    rig.pair("tablet", "chat", true);
    const tablet = await rig.connect({ token: "tablet" });
    tablet.send({ type: "presence", ref: "p", foreground: false });
    await tablet.waitForRef("p");
    const { turnId } = rig.pool.submitNow({
      caller: { deviceId: "local", scope: "admin" },
      message: "Hi",
      sessionId,
    });
    await rig.pool.complete(turnId);
    // Not after the grace, which is an hour.
    await rig.push.waitForCount(1);
  });
});
