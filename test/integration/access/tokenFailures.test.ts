import type { Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Connections } from "../../../server/delivery/sockets/connections.ts";
import { Replay } from "../../../server/delivery/sockets/replay.ts";
import { Gateway } from "../../../server/socket/gateway.ts";
import { SocketClient } from "../../support/server/socketClient.ts";
import { expectProblem, useRig } from "../http/rig.ts";

let gateway: Gateway;
// Before the rig's own, which finds every timer that is left.
afterEach(() => gateway.stop());
const rig = useRig();
/** The address that both doors see for connections made from now on. */
let remoteAddress: string;

beforeEach(() => {
  const { pool, store, clock, log, feed, access } = rig;
  const connections = new Connections({ clock });
  gateway = new Gateway({
    pool,
    attachments: rig.parts.attachments,
    gatekeeper: access,
    tokenFailures: rig.parts.tokenFailures,
    deviceRequests: rig.parts.deviceRequests,
    connections,
    replay: new Replay({ events: store.events, devices: store.devices, connections, feed, clock, log }),
    outboxSender: { acknowledge: (_deviceId, cursor) => cursor, noteAck: () => {}, noteView: () => {} },
    devices: store.devices,
    clock,
    log,
    allowUpgrade: () => undefined,
  });
  gateway.attach(rig.server);
  remoteAddress = "192.0.2.1";
  rig.server.prependListener("connection", (socket: Socket) => {
    Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  });
});

const ask = () =>
  rig.raw({
    path: "/api/sessions",
    headers: { host: `127.0.0.1:${rig.port}`, authorization: "Bearer wrong" },
  });

/** The HTTP status that the upgrade is refused with, or the code that the socket is closed with. */
async function knock(): Promise<number | undefined> {
  const client = new SocketClient({
    url: `ws://127.0.0.1:${rig.port}/ws`,
    token: "wrong",
    tokenInHeader: true,
  });
  const { code } = await client.waitForClose();
  return client.refusedStatus ?? code;
}

test("A04: failures over HTTP from one IPv6 /64 close the socket's door to the whole /64, and to no other", async () => {
  for (let sent = 0; sent < 60; sent += 1) {
    remoteAddress = `2001:db8:1:2::${(sent + 1).toString(16)}`;
    expect((await ask()).status).toBe(401);
  }
  remoteAddress = "2001:db8:1:2:ffff::1";
  expect(await knock()).toBe(429);
  remoteAddress = "2001:db8:1:3::1";
  expect(await knock()).toBe(4401);
});

test("A04: failures on the socket count over HTTP, whichever form an IPv4 address comes in", async () => {
  remoteAddress = "::ffff:192.0.2.7";
  for (let sent = 0; sent < 30; sent += 1) expect(await knock()).toBe(4401);
  remoteAddress = "192.0.2.7";
  for (let sent = 0; sent < 30; sent += 1) expect((await ask()).status).toBe(401);
  expect((await ask()).status).toBe(429);
  expect(await knock()).toBe(429);
  rig.clock.advance(60_000);
  expect(await knock()).toBe(4401);
  expectProblem(await rig.ask("GET", "/api/sessions", { token: null }), 401, "unauthenticated");
});

test("DOOR-12: failures from an address that is everybody's, a tunnel's, hold up no valid token, over HTTP or on the socket", async () => {
  remoteAddress = "127.0.0.1";
  for (let sent = 0; sent < 30; sent += 1) expect(await knock()).toBe(4401);
  for (let sent = 0; sent < 30; sent += 1) expect((await ask()).status).toBe(401);
  expect([(await ask()).status, await knock()]).toEqual([429, 429]);
  const { token } = rig.device();
  const url = `ws://127.0.0.1:${rig.port}/ws`;
  for (const tokenInHeader of [true, false]) {
    const client = new SocketClient({ url, token, tokenInHeader });
    expect(await client.waitForType("welcome")).toMatchObject({ type: "welcome" });
    await client.close();
  }
  expect((await rig.ask("GET", "/api/sessions", { token })).status).toBe(200);
});

test("DOOR-12: a device's requests and its frames are counted in one window, which an ack is no part of", async () => {
  const { token } = rig.device();
  const client = new SocketClient({ url: `ws://127.0.0.1:${rig.port}/ws`, token });
  await client.waitForType("welcome");
  for (let sent = 0; sent < 150; sent += 1)
    client.send({ type: "interrupt", ref: `i${sent}`, sessionId: "x" });
  await client.waitForRef("i149");
  client.send({ type: "ack", ref: "ack", cursor: 0 });
  await client.waitForRef("ack");
  for (let sent = 0; sent < 150; sent += 1)
    expect((await rig.ask("GET", "/api/devices/me", { token })).status).toBe(200);
  expectProblem(await rig.ask("GET", "/api/devices/me", { token }), 429, "rate_limited");
  client.send({ type: "interrupt", ref: "over", sessionId: "x" });
  expect(await client.waitForRef("over")).toMatchObject({ code: "rate_limited" });
  expect((await rig.ask("GET", "/api/devices/me")).status).toBe(200);
  await client.close();
});

test("REQUESTS_PER_MINUTE: a change takes effect at once", async () => {
  const { token } = rig.device();
  expect((await rig.ask("PATCH", "/api/settings", { body: { requestsPerMinute: 2 } })).status).toBe(200);
  const statuses = [];
  for (let sent = 0; sent < 3; sent += 1)
    statuses.push((await rig.ask("GET", "/api/devices/me", { token })).status);
  expect(statuses).toEqual([200, 200, 429]);
});
