import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ask, findRunningServer } from "../../../server/commands/runningServer.ts";
import { type FolderLock, lockFolder } from "../../../server/platform/filesystem/folderLock.ts";

let folder: string;
let dataDir: string;
let stranger: Server;
let url: string;
let heard: string[];
let connections: number;
let lock: FolderLock | undefined;
beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-commands-")));
  dataDir = join(folder, "data");
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, "admin-token"), "the-admin-token\n");
  [heard, connections] = [[], 0];
  stranger = createServer((request, response) => {
    heard.push(String(request.headers.authorization));
    response.end("{}");
  }).on("connection", () => {
    connections += 1;
  });
  stranger.listen(0, "127.0.0.1");
  await once(stranger, "listening");
  url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
afterEach(async () => {
  lock?.release();
  lock = undefined;
  stranger.closeAllConnections();
  stranger.close();
  await once(stranger, "close");
  rmSync(folder, { recursive: true, force: true });
});

const say = (more: object = {}) =>
  writeFileSync(
    join(dataDir, "server.json"),
    JSON.stringify({ url, pid: process.pid, version: "1", ...more }),
  );

describe("DOOR-17: what a command believes of server.json", () => {
  test("DOOR-17: nothing when no server holds the data folder, though the pid lives and the port answers", () => {
    say();
    expect(() => findRunningServer(dataDir)).toThrow(/No running server was found/);
    expect(connections).toBe(0);
  });

  test("DOOR-17: the address of the server that holds it, at which it is reached on this computer", async () => {
    lock = lockFolder(dataDir);
    say({ url: "http://studio.example:1", localUrl: url });
    const server = findRunningServer(dataDir);
    expect(await ask(server, "GET", "/x")).toEqual({});
    expect(heard).toEqual(["Bearer the-admin-token"]);
  });

  test("DOOR-17: no token is sent when the server ended before the connection was open, or another one came", async () => {
    lock = lockFolder(dataDir);
    say();
    const server = findRunningServer(dataDir);
    say({ pid: process.pid + 1 });
    await expect(ask(server, "GET", "/x")).rejects.toThrow(/has ended/);
    say();
    lock.release();
    await expect(ask(server, "GET", "/x")).rejects.toThrow(/has ended/);
    expect(connections).toBe(2);
    expect(heard).toEqual([]);
  });
});
