import { describe, expect, test } from "@jest/globals";
import { maxUnsentBytes } from "../../../../server/delivery/sockets/backpressure.ts";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { aMessage, MemoryConnection, MemoryLog } from "../memoryLog.ts";

function attached(connections: Connections, deviceId?: string): MemoryConnection {
  const connection = new MemoryConnection(deviceId);
  connections.add(connection);
  connections.attach(connection, 0);
  return connection;
}

describe("connections", () => {
  test("D05 every caught-up connection of every device gets each event once, serialised once for all", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const all = [attached(connections, "a"), attached(connections, "a"), attached(connections, "b")];
    const log = new MemoryLog();
    let serialised = 0;
    const event = log.keep(aMessage());
    Object.assign(event.data, {
      toJSON: () => {
        serialised += 1;
        return { text: "counted" };
      },
    });
    connections.broadcastEvent(event);
    connections.broadcastEvent(event);
    expect(serialised).toBe(1);
    for (const connection of all) expect(connection.cursors).toEqual([1]);
  });

  test("the first frame of an event is told once, when it has been written, and a repeated one as such", () => {
    const told: string[] = [];
    let isDurable = false;
    const waiting: Array<() => void> = [];
    const connections = new Connections({
      clock: new ManualClock(),
      durability: { whenDurable: (tell) => (isDurable ? tell() : waiting.push(tell)) },
      watch: {
        written: (cursor) => told.push(`written ${cursor} after ${first.cursors.length}`),
        repeated: (cursor) => told.push(`repeated ${cursor}`),
      },
    });
    const first = attached(connections, "a");
    attached(connections, "b");
    const log = new MemoryLog();
    const event = log.keep(aMessage());
    connections.broadcastEvent(event);
    expect(told).toEqual([]);
    isDurable = true;
    for (const tell of waiting.splice(0)) tell();
    expect(told).toEqual(["written 1 after 1"]);
    connections.deliverEvent(first, "{}", event);
    expect(told).toEqual(["written 1 after 1", "repeated 1"]);
  });

  test("a connection that is not caught up gets no live frame", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const connection = new MemoryConnection();
    connections.add(connection);
    connections.broadcastEvent(new MemoryLog().keep(aMessage()));
    connections.broadcastEphemeral({ turnId: "turn-1" });
    expect(connection.texts).toEqual([]);
    expect(connections.isLive("device-1")).toBe(true);
  });

  test("D07 V8 more than 1 MB unsent closes the slow connection with 4408 and no other", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const slow = attached(connections);
    const quick = attached(connections);
    slow.takes = false;
    const halfMegabyte = { type: "delta", turnId: "turn-1", text: "x".repeat(maxUnsentBytes / 2) };
    for (let sent = 0; sent < 4; sent += 1) connections.broadcastEphemeral(halfMegabyte);
    expect(slow.closed?.code).toBe(4408);
    // The third found the limit passed by the framing's few bytes; nothing is sent after that.
    expect(slow.texts).toHaveLength(2);
    expect(connections.has(slow)).toBe(false);
    expect(quick.texts).toHaveLength(4);
    expect(quick.closed).toBeUndefined();
  });

  test("D07 one frame larger than 1 MB passes on an empty socket", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const connection = attached(connections);
    connection.takes = false;
    const large = { turnId: "turn-1", text: "x".repeat(3 * maxUnsentBytes) };
    connections.broadcastEphemeral(large);
    expect(connection.closed).toBeUndefined();
    expect(connection.texts).toHaveLength(1);
  });

  test("V1 words wait for what they follow on in their turn, in order, and for nothing else that the disk owes", () => {
    const owed: Array<() => void> = [];
    let isSlow = true;
    const durability = { whenDurable: (tell: () => void) => void (isSlow ? owed.push(tell) : tell()) };
    const connections = new Connections({ clock: new ManualClock(), durability });
    const connection = attached(connections);
    const log = new MemoryLog();
    const words = (turnId: string, text: string) => {
      const frame = { type: "delta", turnId, text };
      connections.broadcastEphemeral(frame);
    };
    const shown = () =>
      connection.frames.map(({ type, text, event }) => (type === "event" ? event!.cursor : text));

    connections.broadcastEvent(log.keep({ ...aMessage(), turnId: "a" }));
    words("a", "a1");
    words("b", "b1");
    expect(shown()).toEqual(["b1"]);
    connections.broadcastEvent(log.keep({ ...aMessage(), turnId: "a" }));
    words("a", "a2");
    owed.shift()!();
    // The second event of the turn is still owed: what was said before it does not wait for it.
    expect(shown()).toEqual(["b1", 1, "a1"]);
    owed.shift()!();
    expect(shown()).toEqual(["b1", 1, "a1", 2, "a2"]);
    // What another turn owes holds up nobody else.
    connections.broadcastEvent(log.keep({ ...aMessage(), turnId: "b" }));
    words("a", "a3");
    expect(shown()).toEqual(["b1", 1, "a1", 2, "a2", "a3"]);
    isSlow = false;
    expect(connections.unsentBytes(connection)).toBeGreaterThan(0);
    owed.shift()!();
    expect(connections.unsentBytes(connection)).toBe(0);
  });

  test("D06 a pending long poll counts as live, and so does the moment until the next one", () => {
    const clock = new ManualClock();
    const connections = new Connections({ clock });
    expect(connections.isLive("a")).toBe(false);
    const end = connections.beginPoll("a");
    const endOther = connections.beginPoll("a");
    clock.advance(60_000);
    end();
    end();
    expect(connections.isLive("a")).toBe(true);
    endOther();
    clock.advance(900);
    expect(connections.isLive("a")).toBe(true);
    clock.advance(200);
    expect(connections.isLive("a")).toBe(false);
  });

  test("D13 a device is watched unless all its connections say they are in the background", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const phone = attached(connections);
    expect(connections.isWatched("device-1")).toBe(true);
    phone.foreground = false;
    expect(connections.isWatched("device-1")).toBe(false);
    expect(connections.isLive("device-1")).toBe(true);
    attached(connections);
    expect(connections.isWatched("device-1")).toBe(true);
  });

  test("closing a device closes all its connections and no other's", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const [one, two, other] = [attached(connections), attached(connections), attached(connections, "b")];
    connections.closeDevice("device-1", 4401, "The device was revoked.");
    expect([one.closed?.code, two.closed?.code, other.closed]).toEqual([4401, 4401, undefined]);
    expect(connections.isLive("device-1")).toBe(false);
    expect(connections.count).toBe(1);
  });

  test("a connection that is added twice is kept as it stands, and one that was removed is gone for good", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const connection = attached(connections);
    connections.add(connection);
    expect(connections.count).toBe(1);
    connections.broadcastEphemeral({ turnId: "t" });
    expect(connection.texts).toHaveLength(1);
    connections.remove(connection);
    connections.remove(connection);
    expect([connections.has(connection), connections.isLive("device-1"), connections.count]).toEqual([
      ...[false, false, 0],
    ]);
    expect(connections.deliver(connection, "late")).toBe(false);
    expect(connections.deliverNow(connection, "late")).toBe(false);
    expect(connections.attach(connection, 0)).toBe(false);
    connections.sendEphemeral(connection, { turnId: "t" });
    expect(connection.texts).toHaveLength(1);
  });

  test("one of two connections that leaves takes neither the other nor the device with it", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const [one, two] = [attached(connections), attached(connections)];
    connections.remove(one);
    expect([connections.isLive("device-1"), connections.isWatched("device-1")]).toEqual([true, true]);
    connections.closeDevice("device-1", 4401, "Revoked.");
    expect([one.closed, two.closed?.reason]).toEqual([undefined, "Revoked."]);
  });

  test("V4 one that events passed by is attached only at or after the last of them", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const connection = new MemoryConnection();
    connections.add(connection);
    const log = new MemoryLog();
    const [first, second, third] = [log.keep(aMessage()), log.keep(aMessage()), log.keep(aMessage())];
    connections.broadcastEvent(second);
    connections.broadcastEvent(first);
    expect(connections.attach(connection, 1)).toBe(false);
    connections.broadcastEphemeral({ turnId: "t" });
    expect(connection.texts).toEqual([]);
    expect(connections.attach(connection, 2)).toBe(true);
    connections.broadcastEvent(second);
    connections.broadcastEvent(third);
    expect(connection.cursors).toEqual([3]);
  });

  test("D07 exactly 1 MB unsent is not too much, one byte more is, for whatever is to be sent", () => {
    expect(maxUnsentBytes).toBe(1_048_576);
    for (const send of ["deliver", "deliverNow", "sendEphemeral", "broadcastEphemeral"] as const) {
      const connections = new Connections({ clock: new ManualClock() });
      const connection = attached(connections);
      const attempt = () => {
        if (send === "deliver" || send === "deliverNow") return connections[send](connection, "x");
        if (send === "sendEphemeral") return connections.sendEphemeral(connection, { turnId: "t" });
        return connections.broadcastEphemeral({ turnId: "t" });
      };
      connection.unsentBytes = maxUnsentBytes;
      const says = send.startsWith("deliver");
      expect(attempt()).toBe(says ? true : undefined);
      expect([connection.texts.length, connection.closed]).toEqual([1, undefined]);
      connection.unsentBytes += 1;
      expect(attempt()).toBe(says ? false : undefined);
      expect([connection.texts.length, connection.closed?.code]).toEqual([1, 4408]);
      expect(connections.has(connection)).toBe(false);
    }
  });

  test("V1 D07 what waits for the disk counts as unsent, and is not sent to one that has gone", () => {
    const owed: Array<() => void> = [];
    const durability = { whenDurable: (tell: () => void) => void owed.push(tell) };
    const connections = new Connections({ clock: new ManualClock(), durability });
    const [slow, gone] = [attached(connections, "a"), attached(connections, "b")];
    expect(connections.deliver(slow, "x".repeat(maxUnsentBytes), "t")).toBe(true);
    expect(connections.deliver(gone, "y", "t")).toBe(true);
    connections.sendEphemeral(slow, { turnId: "t" });
    expect(slow.texts).toEqual([]);
    expect(connections.unsentBytes(slow)).toBe(maxUnsentBytes + '{"turnId":"t"}'.length);
    connections.remove(gone);
    expect(connections.unsentBytes(gone)).toBe(0);
    expect(connections.deliver(slow, "z")).toBe(false);
    expect(slow.closed?.code).toBe(4408);
    for (const tell of owed) tell();
    expect([slow.texts, gone.texts]).toEqual([[], []]);
  });

  test("V1 an answer that is about no turn holds up no words", () => {
    const owed: Array<() => void> = [];
    const durability = { whenDurable: (tell: () => void) => void owed.push(tell) };
    const connections = new Connections({ clock: new ManualClock(), durability });
    const connection = attached(connections);
    connections.deliver(connection, "answer");
    connections.broadcastEphemeral({ turnId: "t" });
    expect(connection.texts).toEqual(['{"turnId":"t"}']);
    owed.shift()!();
    expect(connection.texts).toEqual(['{"turnId":"t"}', "answer"]);
    expect(connections.unsentBytes(connection)).toBe(0);
  });

  test("V1 D01 what is spoken while the welcome waits for the disk follows on it, in order", () => {
    const owed: Array<() => void> = [];
    const durability = { whenDurable: (tell: () => void) => void owed.push(tell) };
    const connections = new Connections({ clock: new ManualClock(), durability });
    const connection = new MemoryConnection();
    connections.add(connection);
    connections.deliver(connection, "welcome");
    expect(connections.attach(connection, 0)).toBe(true);
    connections.sendEphemeral(connection, { turnId: "a" });
    connections.broadcastEphemeral({ turnId: "b" });
    expect(connection.texts).toEqual([]);
    for (const tell of owed.splice(0)) tell();
    expect(connection.texts).toEqual(["welcome", '{"turnId":"a"}', '{"turnId":"b"}']);
    connections.broadcastEphemeral({ turnId: "b" });
    expect(connection.texts).toHaveLength(4);
    expect(connections.unsentBytes(connection)).toBe(0);
  });

  test("words are written out once for all who hear them, and not at all when nobody does", () => {
    const connections = new Connections({ clock: new ManualClock() });
    let written = 0;
    const frame = {
      turnId: "t",
      toJSON: () => {
        written += 1;
        return "words";
      },
    };
    connections.broadcastEphemeral(frame);
    expect(written).toBe(0);
    const all = [attached(connections, "a"), attached(connections, "b")];
    connections.broadcastEphemeral(frame);
    expect([written, ...all.map(({ texts }) => texts)]).toEqual([1, ['"words"'], ['"words"']]);
  });

  test("D06 one of two long polls that ends leaves the device live, watched, and for a second after the last", () => {
    const clock = new ManualClock();
    const connections = new Connections({ clock });
    const ends = [connections.beginPoll("a"), connections.beginPoll("a")];
    ends[0]!();
    ends[0]!();
    clock.advance(5_000);
    expect([connections.isLive("a"), connections.isWatched("a"), connections.isLive("b")]).toEqual([
      ...[true, true, false],
    ]);
    ends[1]!();
    clock.advance(999);
    expect([connections.isLive("a"), connections.isWatched("a")]).toEqual([true, true]);
    clock.advance(1);
    expect([connections.isLive("a"), connections.isWatched("a")]).toEqual([false, false]);
    const end = connections.beginPoll("a");
    clock.advance(5_000);
    expect(connections.isLive("a")).toBe(true);
    end();
    end();
    clock.advance(1_000);
    expect(connections.isLive("a")).toBe(false);
  });

  test("a device that is closed, and all that are, have no long poll either", () => {
    const connections = new Connections({ clock: new ManualClock() });
    connections.beginPoll("a");
    connections.beginPoll("b");
    const all = [attached(connections, "a"), attached(connections, "c")];
    connections.closeDevice("a", 4401, "Revoked.");
    expect([connections.isLive("a"), connections.isLive("b")]).toEqual([false, true]);
    connections.closeAll(1001, "Bye.");
    expect(["a", "b", "c"].map((id) => connections.isLive(id))).toEqual([false, false, false]);
    expect(all.map(({ closed }) => closed?.code)).toEqual([4401, 1001]);
    expect(connections.count).toBe(0);
  });
});
