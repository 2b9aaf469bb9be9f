import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { AttemptWindow } from "../../../server/access/attemptWindow.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { maxDeviceSockets } from "../../../server/socket/gateway.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open();
  rig.pair("phone");
});
afterEach(() => rig.close());

const reopen = async (...options: Parameters<typeof Rig.open>) => {
  await rig.close();
  rig = await Rig.open(...options);
  rig.pair("phone");
};

/** An upgraded connection that answers nothing, not even a close. */
const knockWithoutEars = (): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const headers = {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    };
    const upgrade = request({ port: rig.port, path: "/ws", headers });
    upgrade.on("upgrade", (_response, socket) => {
      socket.on("error", () => {});
      resolve(socket.resume());
    });
    upgrade.on("error", reject);
    upgrade.end();
  });

describe("C02 the way in", () => {
  test("a hello with a token is welcomed, with its ref", async () => {
    const client = await rig.connect({ token: "phone", hello: { ref: "h" } });
    expect(client.frames[0]).toEqual({
      type: "welcome",
      ref: "h",
      deviceId: "device-phone",
      epoch: rig.store.events.epoch,
      cursor: 0,
      recovered: true,
    });
    expect(client.socket.protocol).toBe("daylong.v1");
    expect(client.socket.extensions).toBe("permessage-deflate");
  });

  test("a token in the Authorization header of the upgrade does as well", async () => {
    const client = await rig.connect({ token: "phone", tokenInHeader: true });
    expect(client.frames[0]).toMatchObject({ type: "welcome", deviceId: "device-phone" });
  });

  test.each([
    ["a wrong token in the hello", { token: "wrong" }, 4401],
    ["a wrong token in the header", { token: "wrong", tokenInHeader: true, silent: true }, 4401],
    ["no token at all", {}, 4401],
    ["another protocol only", { token: "phone", protocols: ["daylong.v9", "chat"] }, 4409],
  ])("%s closes with its code", async (_name, options, code) => {
    expect(await rig.knock(options).waitForClose()).toMatchObject({ code });
    expect(rig.connections.count).toBe(0);
  });

  test("a client that offers our protocol among others gets it, and one that offers none is let in", async () => {
    const many = await rig.connect({ token: "phone", protocols: ["daylong.v2", "daylong.v1"] });
    expect(many.socket.protocol).toBe("daylong.v1");
    const none = await rig.connect({ token: "phone", protocols: [] });
    expect(none.frames[0]?.type).toBe("welcome");
  });

  test.each([
    ["text that is no JSON", "hello"],
    ["JSON that is no object", "[]"],
    ["an unknown type", '{"type":"shout"}'],
    ["another frame before hello", '{"type":"ping"}'],
    ["a hello that is not valid", '{"type":"hello","cursor":-1}'],
  ])("%s closes 4400", async (_name, text) => {
    const client = await rig.connect({ silent: true });
    client.socket.send(text);
    expect(await client.waitForClose()).toMatchObject({ code: 4400 });
  });

  test("a binary frame closes 4400, before hello and after it", async () => {
    const early = await rig.connect({ silent: true });
    early.socket.send(Buffer.from('{"type":"hello","token":"phone"}'));
    expect(await early.waitForClose()).toMatchObject({ code: 4400 });
    const late = await rig.connect({ token: "phone" });
    late.socket.send(Buffer.from('{"type":"ping"}'));
    expect(await late.waitForClose()).toMatchObject({ code: 4400 });
  });

  test("no hello within 5 s closes 4400", async () => {
    const clock = new ManualClock();
    await reopen({ clock });
    const client = await rig.connect({ silent: true });
    clock.advance(4_999);
    expect(client.closed).toBeUndefined();
    clock.advance(1);
    expect(await client.waitForClose()).toMatchObject({ code: 4400 });
  });

  test("an upgrade elsewhere or with a foreign origin is refused by HTTP", async () => {
    const wrongPath = rig.knock({ url: `ws://127.0.0.1:${rig.port}/wss`, token: "phone" });
    await wrongPath.waitForClose();
    const foreign = rig.knock({ token: "phone", headers: { origin: "http://evil.example" } });
    await foreign.waitForClose();
    expect([wrongPath, foreign].map((client) => client.refusedStatus)).toEqual([404, 403]);
  });

  test("silent sockets lock nobody out: one too many sends the oldest of them away", async () => {
    await reopen({ maxUngreeted: 2 });
    const silent = [await rig.connect({ silent: true }), await rig.connect({ silent: true })];
    expect((await rig.connect({ token: "phone" })).frames[0]?.type).toBe("welcome");
    expect(await silent[0]!.waitForClose()).toEqual({ code: 4400, reason: "No hello; others wait." });
    // The phone has said hello and is no stranger any more: there is room for one.
    silent.push(await rig.connect({ silent: true }));
    silent[1]!.send({ type: "hello", token: "phone" });
    expect(await silent[1]!.waitForType("welcome")).toMatchObject({ deviceId: "device-phone" });
    expect(silent[2]!.closed).toBeUndefined();
  });

  test("those who came with a valid token in the header take no stranger's place, and lose theirs to none", async () => {
    await reopen({ maxUngreeted: 1 });
    const known = await rig.connect({ token: "phone", tokenInHeader: true, silent: true });
    const stranger = await rig.connect({ silent: true });
    const alsoKnown = await rig.connect({ token: "phone", tokenInHeader: true, silent: true });
    await rig.connect({ token: "phone" });
    expect(await stranger.waitForClose()).toMatchObject({ code: 4400 });
    for (const client of [known, alsoKnown]) {
      client.send({ type: "hello" });
      await client.waitForType("welcome");
    }
  });

  test("the refused who do not go are ended when they fill the room themselves", async () => {
    const clock = new ManualClock();
    await reopen({ clock, maxUngreeted: 1 });
    const deaf = await knockWithoutEars();
    // Shorter than the 30 s after which ws itself gives up.
    const isOver = once(deaf, "close", { signal: AbortSignal.timeout(20_000) });
    // The second takes the first one's place, the third the second's: two farewells are one too many.
    await rig.connect({ silent: true });
    await rig.connect({ silent: true });
    await isOver;
  });

  test("wrong tokens are counted by address, and a blocked address is refused with 429", async () => {
    const tokenFailures = new AttemptWindow({ clock: systemClock, windowMs: 60_000, limit: 2 });
    await reopen({ tokenFailures });
    await rig.knock({ token: "wrong" }).waitForClose();
    await rig.knock({ token: "wrong", tokenInHeader: true, silent: true }).waitForClose();
    const blocked = rig.knock({ token: "wrong", tokenInHeader: true });
    await blocked.waitForClose();
    expect(blocked.refusedStatus).toBe(429);
    expect(tokenFailures.isFull("127.0.0.1")).toBe(true);
  });

  test("a blocked address does not hold up a device that shows its token in the hello", async () => {
    const tokenFailures = new AttemptWindow({ clock: systemClock, windowMs: 60_000, limit: 1 });
    await reopen({ tokenFailures });
    await rig.knock({ token: "wrong" }).waitForClose();
    const phone = await rig.connect({ token: "phone" });
    await phone.waitForType("welcome");
    expect(await rig.knock({ token: "wrong" }).waitForClose()).toMatchObject({ code: 4401 });
  });

  test("a header of the scheme Bearer without a token in it is a wrong token, refused at once", async () => {
    const tokenFailures = new AttemptWindow({ clock: systemClock, windowMs: 60_000, limit: 1 });
    await reopen({ tokenFailures });
    const quoted = rig.knock({ token: '"phone"', tokenInHeader: true, silent: true });
    expect(await quoted.waitForClose()).toMatchObject({ code: 4401 });
    expect(tokenFailures.isFull("127.0.0.1")).toBe(true);
  });

  test("a blocked address does not hold up a device that shows its token with the upgrade", async () => {
    const tokenFailures = new AttemptWindow({ clock: systemClock, windowMs: 60_000, limit: 1 });
    await reopen({ tokenFailures });
    await rig.knock({ token: "wrong" }).waitForClose();
    const stranger = rig.knock({ token: "wrong", tokenInHeader: true });
    await stranger.waitForClose();
    expect(stranger.refusedStatus).toBe(429);
    const phone = await rig.connect({ token: "phone", tokenInHeader: true });
    expect(rig.connections.isLive("device-phone")).toBe(true);
    expect(phone.closed).toBeUndefined();
  });

  test("a database that cannot be read is no wrong token, and a fault in the upgrade is a 500", async () => {
    rig.gatekeeper.authenticate = () => {
      throw new DaylongError("storage_failed", "The database is locked.");
    };
    expect(await rig.knock({ token: "phone" }).waitForClose()).toMatchObject({ code: 1011 });
    const withHeader = rig.knock({ token: "phone", tokenInHeader: true, silent: true });
    expect(await withHeader.waitForClose()).toMatchObject({ code: 1011 });
    await reopen({
      allowUpgrade: () => {
        throw new TypeError("A bug.");
      },
    });
    const client = rig.knock({ token: "phone" });
    await client.waitForClose();
    expect(client.refusedStatus).toBe(500);
  });

  test("a stranger may not fill memory: the hello is bounded long before 16 MB", async () => {
    const client = await rig.connect({ silent: true });
    // Of random digits, so that it is long on the wire too.
    const pad = randomBytes(500_000).toString("hex");
    client.socket.send(JSON.stringify({ type: "hello", token: "phone", pad }));
    expect((await client.waitForClose()).code).toBe(1009);
    expect(rig.connections.count).toBe(0);
  });

  test("a malformed upgrade does not harm the server", async () => {
    const status = await new Promise((resolve, reject) => {
      const upgrade = request({
        port: rig.port,
        path: "/ws",
        headers: { connection: "upgrade", upgrade: "websocket", "sec-websocket-version": "13" },
      });
      upgrade.on("response", (response) => resolve(response.statusCode));
      upgrade.on("error", reject);
      upgrade.end();
    });
    expect(status).toBe(400);
    await rig.connect({ token: "phone" });
  });

  test("what a hello says about pushes is registered, and a fault in it is told after the welcome", async () => {
    const registered: unknown[] = [];
    await reopen({
      registerPush: (caller, push) => {
        if (push === null) throw new DaylongError("push_not_registered", "There is none.");
        registered.push([caller.deviceId, push.token]);
      },
    });
    const push = { provider: "apns", token: "AB".repeat(32), environment: "sandbox" };
    await rig.connect({ token: "phone", hello: { device: { push } } });
    expect(registered).toEqual([["device-phone", "ab".repeat(32)]]);
    const client = await rig.connect({ token: "phone", hello: { ref: "h", device: { push: null } } });
    const told = await client.waitForType("error");
    expect(told).toMatchObject({ ref: "h", code: "push_not_registered" });
    expect(client.closed).toBeUndefined();
  });
});

describe("DOOR-13: a hello of a lesser token", () => {
  test("DOOR-13: registers no push target and removes none, is told so, and stays connected", async () => {
    const registered: unknown[] = [];
    await reopen({ registerPush: (_caller, push) => void registered.push(push) });
    rig.pair("watcher", "read");
    const push = { provider: "apns", token: "ab".repeat(32), environment: "sandbox" };
    for (const wanted of [push, null]) {
      const hello = { ref: "h", device: { push: wanted } };
      const client = await rig.connect({ token: "watcher", hello });
      expect(await client.waitForType("error")).toMatchObject({ ref: "h", code: "scope_forbidden" });
      client.send({ type: "ping", ref: "p" });
      expect(await client.waitForRef("p")).toMatchObject({ type: "pong" });
    }
    expect(registered).toEqual([]);
  });
});

describe("frames", () => {
  test("D04 send is accepted once, and its repeat gives the same turn", async () => {
    const client = await rig.connect({ token: "phone" });
    const frame = { type: "send", clientMessageId: "m1", projectPath: `${rig.project}/`, message: "Hi" };
    client.send({ ...frame, ref: "1" });
    const first = await client.waitForRef("1");
    expect(first).toMatchObject({
      type: "accepted",
      clientMessageId: "m1",
      state: "running",
      duplicate: false,
    });
    client.send({ ...frame, ref: "2" });
    const second = await client.waitForRef("2");
    expect(second).toMatchObject({ type: "accepted", turnId: first.turnId, duplicate: true });
    expect(rig.pool.calls[0]).toMatchObject({
      name: "submit",
      by: { deviceId: "device-phone", scope: "chat" },
      request: { projectPath: rig.project, message: "Hi" },
    });
    client.send({ ...frame, message: "Something else", ref: "3" });
    expect(await client.waitForRef("3")).toMatchObject({ type: "error", code: "idempotency_conflict" });
  });

  test("V1 the commit precedes the answer: what is accepted is in the database when the frame comes", async () => {
    const client = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    client.send({ type: "send", ref: "1", clientMessageId: "m1", sessionId, message: "Hi" });
    const { turnId } = await client.waitForRef("1");
    expect(rig.store.turns.get(turnId!)).toMatchObject({ message: "Hi", deviceId: "device-phone" });
  });

  test("answers keep the order of the frames where nothing has to be waited for", async () => {
    const client = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    for (let index = 0; index < 50; index += 1) {
      const ref = String(index);
      if (index % 3 === 0) client.send({ type: "ping", ref });
      else if (index % 3 === 1)
        client.send({ type: "send", ref, clientMessageId: ref, sessionId, message: "Hi" });
      else client.send({ type: "ack", ref, cursor: 1 });
    }
    await client.waitForRef("49");
    const refs = client.frames.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
    expect(refs).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  });

  test("permission, interrupt and keepalive are answered by a result with their ref", async () => {
    const client = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    client.send({ type: "send", ref: "1", clientMessageId: "m1", sessionId, message: "Hi" });
    const { turnId } = await client.waitForRef("1");
    const open = (await rig.host.prompted(turnId!)).ask();
    const permissionId = rig.store.permissions.open()[0]!.permissionId;
    client.send({ type: "permission", ref: "2", permissionId, decision: "allow", scope: "once" });
    expect(await client.waitForRef("2")).toEqual({
      type: "result",
      ref: "2",
      permissionId,
      state: "resolved",
      decision: "allow",
      scope: "once",
    });
    expect(rig.pool.calls.at(-1)).toMatchObject({ request: { decision: "allow", scope: "once" } });
    expect(await open.answer).toMatchObject({ decision: "allow" });
    client.send({ type: "interrupt", ref: "3", sessionId });
    expect(await client.waitForRef("3")).toMatchObject({ type: "result", interrupted: true, turnId });
    client.send({ type: "interrupt", ref: "4", sessionId });
    expect(await client.waitForRef("4")).toMatchObject({ type: "error", code: "nothing_running" });
    client.send({ type: "keepalive", ref: "5", sessionId });
    const { expiresAt } = rig.store.sessions.get(sessionId)!.lease;
    expect(await client.waitForRef("5")).toMatchObject({ type: "result", extended: true });
    client.send({ type: "keepalive", ref: "6", sessionId, action: "recap" });
    const recapped = await client.waitForRef("6");
    expect(recapped).toMatchObject({ type: "result", extended: true, recap: { text: "A recap." } });
    expect(recapped.expiresAt).toBeGreaterThanOrEqual(expiresAt);
  });

  test("D03 an ack settles and says the cursor in force; one after the tip is refused", async () => {
    const client = await rig.connect({ token: "phone" });
    const tip = rig.say(await rig.session(), 3);
    client.send({ type: "ack", ref: "1", cursor: tip });
    client.send({ type: "ack", ref: "2", cursor: 1 });
    client.send({ type: "ack", ref: "3", cursor: tip + 1 });
    expect(await client.waitForRef("3")).toMatchObject({ type: "error", code: "invalid_request" });
    expect(await client.waitForRef("2")).toMatchObject({ type: "result", cursor: tip });
    expect(rig.store.devices.get("device-phone")?.ackedCursor).toBe(tip);
  });

  test("a known type with bad fields is answered, and the connection stays", async () => {
    const client = await rig.connect({ token: "phone" });
    client.send({ type: "send", ref: "1", message: "Hi" });
    const told = await client.waitForRef("1");
    expect(told).toMatchObject({ type: "error", code: "bad_frame" });
    expect(told.detail).toContain("clientMessageId");
    client.send({ type: "hello", ref: "2", token: "phone" });
    expect(await client.waitForRef("2")).toMatchObject({ type: "error", code: "bad_frame" });
    client.send({ type: "ping", ref: "3" });
    expect(await client.waitForRef("3")).toMatchObject({ type: "pong" });
  });

  test.each([
    ["not JSON", "}{"],
    ["an unknown type", '{"type":"shout","ref":"1"}'],
  ])("%s after hello closes 4400", async (_name, text) => {
    const client = await rig.connect({ token: "phone" });
    client.socket.send(text);
    expect(await client.waitForClose()).toMatchObject({ code: 4400 });
  });

  test("what is too large or not what it says is refused by name, and files come with messages", async () => {
    const client = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    const send = { type: "send", clientMessageId: "m", sessionId };
    client.send({ ...send, ref: "1", message: "ä".repeat(128 * 1024 + 1) });
    expect(await client.waitForRef("1")).toMatchObject({ type: "error", code: "message_too_large" });
    client.send({ ...send, ref: "2", message: "x".repeat(256 * 1024) });
    expect(await client.waitForRef("2")).toMatchObject({ type: "accepted" });
    const file = { name: "a.png", mimeType: "image/png", data: "AAAA" };
    client.send({ ...send, ref: "3", clientMessageId: "m3", message: "Look", attachments: [file] });
    expect(await client.waitForRef("3")).toMatchObject({ type: "error", code: "unsupported_media_type" });
    const look = {
      ...send,
      clientMessageId: "S33",
      message: "Look",
      attachments: [{ ...file, mimeType: "text/plain" }],
    };
    client.send({ ...look, ref: "5" });
    const kept = await client.waitForRef("5");
    expect(rig.store.turns.get(String(kept.turnId))?.attachmentIds).toHaveLength(1);
    client.send({ ...look, ref: "6" });
    expect(await client.waitForRef("6")).toMatchObject({ duplicate: true, turnId: kept.turnId });
    client.send({ type: "send", clientMessageId: "n", ref: "4", message: "Hi", projectPath: "/etc" });
    expect(await client.waitForRef("4")).toMatchObject({ type: "error", code: "project_forbidden" });
  });

  test("half a character in a message is mended, and in an id it is a fault", async () => {
    const client = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    client.send({ type: "send", ref: "1", clientMessageId: "m", sessionId, message: "Hi \ud83d" });
    expect(await client.waitForRef("1")).toMatchObject({ type: "accepted" });
    expect(rig.pool.calls.at(-1)).toMatchObject({ request: { message: "Hi \ufffd" } });
    client.send({ type: "send", ref: "2", clientMessageId: "m\ud83d", sessionId, message: "Hi" });
    expect(await client.waitForRef("2")).toMatchObject({ type: "error", code: "bad_frame" });
  });

  test("A04 a device has so many frames a minute over all its sockets, and those of its state are not counted", async () => {
    const clock = new ManualClock();
    await reopen({ clock, requestsPerMinute: 3 });
    rig.pair("tablet");
    const sockets = [await rig.connect({ token: "phone" }), await rig.connect({ token: "phone" })];
    const [one, two] = [sockets[0]!, sockets[1]!];
    const sessionId = await rig.session();
    one.send({ type: "keepalive", ref: "1", sessionId });
    two.send({ type: "keepalive", ref: "2", sessionId });
    one.send({ type: "keepalive", ref: "3" });
    expect(await one.waitForRef("1")).toMatchObject({ type: "result" });
    expect(await two.waitForRef("2")).toMatchObject({ type: "result" });
    expect(await one.waitForRef("3")).toMatchObject({ code: "bad_frame" });
    for (let index = 0; index < 5; index += 1) {
      one.send({ type: "ping" });
      one.send({ type: "ack", cursor: 0 });
      one.send({ type: "presence", foreground: true });
    }
    clock.advance(10_000);
    two.send({ type: "send", ref: "4", clientMessageId: "m", sessionId, message: "Hi" });
    const told = await two.waitForRef("4");
    expect(told).toMatchObject({ type: "error", code: "rate_limited", retryAfterMs: 50_000 });
    expect(rig.pool.calls.filter(({ name }) => name === "submit")).toEqual([]);
    const other = await rig.connect({ token: "tablet" });
    other.send({ type: "keepalive", ref: "5", sessionId });
    expect(await other.waitForRef("5")).toMatchObject({ type: "result" });
    one.send({ type: "ping", ref: "6" });
    expect(await one.waitForRef("6")).toMatchObject({ type: "pong" });
    clock.jump(50_000);
    two.send({ type: "send", ref: "7", clientMessageId: "m", sessionId, message: "Hi" });
    expect(await two.waitForRef("7")).toMatchObject({ type: "accepted" });
    expect(one.closed).toBeUndefined();
  });

  test("DOOR-22 A11: a device has 16 sockets; one more closes its oldest with 1013, and no other device's", async () => {
    rig.pair("tablet");
    const other = await rig.connect({ token: "tablet" });
    const own = [];
    for (let count = 0; count < maxDeviceSockets + 2; count += 1)
      own.push(await rig.connect({ token: "phone" }));
    for (const client of own.slice(0, 2)) expect(await client.waitForClose()).toMatchObject({ code: 1013 });
    for (const client of [other, ...own.slice(2)]) {
      client.send({ type: "ping", ref: "p" });
      expect(await client.waitForRef("p")).toMatchObject({ type: "pong" });
    }
  });

  test("DOOR-24: a frame of 300,000 fields is not parsed, and ends the socket", async () => {
    const client = await rig.connect({ token: "phone" });
    const fields = Array.from({ length: 300_000 }, (_, index) => `"k${index}":0`).join(",");
    client.socket.send(`{"type":"ping",${fields}}`);
    expect(await client.waitForClose()).toMatchObject({
      code: 4400,
      reason: "The frame has more than 50000 fields and elements, or nests them more than 200 deep.",
    });
  });

  test("DOOR-24: a frame that is nested a hundred thousand times is not parsed, and ends the socket", async () => {
    const client = await rig.connect({ token: "phone" });
    client.socket.send(`{"type":"ping","a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    expect(await client.waitForClose()).toMatchObject({
      code: 4400,
      reason: "The frame has more than 50000 fields and elements, or nests them more than 200 deep.",
    });
  });

  test("a frame over 16 MB closes 1009", async () => {
    const client = await rig.connect({ token: "phone" });
    client.socket.send(JSON.stringify({ type: "ping", pad: "x".repeat(16 * 1024 * 1024) }));
    expect(await client.waitForClose()).toMatchObject({ code: 1009 });
  });

  test("a device that may only read may look, ack and say where it is, and nothing else", async () => {
    rig.pair("viewer", "read");
    const client = await rig.connect({ token: "viewer" });
    const sessionId = await rig.session();
    client.send({ type: "send", ref: "1", clientMessageId: "m", sessionId, message: "Hi" });
    client.send({ type: "permission", ref: "2", permissionId: "p", decision: "allow" });
    client.send({ type: "interrupt", ref: "3", sessionId });
    client.send({ type: "keepalive", ref: "4", sessionId });
    client.send({ type: "presence", ref: "5", foreground: false });
    client.send({ type: "ack", ref: "6", cursor: 0 });
    await client.waitForRef("6");
    const told = client.frames.filter(({ ref }) => ref !== undefined);
    expect(told.map(({ code, type }) => code ?? type)).toEqual([
      ...Array(4).fill("scope_forbidden"),
      "result",
      "result",
    ]);
    expect(rig.pool.calls.filter(({ name }) => name !== "createSession")).toEqual([]);
    expect(rig.connections.isWatched("device-viewer")).toBe(false);
  });

  test("a bug behind a frame is an internal_error for its sender, logged, and nobody else notices", async () => {
    const client = await rig.connect({ token: "phone" });
    const other = await rig.connect({ token: "phone" });
    const sessionId = await rig.session();
    rig.pool.submit = () => {
      throw new TypeError("secret detail");
    };
    rig.pool.recap = () => Promise.reject(new TypeError("secret detail"));
    client.send({ type: "send", ref: "1", clientMessageId: "m", sessionId, message: "Hi" });
    client.send({ type: "keepalive", ref: "2", sessionId, action: "recap" });
    for (const ref of ["1", "2"]) {
      const told = await client.waitForRef(ref);
      expect(told).toMatchObject({ type: "error", code: "internal_error" });
      expect(told.detail).not.toContain("secret");
    }
    expect(rig.said.filter(({ name }) => name === "socket.frame_failed")).toHaveLength(2);
    other.send({ type: "ping", ref: "3" });
    expect(await other.waitForRef("3")).toMatchObject({ type: "pong" });
  });
});

describe("A02 access", () => {
  test("a revoked device's sockets close 4401 at once, and no frame of theirs counts any more", async () => {
    rig.pair("tablet");
    const sockets = [await rig.connect({ token: "phone" }), await rig.connect({ token: "phone" })];
    const other = await rig.connect({ token: "tablet" });
    const sessionId = await rig.session();
    // The path is being looked at when the revocation comes.
    sockets[0]!.send({ type: "send", clientMessageId: "a", projectPath: rig.project, message: "Hi" });
    rig.gatekeeper.resolveProject = (path) => {
      rig.gatekeeper.revoke("device-phone");
      return Promise.resolve(path);
    };
    expect(await sockets[0]!.waitForClose()).toMatchObject({ code: 4401 });
    expect(await sockets[1]!.waitForClose()).toMatchObject({ code: 4401 });
    expect(rig.pool.calls.filter(({ name }) => name === "submit")).toEqual([]);
    other.send({ type: "interrupt", ref: "1", sessionId });
    expect(await other.waitForRef("1")).toMatchObject({ code: "nothing_running" });
  });

  test("a token that was revoked between upgrade and hello is refused", async () => {
    const client = await rig.connect({ token: "phone", tokenInHeader: true, silent: true });
    rig.gatekeeper.revoke("device-phone");
    client.send({ type: "hello" });
    expect(await client.waitForClose()).toMatchObject({ code: 4401 });
  });
});

test("O12 a stop closes every socket with 1012 and refuses new ones", async () => {
  const sockets = [
    await rig.connect({ token: "phone" }),
    await rig.connect({ token: "phone" }),
    await rig.connect({ silent: true }),
  ];
  expect(rig.gateway.stop()).toBe(rig.gateway.stop());
  await rig.gateway.stop();
  for (const socket of sockets) expect(await socket.waitForClose()).toMatchObject({ code: 1012 });
  expect(rig.connections.count).toBe(0);
});

test("O12 a phone that comes back during the stop is refused, and its connection does not keep the server open", async () => {
  const http = createServer();
  rig.gateway.attach(http);
  // As the limits of connections do: an upgrade with any listener is no request that Node answers or closes by itself.
  http.on("upgrade", () => {});
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  await rig.gateway.stop();
  const { port } = http.address() as AddressInfo;
  const late = request({ port, path: "/ws", headers: { connection: "Upgrade", upgrade: "websocket" } }).end();
  const [response] = await once(late, "response");
  expect(response.statusCode).toBe(503);
  response.resume();
  await new Promise<void>((resolve) => http.close(() => resolve()));
});

test("O12 a stop does not wait for ever for a client that takes no leave", async () => {
  const client = await rig.connect({ token: "phone" });
  client.socket.pause();
  await rig.gateway.stop(50);
  client.socket.resume();
  await client.waitForClose();
});
