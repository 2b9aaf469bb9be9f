import { describe, expect, test } from "@jest/globals";
import { DaylongClient } from "../../../../client/src/client.ts";
import { useClientRig } from "../rig.ts";

const rig = useClientRig();

describe("C04 the client's connection", () => {
  test("C04: a client says from where it wants events: where the server knows it to be, or the end of the log", async () => {
    const socket = await rig.online();
    expect([socket.url, socket.protocols]).toEqual(["ws://server.test/ws", ["daylong.v1"]]);
    expect(socket.sent).toEqual([{ type: "hello", token: "token", cursor: 10, epoch: "e1" }]);
    rig.client.stop();
    rig.answers.set("GET /api/events?limit=1", { epoch: "e1", cursor: 8, events: [{ cursor: 8 }] });
    rig.restart();
    expect((await rig.online()).sent[0]).toMatchObject({ cursor: 7 });
  });

  test("C04: a lost connection comes back after pauses that grow, cut by chance, and begin anew after a good one", async () => {
    await rig.online();
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      rig.socket().end(1006);
      const lostAt = rig.clock.now();
      const count = rig.sockets.length;
      while (rig.sockets.length === count) await rig.clock.run(50);
      pauses.push(Math.round((rig.clock.now() - lostAt) / 500) / 2);
    }
    expect(pauses).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30]);
    rig.socket().welcome();
    await rig.clock.run(6_000);
    rig.socket().end(1012, "restart");
    const count = rig.sockets.length;
    await rig.clock.run(500);
    expect(rig.sockets).toHaveLength(count + 1);
  });

  test("C04: nothing is given to a socket that is closing; it goes over the next one", async () => {
    const socket = await rig.online();
    socket.readyState = 2;
    const turn = rig.client.send({ message: "Hello", sessionId: "s" });
    turn.accepted.catch(() => {});
    turn.reply().catch(() => {});
    rig.client.setPresence(true, "s");
    await rig.clock.settle();
    expect(socket.sent.map(({ type }) => type)).toEqual(["hello"]);
    socket.end(1001);
    await rig.clock.run(500);
    rig.socket().welcome();
    await rig.clock.settle();
    expect(rig.socket().of("send")).toHaveLength(1);
    expect(rig.socket().of("presence")).toEqual([{ type: "presence", foreground: true, sessionId: "s" }]);
  });

  test("C04: a server that cannot be asked is tried again; a token that it refuses is not", async () => {
    rig.answers.set("GET /api/events?limit=1", new TypeError("fetch failed"));
    rig.client.start();
    await rig.clock.settle();
    expect(rig.client.state).toBe("offline");
    rig.answers.set("GET /api/events?limit=1", 401);
    await rig.clock.run(500);
    expect(rig.client.state).toBe("refused");
    await rig.clock.run(600_000);
    expect(rig.asked).toHaveLength(2);
  });

  test.each([4400, 4401, 4409])("C04: after close code %i it does not come back", async (code) => {
    await rig.online();
    rig.socket().end(code);
    await rig.clock.run(600_000);
    expect([rig.client.state, rig.sockets.length]).toEqual(["refused", 1]);
  });

  test("C04: a refusal is told to whoever waits for a reply, an event or a message's way, and to who comes later", async () => {
    const socket = await rig.online();
    const running = rig.client.send({ sessionId: "a", message: "One" });
    await rig.clock.settle();
    const { ref, clientMessageId } = socket.of("send").at(-1)!;
    socket.say({
      type: "accepted",
      ref,
      clientMessageId,
      sessionId: "a",
      turnId: "t",
      state: "running",
      queuePosition: 0,
      duplicate: false,
      expiresAt: 0,
    });
    await running.accepted;
    const unsent = rig.client.send({ sessionId: "a", message: "Two" });
    const next = rig.client.events().next();
    await unsent.stored;
    socket.end(4401, "The device was revoked.");
    await expect(running.reply()).rejects.toThrow("The device was revoked.");
    await expect(unsent.reply()).rejects.toMatchObject({ name: "ClientStopped" });
    expect(await next).toEqual({ done: true, value: undefined });
    await expect(rig.client.send({ sessionId: "a", message: "Three" }).reply()).rejects.toThrow("revoked");
    // A client with another token sends them.
    expect(rig.client.unsent.map(({ message }) => message.message)).toEqual(["Two", "Three"]);
    rig.restart();
    expect((await rig.online()).of("send").map(({ message }) => message)).toEqual(["Two"]);
  });

  test.each([
    [{ url: "127.0.0.1:3000", token: "t" }, "http://127.0.0.1:3000"],
    [{ url: undefined as unknown as string, token: "t" }, "http://127.0.0.1:3000"],
    [{ url: "http://127.0.0.1:3000", token: "" }, "token"],
  ])("C04: what no try could ever reach is told at once: %j", (options, word) => {
    expect(() => new DaylongClient(options)).toThrow(word);
  });

  test("C04 V9: a server that falls silent is asked, and given up when it does not answer", async () => {
    const socket = await rig.online();
    await rig.clock.run(20_000);
    expect(socket.of("ping")).toHaveLength(1);
    socket.say({ type: "pong" });
    await rig.clock.run(20_000);
    expect(socket.of("ping")).toHaveLength(2);
    await rig.clock.run(15_000);
    expect([rig.client.state, socket.closed?.code]).toEqual(["offline", 4000]);
    await rig.clock.run(500);
    // What the old socket still says is not heard.
    socket.end(1006);
    rig.socket().welcome();
    await rig.clock.settle();
    expect(rig.client.state).toBe("online");
  });

  test("C04: a server that never greets is given up", async () => {
    rig.client.start();
    await rig.clock.settle();
    await rig.clock.run(10_000);
    expect(rig.client.state).toBe("offline");
  });

  test("C04: when the network is back it is tried at once", async () => {
    await rig.online();
    for (let round = 0; round < 6; round += 1) {
      rig.socket().end(1006);
      await rig.clock.run(30_000);
    }
    rig.socket().end(1006);
    const count = rig.sockets.length;
    rig.client.hurry();
    await rig.clock.settle();
    expect(rig.sockets).toHaveLength(count + 1);
  });

  test("C04: what it does not understand is passed over, and presence is said again on every connection", async () => {
    rig.client.setPresence(true, "s");
    const socket = await rig.online();
    for (const text of ["", "{", "42", "null", '{"type":"novelty"}', '{"type":"result","ref":"x"}'])
      socket.raw(text);
    expect(rig.client.state).toBe("online");
    expect(socket.of("presence")).toEqual([{ type: "presence", foreground: true, sessionId: "s" }]);
    socket.end(1006);
    await rig.clock.run(500);
    rig.socket().welcome();
    await rig.clock.settle();
    expect(rig.socket().of("presence")).toHaveLength(1);
  });

  test("C04: a stopped client leaves nothing armed and can be started again", async () => {
    await rig.online();
    rig.client.stop();
    expect(rig.clock.armed).toBe(0);
    expect((await rig.online()).of("hello")).toHaveLength(1);
    expect(rig.states).toEqual(["connecting", "online", "stopped", "connecting", "online"]);
  });

  test("C04: a connection that slept is asked for a sign of life when the phone wakes, and given up soon without one", async () => {
    const socket = await rig.online();
    rig.client.hurry();
    expect(socket.of("ping")).toHaveLength(1);
    socket.say({ type: "pong" });
    await rig.clock.run(5_000);
    expect(rig.client.state).toBe("online");
    rig.client.hurry();
    await rig.clock.run(3_000);
    expect(rig.client.state).not.toBe("online");
    await rig.clock.run(1_000);
    expect(rig.sockets).toHaveLength(2);
  });
});
