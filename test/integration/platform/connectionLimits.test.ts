import { once } from "node:events";
import { request as httpRequest, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Log } from "../../../server/domain/ports.ts";
import { ConnectionLimits, maxDeviceConnections } from "../../../server/platform/connectionLimits.ts";
import { closeServer, createServer } from "../../../server/platform/listener.ts";

let server: ReturnType<typeof createServer>;
let limits: ConnectionLimits;
let clients: Socket[];
let answer: RequestListener;
/** The address that connections made from now on come from. */
let address: string;
let warned: unknown[];
/** The server's ends of the connections. */
let sockets: Set<Socket>;

const log: Log = {
  debug: () => {},
  info: () => {},
  warn: (event, fields) => warned.push([event, fields?.limit]),
  error: () => {},
};

beforeEach(async () => {
  clients = [];
  warned = [];
  sockets = new Set();
  address = "192.0.2.1";
  answer = (request, response) => {
    const deviceId = request.headers.authorization;
    if (deviceId !== undefined) limits.noteDevice(request.socket, deviceId);
    response.end("Hello");
  };
  server = createServer(undefined, (request, response) => answer(request, response));
  server.on("connection", (socket: Socket) => sockets.add(socket));
  limits = new ConnectionLimits(server, {
    log,
    addressOf: () => address,
    isShared: (one) => one === "127.0.0.1",
    most: 32,
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  server.closeAllConnections();
  await closeServer(server);
});

/** Connects, and resolves when the server has taken the connection. */
async function idle(): Promise<Socket> {
  const taken = once(server, "connection");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {});
  clients.push(client);
  await Promise.all([once(client, "connect"), taken]);
  return client;
}

/** Connects, and shows the device's token on the connection, which stays. */
async function device(deviceId: string): Promise<Socket> {
  const client = await idle();
  client.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${deviceId}\r\n\r\n`);
  await once(client, "data");
  return client;
}

const closed = (client: Socket) => (client.closed ? undefined : once(client, "close"));
const isOpen = (client: Socket) => !client.closed && !client.destroyed;

describe("DOOR-1: connections that show no token", () => {
  test("hold half of all at most: one more closes the oldest, and a device still gets in", async () => {
    address = "127.0.0.1";
    const phone = await device("phone");
    const strangers: Socket[] = [];
    for (let count = 0; count < 40; count += 1) strangers.push(await idle());
    await Promise.all(strangers.slice(0, 24).map(closed));
    expect(strangers.map(isOpen)).toEqual([...Array(24).fill(false), ...Array(16).fill(true)]);
    expect(isOpen(phone)).toBe(true);
    const tablet = await device("tablet");
    expect(isOpen(tablet)).toBe(true);
    // In powers of two, so that a flood does not fill the log.
    expect(warned).toEqual(Array(5).fill(["connections.closed", "strangers"]));
  });

  test("hold a part of that from one address, and the loopback, which may be a tunnel, no less than all", async () => {
    const flood: Socket[] = [];
    for (let count = 0; count < 10; count += 1) flood.push(await idle());
    await Promise.all(flood.slice(0, 6).map(closed));
    expect(flood.filter(isOpen)).toHaveLength(4);
    address = "198.51.100.7";
    const other = await idle();
    expect(flood.filter(isOpen)).toHaveLength(4);
    address = "127.0.0.1";
    const tunnelled: Socket[] = [];
    for (let count = 0; count < 11; count += 1) tunnelled.push(await idle());
    expect([other, ...tunnelled].every(isOpen)).toBe(true);
    expect(flood.filter(isOpen)).toHaveLength(4);
  });

  test("give way when they are idle, before those that are being answered", async () => {
    address = "127.0.0.1";
    let release = () => {};
    answer = (_request, response) => {
      release = () => response.end("At last");
    };
    const asking = await idle();
    const received = once(server, "request");
    asking.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await received;
    const strangers: Socket[] = [];
    for (let count = 0; count < 20; count += 1) strangers.push(await idle());
    await Promise.all(strangers.slice(0, 5).map(closed));
    expect(isOpen(asking)).toBe(true);
    const answered = once(asking, "data");
    release();
    expect(String((await answered)[0])).toContain("At last");
  });

  test("with requests that never end hold half of that: a new one is not closed before its request is there", async () => {
    address = "127.0.0.1";
    answer = (request, response) => {
      if (request.method === "GET") response.end("Hello");
    };
    const hung: Socket[] = [];
    for (let count = 0; count < 20; count += 1) {
      const client = await idle();
      const received = once(server, "request");
      client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
      await received;
      hung.push(client);
    }
    const honest = await idle();
    const flood: Socket[] = [];
    for (let count = 0; count < 6; count += 1) flood.push(await idle());
    expect(isOpen(honest)).toBe(true);
    const answered = once(honest, "data");
    honest.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(String((await answered)[0])).toContain("Hello");
    await Promise.all(hung.slice(0, 11).map(closed));
    expect(hung.filter(isOpen).length).toBeLessThanOrEqual(9);
  });

  test.each<[string, string]>([
    ["have begun a request, and never end its head", "GET / HTTP/1.1\r\nHost: x\r\nX-A: "],
    ["speak no HTTP", "\u0016\u0003\u0001"],
    ["were refused, and stay open", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    [
      "ask for an upgrade to nothing known",
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
  ])("are strangers when they %s", async (_how, said) => {
    address = "127.0.0.1";
    answer = (_request, response) => response.writeHead(401).end();
    const phone = await idle();
    const [socket] = [...sockets];
    limits.noteDevice(socket!, "phone");
    const strangers: Socket[] = [];
    for (let count = 0; count < 24; count += 1) {
      const stranger = await idle();
      stranger.resume().write(said);
      strangers.push(stranger);
    }
    await Promise.all(strangers.slice(0, 8).map(closed));
    expect(limits.count).toBeLessThanOrEqual(17);
    expect(isOpen(phone)).toBe(true);
  });

  test("never see more than the limit, however many come in one go", async () => {
    address = "127.0.0.1";
    const { port } = server.address() as AddressInfo;
    const burst = Array.from({ length: 200 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    clients.push(...burst);
    let most = 0;
    server.on("connection", () => {
      most = Math.max(most, limits.count);
    });
    const settled = burst.map((client) => Promise.race([once(client, "close"), once(client, "connect")]));
    await Promise.all(settled);
    const asked = httpRequest({ port, host: "127.0.0.1", headers: { authorization: "phone" }, agent: false });
    asked.end();
    const [response] = (await once(asked, "response")) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(most).toBeLessThanOrEqual(17);
  });
});

test("DOOR-18 A11: a device holds a share of the connections, whose oldest idle one makes room for the next", async () => {
  limits.setMost(200);
  const phone = await device("phone");
  const greedy: Socket[] = [];
  for (let count = 0; count < maxDeviceConnections + 3; count += 1) greedy.push(await device("tablet"));
  await Promise.all(greedy.slice(0, 3).map(closed));
  expect(greedy.filter(isOpen)).toHaveLength(maxDeviceConnections);
  expect(isOpen(phone)).toBe(true);
});

test("DOOR-1: a connection that never sends the head of a request is closed in seconds", async () => {
  expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 0]);
  expect(Reflect.get(server, "connectionsCheckingInterval")).toBe(2_000);
});
