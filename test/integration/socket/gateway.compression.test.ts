import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import type { DeltaFeed } from "../../../server/delivery/sockets/liveFeed.ts";
import { compressionIdleMs, compressionOf } from "../../../server/socket/compression.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { prose } from "../../support/prose.ts";
import type { SocketClient } from "../../support/server/socketClient.ts";
import { Rig } from "./rig.ts";

const replyChars = 5_000;

let rig: Rig;
let clock: ManualClock;
let sessionId: string;
/** The server's ends of the connections. */
let connections: Socket[];
beforeEach(async () => {
  clock = new ManualClock(Date.now());
  connections = [];
  rig = await Rig.open({ clock, noteUpgrade: (socket) => connections.push(socket) });
  rig.pair("phone");
  sessionId = await rig.session();
});
afterEach(() => rig.close());

/** Says a reply as turns do: word by word as far as deltas go, then as a message and at the turn's end. Its last cursor. */
function reply(feed: DeltaFeed, text: string, turnId: string): number {
  for (let at = 0; at < text.length; at += 500) feed.delta(sessionId, turnId, text.slice(at, at + 500));
  feed.flush(sessionId);
  const data = { messageId: `message-${turnId}`, text };
  return rig.store.transaction(() => {
    rig.store.events.append({ sessionId, type: "message", turnId, data });
    return rig.store.events.append({ sessionId, type: "message", turnId, data: { ...data, messageId: "2" } })
      .cursor;
  });
}

/** The bytes that came over the client's connection by now. */
const bytesRead = (client: SocketClient): number =>
  (Reflect.get(client.socket, "_socket") as Socket).bytesRead;
/** The server's WebSocket on a connection, where ws keeps it. */
const webSocketOn = (connection: Socket): WebSocket => {
  const key = Object.getOwnPropertySymbols(connection).find(({ description }) => description === "websocket");
  return Reflect.get(connection, key!) as WebSocket;
};
const heard = (client: SocketClient): string =>
  client.frames.flatMap(({ type, text }) => (type === "delta" ? [text] : [])).join("");

describe("compression of the socket", () => {
  test("a reply in prose, its deltas and both of its events, is less than 1.5 times its own bytes on the wire", async () => {
    const client = await rig.connect({ token: "phone" });
    expect(client.socket.extensions).toBe("permessage-deflate");
    const text = prose(replyChars);
    const before = bytesRead(client);
    await client.waitForCursor(reply(rig.feed, text, "t"));
    expect(heard(client)).toBe(text);
    expect(client.events.map(({ data }) => (data as { text?: string }).text)).toEqual([text, text]);
    expect((bytesRead(client) - before) / Buffer.byteLength(text)).toBeLessThan(1.5);
  });

  test("a socket that was idle holds no context on either side of the server's, and goes on with whole texts", async () => {
    const client = await rig.connect({ token: "phone" });
    const compression = compressionOf(webSocketOn(connections[0]!))!;
    const held = () => ["_deflate", "_inflate"].map((name) => Reflect.get(compression, name) !== null);
    const first = prose(replyChars);
    await client.waitForCursor(reply(rig.feed, first, "one"));
    client.send({ type: "ping", ref: "p", pad: "x".repeat(2_000) });
    await client.waitForRef("p");
    expect(held()).toEqual([true, true]);
    clock.advance(2 * compressionIdleMs);
    expect(held()).toEqual([false, false]);
    const second = prose(replyChars, replyChars);
    await client.waitForCursor(reply(rig.feed, second, "two"));
    expect(heard(client)).toBe(first + second);
    client.send({ type: "ping", ref: "q", pad: "y".repeat(2_000) });
    await client.waitForRef("q");
  });

  test("a paired connection keeps nothing of its handshake, and no timer when it is closed", async () => {
    const client = await rig.connect({ token: "phone" });
    const [tcp, webSocket] = [connections[0]!, webSocketOn(connections[0]!)];
    // ws's own and the device's.
    expect(webSocket.listenerCount("close")).toBe(2);
    expect([webSocket.listenerCount("message"), tcp.listenerCount("data")]).toEqual([1, 1]);
    await client.waitForCursor(reply(rig.feed, prose(replyChars), "t"));
    const closed = once(webSocket, "close");
    client.socket.close();
    await closed;
    let released = 0;
    compressionOf(webSocket)!.cleanup = () => {
      released += 1;
    };
    clock.advance(2 * compressionIdleMs);
    expect(released).toBe(0);
  });

  test.each([
    ["none", undefined],
    ["Apple's, whose connections break at the second message", "permessage-deflate"],
  ])("with an offer that cannot be taken (%s) frames are sent as they are", async (_what, offer) => {
    const headers = offer === undefined ? undefined : { "sec-websocket-extensions": offer };
    const socket = new WebSocket(rig.url, ["daylong.v1"], { perMessageDeflate: false, headers });
    const frames: string[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("open", () => socket.send(JSON.stringify({ type: "hello", token: "phone" })));
      socket.on("message", (data) => {
        frames.push(String(data));
        resolve();
      });
    });
    expect([socket.extensions, JSON.parse(frames[0]!).type]).toEqual(["", "welcome"]);
    socket.terminate();
  });

  test("a stranger's small hello that unpacks to a large one is refused", async () => {
    const client = await rig.connect({ silent: true });
    client.socket.send(JSON.stringify({ type: "hello", token: "phone", pad: "x".repeat(1_000_000) }));
    expect((await client.waitForClose()).code).toBe(1009);
    expect(connections[0]!.bytesRead).toBeLessThan(16_000);
  });
});
