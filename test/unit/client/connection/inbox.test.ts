import { describe, expect, test } from "@jest/globals";
import { anEvent, useClientRig } from "../rig.ts";

const rig = useClientRig();

const acks = () => rig.sockets.flatMap((socket) => socket.of("ack").map(({ cursor }) => cursor));

async function comeBack(welcome = {}): Promise<void> {
  await rig.clock.run(60_000);
  rig.socket().welcome(welcome);
  await rig.clock.settle();
}

describe("C04 V6: events", () => {
  test("C04 V6: are acknowledged when the handler's promise has settled, not before, and the next one waits for it", async () => {
    const seen: number[] = [];
    const settle: Array<() => void> = [];
    rig.client.onEvent(({ cursor }) => {
      seen.push(cursor);
      return new Promise<void>((resolve) => settle.push(resolve));
    });
    const socket = await rig.online();
    for (const cursor of [11, 12]) socket.say({ type: "event", event: anEvent(cursor) });
    await rig.clock.settle();
    expect([seen, acks()]).toEqual([[11], []]);
    settle[0]?.();
    await rig.clock.settle();
    expect([seen, acks()]).toEqual([[11, 12], []]);
    settle[1]?.();
    await rig.clock.settle();
    // One word for both: nothing waits any more.
    expect(acks()).toEqual([12]);
  });

  test("C04: a flood is acknowledged every fifty events", async () => {
    rig.client.onEvent(() => {});
    const socket = await rig.online();
    for (let cursor = 11; cursor <= 130; cursor += 1) socket.say({ type: "event", event: anEvent(cursor) });
    await rig.clock.settle();
    expect(acks()).toEqual([60, 110, 130]);
  });

  test("C04 V3: come once, in order, over a connection that breaks while they are dealt with", async () => {
    const seen: number[] = [];
    let settle = () => {};
    rig.client.onEvent(({ cursor }) => {
      seen.push(cursor);
      if (cursor === 11)
        return new Promise<void>((resolve) => {
          settle = resolve;
        });
    });
    const socket = await rig.online();
    for (const cursor of [11, 12]) socket.say({ type: "event", event: anEvent(cursor) });
    socket.end(1006);
    await comeBack();
    // What is in hand is not asked for again.
    expect(rig.socket().of("hello")[0]).toMatchObject({ cursor: 12, epoch: "e1" });
    rig.socket().say({ type: "event", event: anEvent(12) });
    rig.socket().say({ type: "event", event: anEvent(13) });
    settle();
    await rig.clock.settle();
    expect(seen).toEqual([11, 12, 13]);
    expect(acks()).toEqual([13]);
  });

  test("C04 V6: an ack that a broken connection may have lost is said again on the next one", async () => {
    rig.client.onEvent(() => {});
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    await rig.clock.settle();
    socket.end(1006);
    await comeBack();
    expect(acks()).toEqual([11, 11]);
  });

  test("C04: an event that a handler fails at comes again, and nothing after it before that", async () => {
    const seen: number[] = [];
    rig.client.onEvent(({ cursor }) => {
      seen.push(cursor);
      if (cursor === 12 && seen.filter((one) => one === 12).length === 1) throw new Error("not yet");
    });
    const socket = await rig.online();
    for (const cursor of [11, 12, 13]) socket.say({ type: "event", event: anEvent(cursor) });
    await rig.clock.settle();
    expect([seen, rig.faults, rig.client.state]).toEqual([[11, 12], [new Error("not yet")], "offline"]);
    await comeBack();
    expect(rig.socket().of("hello")[0]).toMatchObject({ cursor: 11 });
    for (const cursor of [12, 13]) rig.socket().say({ type: "event", event: anEvent(cursor) });
    await rig.clock.settle();
    expect(seen).toEqual([11, 12, 12, 13]);
  });

  test("C04: a program that starts again goes on after what it had dealt with", async () => {
    let isDying = false;
    rig.client.onEvent(() => (isDying ? new Promise(() => {}) : undefined));
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    await rig.clock.settle();
    isDying = true;
    socket.say({ type: "event", event: anEvent(12) });
    await rig.clock.settle();
    rig.client.stop();
    rig.restart();
    await rig.online();
    expect(rig.socket().of("hello")[0]).toMatchObject({ cursor: 11, epoch: "e1" });
    expect(rig.asked).toHaveLength(1);
  });

  test("C04: without a handler nothing is acknowledged, for nobody has seen it", async () => {
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    await rig.clock.settle();
    expect(acks()).toEqual([]);
    expect(await rig.store.get("position")).toBeUndefined();
  });

  test("C04 V5: a gap is told between what came before it and what comes after it, and cursors of another log are forgotten", async () => {
    const seen: string[] = [];
    rig.client.onEvent(({ cursor }) => seen.push(`event ${cursor}`));
    rig.client.onGap(({ epoch, cursor }) => seen.push(`gap ${epoch} ${cursor}`));
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    await rig.clock.settle();
    socket.end(1006);
    await comeBack({ recovered: false, epoch: "e2", cursor: 3 });
    rig.socket().say({ type: "event", event: anEvent(4) });
    await rig.clock.settle();
    expect(seen).toEqual(["event 11", "gap e2 3", "event 4"]);
    expect(acks()).toEqual([11, 3, 4]);
    expect(await rig.store.get("position")).toBe(JSON.stringify({ epoch: "e2", cursor: 4 }));
  });

  test("C04: a loop over events has dealt with one when it comes back for the next, or is left", async () => {
    const stream = rig.client.events(({ sessionId }) => sessionId === "mine");
    const first = stream.next();
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    socket.say({ type: "event", event: anEvent(12, { sessionId: "mine" }) });
    socket.say({ type: "event", event: anEvent(13, { sessionId: "mine" }) });
    expect((await first).value?.cursor).toBe(12);
    await rig.clock.settle();
    expect(await rig.store.get("position")).toBeUndefined();
    expect((await stream.next()).value?.cursor).toBe(13);
    await stream.return();
    await rig.clock.settle();
    expect(acks()).toEqual([13]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test("C04: a stopped client ends its loops; the event in hand comes again", async () => {
    const seen: number[] = [];
    const loop = (async () => {
      for await (const event of rig.client.events()) {
        seen.push(event.cursor);
        if (event.cursor === 12) rig.client.stop();
      }
    })();
    const socket = await rig.online();
    socket.say({ type: "event", event: anEvent(11) });
    await rig.clock.settle();
    socket.say({ type: "event", event: anEvent(12) });
    await loop;
    rig.restart();
    await rig.online();
    expect(rig.socket().of("hello")[0]).toMatchObject({ cursor: 11 });
    expect([seen, rig.faults]).toEqual([[11, 12], []]);
  });
});

describe("REPORT-6: an event that was cut to fit into a frame", () => {
  const cut = anEvent(11, { truncated: true });
  const whole = anEvent(11, { data: { messageId: "m11", text: "all of it" } } as Partial<typeof cut>);
  const path = "GET /api/sessions/s/events?after=10&limit=1";
  const texts = () => {
    const seen: unknown[] = [];
    rig.client.onEvent((event) => void seen.push((event.data as { text?: string }).text));
    return seen;
  };

  test("REPORT-6: reaches the handlers whole, in its place, and is asked for once", async () => {
    rig.answers.set(path, { events: [whole], lastSeq: 11 });
    const seen = texts();
    const socket = await rig.online();
    socket.say({ type: "event", event: cut });
    socket.say({ type: "event", event: anEvent(12) });
    await rig.clock.settle();
    expect([seen, acks()]).toEqual([["all of it", "text 12"], [12]]);
    expect(rig.asked.filter((asked) => asked === path)).toHaveLength(1);
  });

  test("REPORT-6: comes again when the whole of it could not be had", async () => {
    rig.answers.set(path, new Error("no network"));
    const seen = texts();
    (await rig.online()).say({ type: "event", event: cut });
    await rig.clock.settle();
    expect([seen, acks()]).toEqual([[], []]);
    rig.answers.set(path, { events: [whole], lastSeq: 11 });
    await comeBack();
    rig.socket().say({ type: "event", event: cut });
    await rig.clock.settle();
    expect(seen).toEqual(["all of it"]);
  });

  test.each([
    ["the session is gone", 404],
    ["the log holds it no more", { events: [], lastSeq: 11 }],
  ])("REPORT-6: comes as it was cut when %s", async (_why, answer) => {
    rig.answers.set(path, answer);
    const seen = texts();
    (await rig.online()).say({ type: "event", event: cut });
    await rig.clock.settle();
    expect(seen).toEqual(["text 11"]);
  });
});
