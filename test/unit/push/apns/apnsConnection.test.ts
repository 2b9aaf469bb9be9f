import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ApnsConnection } from "../../../../server/push/apns/apnsConnection.ts";
import { ProviderToken } from "../../../../server/push/apns/providerToken.ts";

/** A server that takes connections and never says a word: what waits for it waits in the queue. */
let mute: Server;
let sockets: Socket[];
let dataDir: string;
let onSocket: (() => void) | undefined;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "daylong-connection-"));
  sockets = [];
  mute = createServer((socket) => {
    socket.on("error", () => {}).resume();
    sockets.push(socket);
    onSocket?.();
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => mute.close(resolve));
  rmSync(dataDir, { recursive: true, force: true });
});

function connectTo(port: number, requestTimeoutMs: number): ApnsConnection {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const key = { pem, keyId: "KEY0000001", teamId: "TEAM000001" };
  const log = { info: () => {} };
  const token = new ProviderToken({
    clock: Date,
    keyPem: pem,
    keyId: key.keyId,
    teamId: key.teamId,
    dataDir,
    log,
  });
  return new ApnsConnection({
    host: "127.0.0.1",
    port,
    key,
    token,
    requestTimeoutMs,
    timing: { pingAfterMs: 60_000, pongWithinMs: 60_000 },
    log,
  });
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

test("V11 many pushes that wait for one connection dial once, and each has its own time-out", async () => {
  const connection = connectTo(portOf(mute), 150);
  const posts = Array.from({ length: 20 }, () => connection.post("aa", {}, "{}"));
  for (const exchange of await Promise.all(posts)) {
    expect(exchange).toMatchObject({ kind: "fault", fault: "timeout" });
  }
  expect(sockets.length).toBeLessThanOrEqual(2);
  await connection.destroy();
});

test("what waits is given back at once when nothing new is taken, and so is what comes later", async () => {
  const connection = connectTo(portOf(mute), 600_000);
  const dialled = new Promise<void>((resolve) => {
    onSocket = resolve;
  });
  // The first has the connection's only place, the others wait behind it.
  const first = connection.post("aa", {}, "{}");
  const waiting = [connection.post("bb", {}, "{}"), connection.post("cc", {}, "{}")];
  await dialled;
  connection.refuseNew();
  connection.refuseNew();
  for (const exchange of await Promise.all(waiting))
    expect(exchange).toEqual({ kind: "fault", fault: "stopping" });
  expect(await connection.post("dd", {}, "{}")).toEqual({ kind: "fault", fault: "stopping" });
  await connection.destroy();
  expect(await first).toMatchObject({ kind: "fault" });
  await connection.destroy();
});

test("V11 nobody there is told to all who wait, and the next push dials anew", async () => {
  const port = portOf(mute);
  await new Promise((resolve) => mute.close(resolve));
  const connection = connectTo(port, 600_000);
  for (let round = 0; round < 2; round += 1) {
    const posts = [connection.post("aa", {}, "{}"), connection.post("bb", {}, "{}")];
    for (const exchange of await Promise.all(posts)) {
      expect(exchange).toMatchObject({ kind: "fault", fault: "unreachable" });
    }
  }
  await connection.destroy();
  mute = createServer();
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
});

test("one that was destroyed before it dialled opens nothing", async () => {
  const connection = connectTo(portOf(mute), 600_000);
  const post = connection.post("aa", {}, "{}");
  await connection.destroy();
  expect(await post).toMatchObject({ kind: "fault", fault: "stopping" });
  expect(sockets).toEqual([]);
});
