import { describe, expect, test } from "@jest/globals";
import { Connections, maxUnsentBytes } from "../../../../server/delivery/sockets/connections.ts";
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

  test("a connection that is not caught up gets no live frame", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const connection = new MemoryConnection();
    connections.add(connection);
    connections.broadcastEvent(new MemoryLog().keep(aMessage()));
    connections.broadcastWords({ turnId: "turn-1" });
    expect(connection.texts).toEqual([]);
    expect(connections.isLive("device-1")).toBe(true);
  });

  test("D07 V8 more than 1 MB unsent closes the slow connection with 4408 and no other", () => {
    const connections = new Connections({ clock: new ManualClock() });
    const slow = attached(connections);
    const quick = attached(connections);
    slow.takes = false;
    const halfMegabyte = { type: "delta", turnId: "turn-1", text: "x".repeat(maxUnsentBytes / 2) };
    for (let sent = 0; sent < 4; sent += 1) connections.broadcastWords(halfMegabyte);
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
    connections.broadcastWords(large);
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
      connections.broadcastWords(frame);
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
});
